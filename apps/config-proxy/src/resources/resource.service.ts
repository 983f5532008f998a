import { resourceChanged, resourceErrors, type Device, type DeviceDetail } from '@espalier/contracts';
import type { Database, Page, Tx } from '@espalier/persistence';
import { listPage } from '@espalier/query';
import { restricting, unrestricted, type Restriction } from '../access/restrict.js';
import { EVERY_CLASS } from '../collections/change-log.store.js';
import { checkIfMatch } from '../http/etag.js';
import type { InventoryStore } from '../inventory/inventory.store.js';
import { EXTENSION_DATA } from '../inventory/query-model.js';
import type { AffinityStore } from '../users/affinity.store.js';
import { deviceListModel, tieBreakers, toAffinity, toDevice, type DeviceRow } from './device.view.js';
import { foldedName, type ExtensionDataStore } from './extension-data.store.js';
import type { EnrollmentStore } from './enrollment.store.js';
import { ResourceBatch, type ResourceSurroundings } from './resource.batch.js';
import { RESOURCE_COLUMNS, stateColumns, type ResourceRow } from './resource.row.js';

export interface ResourceServiceOptions extends ResourceSurroundings {
  readonly db: Database;
  readonly enrollments: EnrollmentStore;
  readonly inventory: InventoryStore;
  readonly extensionData: ExtensionDataStore;
  readonly affinity: AffinityStore;
  /** Called when a device is deleted: other rooms forget it too. */
  readonly forgetDevice: (tx: Tx, resourceId: number) => Promise<void>;
}

/** How a caller asks for a page of a list. */
export interface ListQuery {
  readonly filter?: string | undefined;
  readonly orderBy?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** What a device's sources of discovery are called. */
const AGENTS = {
  enrollment: 'ESPALIER_MDM_ENROLLMENT',
  device: 'ESPALIER_MDM_DEVICE_INFORMATION',
  security: 'ESPALIER_MDM_SECURITY_INFO',
  profiles: 'ESPALIER_MDM_PROFILE_LIST',
  applications: 'ESPALIER_MDM_INSTALLED_APPLICATION_LIST',
} as const;

/** More than anybody keeps by hand; a list of them is read whole. */
const MAX_EXTENSION_PROPERTIES = 200;

const SHOWN = [...new Set(deviceListModel.properties.map(({ column }) => column))];
/** Also what only filters and orders ask about. */
const LISTED = [
  ...new Set([...SHOWN, ...deviceListModel.properties.flatMap(({ foldedColumn }) => foldedColumn ?? [])]),
].map((column) => ({ column, sql: `${column === 'last_seen_at' ? 's' : 'd'}."${column}"` }));

/** What people see of devices and change by hand. */
export class ResourceService {
  constructor(private readonly options: ResourceServiceOptions) {}

  /** @throws EspalierError ESP_SITE_FILTER_INVALID, ESP_BAD_REQUEST for a cursor that is not one */
  async list(
    query: ListQuery,
    within: Restriction = unrestricted,
  ): Promise<{ items: Device[]; nextCursor?: string }> {
    const { rows, next }: Page<DeviceRow> = await listPage<DeviceRow>(this.options.db, {
      model: deviceListModel,
      sql: (
        uses,
      ) => `SELECT ${LISTED.flatMap(({ column, sql }) => (uses(column) ? [sql] : [])).join(', ')} FROM {resource} AS d
            INNER JOIN {resource_seen} AS s ON s.resource_id = d.resource_id WHERE d.kind = 'device'${restricting('AND', within)}`,
      params: within.params,
      columns: SHOWN,
      defaultOrder: tieBreakers(query.orderBy),
      ...query,
    });
    return { items: rows.map(toDevice), ...(next !== undefined && { nextCursor: next }) };
  }

  /** @throws EspalierError ESP_RESOURCE_UNKNOWN */
  async get(id: number): Promise<DeviceDetail> {
    const { db, enrollments, inventory, affinity, siteCode } = this.options;
    const [row] = await db.query<DeviceRow>(
      `SELECT ${RESOURCE_COLUMNS.map((name) => `d."${name}"`).join(', ')}, s.last_seen_at FROM {resource} AS d
       LEFT JOIN {resource_seen} AS s ON s.resource_id = d.resource_id
       WHERE d.resource_id = :id AND d.kind = 'device'`,
      { id },
    );
    if (row === undefined) throw unknown(id);
    const [enrolled, reports, users] = await Promise.all([
      enrollments.ofResources(db, [id]),
      inventory.reportsOf(db, id),
      affinity.list(db, 'resource_id', id),
    ]);
    const enrolledAt = Math.max(0, ...enrolled.map(({ state_at }) => state_at));
    return {
      ...toDevice(row),
      enrollments: enrolled.map((item) => ({
        enrollmentId: item.enrollment_id,
        kind: item.kind,
        state: item.state,
        isActive: item.is_active === 1,
        userResourceId: item.user_resource_id,
        enrolledAt: item.enrolled_at,
        removedAt: item.removed_at,
      })),
      discoverySources: [
        ...(enrolledAt > 0
          ? [{ agentName: AGENTS.enrollment, agentSite: siteCode, agentTime: enrolledAt }]
          : []),
        ...reports.map(({ source, reported_at }) => ({
          agentName: AGENTS[source],
          agentSite: siteCode,
          agentTime: reported_at,
        })),
      ],
      users: users.map(toAffinity),
      enrolledAt: row.enrolled_at,
      decommissionedAt: row.decommissioned_at,
      updatedAt: row.updated_at,
      version: row.version,
    };
  }

