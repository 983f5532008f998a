import type { SqlValue } from '@espalier/persistence';
import { storedColumns, storedValue } from '../inventory/inventory.values.js';
import type { Discovery } from './discovery.js';
import type { IdentityRecord, ResourceState } from './identity.js';
import { resourceProperties } from './resource.properties.js';

/** ConfigMgr's ResourceType. */
export const RESOURCE_TYPE = { device: 5, user: 4 } as const;

/** A row of `resource` without the folded columns, which are derived when it is written. */
export interface ResourceRow extends Omit<Discovery, 'name'> {
  readonly resource_id: number;
  readonly kind: 'device' | 'user';
  readonly resource_type: number;
  readonly name: string;
  readonly smsid: string | null;
  readonly site_code: string;
  readonly state: ResourceState;
  readonly is_client: number;
  readonly client_type: number | null;
  readonly is_active: number;
  readonly is_obsolete: number;
  readonly is_decommissioned: number;
  readonly last_user_name: string | null;
  readonly last_user_at: number | null;
  readonly full_name: string | null;
  readonly mail: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly version: number;
  readonly facts_at: number;
  readonly enrolled_at: number | null;
  readonly decommissioned_at: number | null;
}

type New = Pick<ResourceRow, 'resource_id' | 'kind' | 'name' | 'site_code' | 'created_at'> &
  Partial<ResourceRow>;

/** A row with nothing known but what is given. */
export function newResource(given: New): ResourceRow {
  return {
    resource_type: RESOURCE_TYPE[given.kind],
    netbios_name: null,
    serial_number: null,
    hardware_uuid: null,
    udid: null,
    platform: null,
    model: null,
    model_name: null,
    os_name: null,
    os_version: null,
    os_major_version: null,
    os_build: null,
    smsid: null,
    state: 'active',
    is_client: 0,
    client_type: null,
    is_active: 1,
    is_obsolete: 0,
    is_decommissioned: 0,
    last_user_name: null,
    last_user_at: null,
    full_name: null,
    mail: null,
    updated_at: given.created_at,
    version: 1,
    facts_at: 0,
    enrolled_at: null,
    decommissioned_at: null,
    ...given,
  };
}

/** Columns of `resource` in the order of {@link newResource}. */
export const RESOURCE_COLUMNS = Object.keys(
  newResource({ resource_id: 0, kind: 'device', name: '', site_code: '', created_at: 0 }),
) as readonly (keyof ResourceRow)[];

/** The row with its folded columns, texts cut to what their columns hold. */
export function storedRow(row: ResourceRow): Record<string, SqlValue> {
  const stored: Record<string, SqlValue> = { ...row };
  for (const property of resourceProperties)
    Object.assign(
      stored,
      storedColumns(property, storedValue(property, row[property.column as keyof ResourceRow])),
    );
  return stored;
}

/** The state with the flags that say the same. */
export const stateColumns = (
  state: ResourceState,
): Pick<ResourceRow, 'state' | 'is_active' | 'is_obsolete' | 'is_decommissioned'> => ({
  state,
  is_active: Number(state === 'active'),
  is_obsolete: Number(state === 'obsolete'),
  is_decommissioned: Number(state === 'decommissioned'),
});

/** What the rules of identity look at. */
export const identityOf = (row: ResourceRow): IdentityRecord => ({
  resourceId: row.resource_id,
  state: row.state,
  smsid: row.smsid,
  hardwareUuid: row.hardware_uuid,
  udid: row.udid,
  serialNumber: row.serial_number,
  enrolledAt: row.enrolled_at,
  decommissionedAt: row.decommissioned_at,
});
