import type { ClassModel, PropertyModel } from '@espalier/conditions';
import type { Affinity, Device } from '@espalier/contracts';
import type { AffinityRow } from '../users/affinity.store.js';
import { systemProperties, type ResourceProperty } from './resource.properties.js';
import type { ResourceRow } from './resource.row.js';

/** Properties as the JSON API spells them. */
const model = ({ apiName, type, column, foldedColumn }: ResourceProperty): PropertyModel => ({
  name: apiName,
  type,
  column,
  ...(foldedColumn !== undefined && { foldedColumn }),
});

/** What devices can be filtered and ordered by. */
export const deviceListModel: ClassModel = {
  name: 'device',
  table: 'r_system',
  keyColumn: 'resource_id',
  single: true,
  properties: [...systemProperties.map(model), { name: 'lastSeenAt', type: 'time', column: 'last_seen_at' }],
};

/** What decides where nothing else does: in the direction of the order that was asked for, so that one index gives both. */
export function tieBreakers(orderBy: string | undefined): readonly string[] {
  if (orderBy === undefined) return ['name', 'resourceId'];
  return [/\sdesc\s*$/i.test(orderBy) ? 'resourceId desc' : 'resourceId'];
}

/** A row of the list. */
export interface DeviceRow extends ResourceRow {
  readonly last_seen_at: number | null;
}

/** Users can be filtered and ordered by what their class has, spelt as the API does. */
export const listModelOf = (
  name: string,
  table: string,
  properties: readonly ResourceProperty[],
): ClassModel => ({
  name,
  table,
  keyColumn: 'resource_id',
  single: true,
  properties: properties.map(model),
});

export const toDevice = (row: DeviceRow): Device => ({
  resourceId: row.resource_id,
  name: row.name,
  netbiosName: row.netbios_name,
  serialNumber: row.serial_number,
  hardwareUuid: row.hardware_uuid,
  udid: row.udid,
  platform: row.platform,
  model: row.model,
  modelName: row.model_name,
  operatingSystem: row.os_name,
  osVersion: row.os_version,
  osMajorVersion: row.os_major_version,
  osBuild: row.os_build,
  smsid: row.smsid,
  siteCode: row.site_code,
  state: row.state,
  isManaged: row.is_client === 1,
  lastUserName: row.last_user_name,
  lastUserAt: row.last_user_at,
  lastSeenAt: row.last_seen_at,
  createdAt: row.created_at,
});

export const toAffinity = (row: AffinityRow): Affinity => ({
  resourceId: row.resource_id,
  deviceName: row.device_name,
  userResourceId: row.user_resource_id,
  userName: row.user_name,
  fullName: row.full_name,
  sources: [
    ...(row.by_enrollment === 1 ? (['mdm-enrollment'] as const) : []),
    ...(row.by_admin === 1 ? (['admin'] as const) : []),
  ],
  isPrimary: row.is_primary === 1,
  createdAt: row.created_at,
});