  /**
   * The device is out of use: it leaves all collections. Enrolling makes it active again. Repeating it is harmless.
   * @throws EspalierError ESP_RESOURCE_UNKNOWN, ESP_RESOURCE_STATE, ESP_SITE_CHANGED_MEANWHILE
   */
  async decommission(id: number, ifMatch: string | undefined): Promise<DeviceDetail> {
    await this.options.db.transaction(async (tx) => {
      const batch = new ResourceBatch(tx, this.options);
      await batch.load([id]);
      const device = batch.get(id);
      if (device?.row.kind !== 'device') throw unknown(id);
      checkIfMatch(ifMatch, device.row.version);
      if (device.row.state === 'decommissioned') return;
      if (device.row.state === 'obsolete')
        throw resourceErrors.ESP_RESOURCE_STATE({ detail: 'It is obsolete.' });
      batch.change(device, {
        ...stateColumns('decommissioned'),
        decommissioned_at: Math.max(this.options.now().getTime(), device.row.enrolled_at ?? 0),
      });
      await batch.flush();
    });
    return this.get(id);
  }

  /**
   * Deletes the record with its inventory and history.
   * @throws EspalierError ESP_RESOURCE_UNKNOWN, ESP_RESOURCE_ENROLLED, ESP_SITE_CHANGED_MEANWHILE
   */
  async remove(id: number, ifMatch: string | undefined): Promise<void> {
    const { db, store, enrollments, inventory, forgetDevice, changes, events, now } = this.options;
    await db.transaction(async (tx) => {
      const row = await this.#take(tx, id, ifMatch);
      const active = (await enrollments.ofResources(tx, [id])).filter(({ is_active }) => is_active === 1);
      if (active.length > 0)
        throw resourceErrors.ESP_RESOURCE_ENROLLED({
          detail: `Enrolment ${active[0]?.enrollment_id ?? ''} is active.`,
        });
      await store.remove(tx, row.resource_id);
      await inventory.removeResource(tx, row.resource_id);
      await forgetDevice(tx, row.resource_id);
      await changes.record(tx, [{ resourceId: id, classes: [EVERY_CLASS] }]);
      await events.publishAll(tx, resourceChanged, [
        { resourceId: id, what: 'removed', at: now().getTime() },
      ]);
    });
  }

  /** @throws EspalierError ESP_RESOURCE_UNKNOWN */
  async extensionData(id: number): Promise<{ data: Record<string, string>; version: number }> {
    const { db, store, extensionData } = this.options;
    const row = await store.find(db, id, 'device');
    if (row === undefined) throw unknown(id);
    return { data: toRecord(await extensionData.list(db, id)), version: row.version };
  }

  /**
   * Sets the properties that are named; others stay.
   * @throws EspalierError ESP_RESOURCE_UNKNOWN, ESP_RESOURCE_PROPERTIES_FULL, ESP_SITE_CHANGED_MEANWHILE
   */
  async setExtensionData(
    id: number,
    data: Readonly<Record<string, string>>,
    options: { readonly by: string; readonly ifMatch: string | undefined },
  ): Promise<{ data: Record<string, string>; version: number }> {
    await this.options.db.transaction(async (tx) => {
      const { store, extensionData, changes, now } = this.options;
      const row = await this.#take(tx, id, options.ifMatch);
      const known = await extensionData.list(tx, id);
      const before = new Map(known.map((item) => [foldedName(item.property_name), item]));
      const news = new Map(
        Object.entries(data).filter(
          ([name, value]) => before.get(foldedName(name))?.property_value !== value,
        ),
      );
      if (news.size === 0) return;
      const names = new Set([...before.keys(), ...[...news.keys()].map(foldedName)]);
      if (names.size > MAX_EXTENSION_PROPERTIES)
        throw resourceErrors.ESP_RESOURCE_PROPERTIES_FULL({ detail: `At most ${MAX_EXTENSION_PROPERTIES}.` });
      const at = now().getTime();
      await extensionData.set(tx, id, news, at, options.by);
      await store.write(tx, [{ ...row, version: row.version + 1, updated_at: at }]);
      await changes.record(tx, [{ resourceId: id, classes: [EXTENSION_DATA] }]);
    });
    return this.extensionData(id);
  }

  /**
   * All that are named or none; without names every one of them.
   * @throws EspalierError ESP_RESOURCE_UNKNOWN, ESP_RESOURCE_PROPERTY_UNKNOWN, ESP_SITE_CHANGED_MEANWHILE
   */
  async removeExtensionData(
    id: number,
    names: readonly string[] | undefined,
    ifMatch: string | undefined,
  ): Promise<void> {
    await this.options.db.transaction(async (tx) => {
      const { store, extensionData, changes, now } = this.options;
      const row = await this.#take(tx, id, ifMatch);
      let removed = 0;
      for (const name of names ?? [undefined]) {
        const found = await extensionData.remove(tx, id, name);
        if (found === 0 && name !== undefined)
          throw resourceErrors.ESP_RESOURCE_PROPERTY_UNKNOWN({ detail: name });
        removed += found;
      }
      if (removed === 0) return;
      await store.write(tx, [{ ...row, version: row.version + 1, updated_at: now().getTime() }]);
      await changes.record(tx, [{ resourceId: id, classes: [EXTENSION_DATA] }]);
    });
  }

  async #take(tx: Tx, id: number, ifMatch: string | undefined): Promise<ResourceRow> {
    const row = await this.options.store.take(tx, id, 'device');
    if (row === undefined) throw unknown(id);
    checkIfMatch(ifMatch, row.version);
    return row;
  }
}

const toRecord = (
  items: readonly { readonly property_name: string; readonly property_value: string }[],
): Record<string, string> =>
  Object.fromEntries(items.map(({ property_name, property_value }) => [property_name, property_value]));

const unknown = (id: number): Error => resourceErrors.ESP_RESOURCE_UNKNOWN({ detail: `ResourceId ${id}.` });
