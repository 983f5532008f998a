import { resourceChanged, resourceErrors, type Affinity, type User } from '@espalier/contracts';
import type { Database, Tx } from '@espalier/persistence';
import { listPage } from '@espalier/query';
import { EVERY_CLASS } from '../collections/change-log.store.js';
import { checkIfMatch } from '../http/etag.js';
import { USER_MACHINE_RELATIONSHIP } from '../inventory/query-model.js';
import { listModelOf, tieBreakers, toAffinity } from '../resources/device.view.js';
import { ResourceBatch, type ResourceSurroundings } from '../resources/resource.batch.js';
import { userProperties } from '../resources/resource.properties.js';
import type { ResourceRow } from '../resources/resource.row.js';
import type { ListQuery } from '../resources/resource.service.js';
import type { AffinityStore } from './affinity.store.js';

export interface UserServiceOptions extends ResourceSurroundings {
  readonly db: Database;
  readonly affinity: AffinityStore;
}

export interface VersionedUser {
  readonly user: User;
  readonly version: number;
}

const listModel = listModelOf('user', 'r_user', userProperties);

/** Users, and who uses which device. */
export class UserService {
  constructor(private readonly options: UserServiceOptions) {}

  /** @throws EspalierError ESP_SITE_FILTER_INVALID, ESP_BAD_REQUEST for a cursor that is not one */
  async list(query: ListQuery): Promise<{ items: User[]; nextCursor?: string }> {
    const { rows, next } = await listPage<ResourceRow>(this.options.db, {
      model: listModel,
      sql: "SELECT * FROM {resource} WHERE kind = 'user'",
      defaultOrder: tieBreakers(query.orderBy),
      ...query,
    });
    return { items: rows.map(toUser), ...(next !== undefined && { nextCursor: next }) };
  }

  /** @throws EspalierError ESP_RESOURCE_UNKNOWN */
  async get(id: number): Promise<VersionedUser> {
    const row = await this.options.store.find(this.options.db, id, 'user');
    if (row === undefined) throw unknown(id);
    return { user: toUser(row), version: row.version };
  }

  /**
   * In the caller's transaction.
   * @throws EspalierError ESP_RESOURCE_USER_EXISTS
   */
  async create(
    tx: Tx,
    given: { readonly userName: string; readonly fullName: string | null; readonly mail: string | null },
  ): Promise<VersionedUser> {
    const [known] = await this.options.store.usersByName(tx, [given.userName]);
    if (known !== undefined)
      throw resourceErrors.ESP_RESOURCE_USER_EXISTS({ detail: `It is ResourceId ${known.resource_id}.` });
    const batch = new ResourceBatch(tx, this.options);
    const user = batch.addUser(given.userName, { full_name: given.fullName, mail: given.mail });
    await batch.flush();
    return { user: toUser(user.row), version: user.row.version };
  }

  /** @throws EspalierError ESP_RESOURCE_UNKNOWN, ESP_SITE_CHANGED_MEANWHILE */
  async update(
    id: number,
    given: { readonly fullName: string | null; readonly mail: string | null },
    ifMatch: string | undefined,
  ): Promise<VersionedUser> {
    await this.options.db.transaction(async (tx) => {
      const batch = new ResourceBatch(tx, this.options);
      await batch.load([id]);
      const user = batch.get(id);
      if (user?.row.kind !== 'user') throw unknown(id);
      checkIfMatch(ifMatch, user.row.version);
      batch.change(user, { full_name: given.fullName, mail: given.mail });
      await batch.flush();
    });
    return this.get(id);
  }

  /** @throws EspalierError ESP_RESOURCE_UNKNOWN, ESP_RESOURCE_USER_ENROLLED, ESP_SITE_CHANGED_MEANWHILE */
  async remove(id: number, ifMatch: string | undefined): Promise<void> {
    const { db, store, affinity, changes, events, now } = this.options;
    await db.transaction(async (tx) => {
      const row = await store.take(tx, id, 'user');
      if (row === undefined) throw unknown(id);
      checkIfMatch(ifMatch, row.version);
      const [enrolled] = await tx.query<{ enrollment_id: string }>(
        `SELECT enrollment_id FROM {resource_enrollment} WHERE user_resource_id = :id AND is_active = 1`,
        { id },
      );
      if (enrolled !== undefined)
        throw resourceErrors.ESP_RESOURCE_USER_ENROLLED({ detail: `Enrolment ${enrolled.enrollment_id}.` });
      await tx.execute(
        'UPDATE {resource_enrollment} SET user_resource_id = NULL WHERE user_resource_id = :id',
        {
          id,
        },
      );
      const devices = await affinity.removeUser(tx, id);
      await store.remove(tx, id);
      await changes.record(tx, [
        ...devices.map((resourceId) => ({ resourceId, classes: [USER_MACHINE_RELATIONSHIP] })),
        { resourceId: id, classes: [EVERY_CLASS] },
      ]);
      await events.publishAll(tx, resourceChanged, [
        { resourceId: id, what: 'removed', at: now().getTime() },
      ]);
    });
  }

  /** @throws EspalierError ESP_RESOURCE_UNKNOWN */
  async affinities(of: 'device' | 'user', id: number): Promise<Affinity[]> {
    const { db, store, affinity } = this.options;
    if ((await store.find(db, id, of)) === undefined) throw unknown(id);
    const rows = await affinity.list(db, of === 'device' ? 'resource_id' : 'user_resource_id', id);
    return rows.map(toAffinity);
  }

  /**
   * An admin says that somebody uses a device. Repeating it is harmless.
   * @throws EspalierError ESP_RESOURCE_UNKNOWN
   */
  async tie(resourceId: number, userId: number, isPrimary: boolean, by: string): Promise<Affinity> {
    const { db, affinity, now } = this.options;
    await db.transaction(async (tx) => {
      await this.#takeBoth(tx, resourceId, userId);
      await affinity.setByAdmin(
        tx,
        {
          resource_id: resourceId,
          user_resource_id: userId,
          is_primary: Number(isPrimary),
          created_at: now().getTime(),
        },
        by,
      );
      await this.#changed(tx, resourceId, userId);
    });
    const all = await this.affinities('device', resourceId);
    const tied = all.find(({ userResourceId }) => userResourceId === userId);
    if (tied === undefined) throw unknown(userId);
    return tied;
  }

  /** @throws EspalierError ESP_RESOURCE_UNKNOWN, ESP_RESOURCE_AFFINITY_UNKNOWN */
  async untie(resourceId: number, userId: number): Promise<void> {
    const { db, affinity } = this.options;
    await db.transaction(async (tx) => {
      await this.#takeBoth(tx, resourceId, userId);
      if (!(await affinity.remove(tx, resourceId, userId)))
        throw resourceErrors.ESP_RESOURCE_AFFINITY_UNKNOWN({
          detail: `User ${userId}, device ${resourceId}.`,
        });
      await this.#changed(tx, resourceId, userId);
    });
  }

  /** Devices before users: in the order of ids, as everywhere. */
  async #takeBoth(tx: Tx, resourceId: number, userId: number): Promise<void> {
    const { store } = this.options;
    if ((await store.take(tx, resourceId, 'device')) === undefined) throw unknown(resourceId);
    if ((await store.take(tx, userId, 'user')) === undefined) throw unknown(userId);
  }

  #changed(tx: Tx, ...ids: number[]): Promise<void> {
    return this.options.changes.record(
      tx,
      ids.map((resourceId) => ({ resourceId, classes: [USER_MACHINE_RELATIONSHIP] })),
    );
  }
}

const toUser = (row: ResourceRow): User => ({
  resourceId: row.resource_id,
  userName: row.name,
  fullName: row.full_name,
  mail: row.mail,
  siteCode: row.site_code,
  createdAt: row.created_at,
});

const unknown = (id: number): Error => resourceErrors.ESP_RESOURCE_UNKNOWN({ detail: `ResourceId ${id}.` });
