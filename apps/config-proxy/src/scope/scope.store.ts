import {
  idListSql,
  insertIfAbsent,
  jsonRows,
  limitSql,
  rowLock,
  upsert,
  type Dialect,
  type Queryable,
  type Tx,
} from '@espalier/persistence';

/** A member of a tracked collection, by the enrolment through which the policy reaches it. */
export interface ScopedEnrollment {
  readonly enrollment_id: string;
  readonly member_id: number;
}

/** An active enrolment as `resource_enrollment` has it. */
export interface CurrentEnrollment {
  readonly enrollment_id: string;
  readonly kind: 'device' | 'user';
  readonly resource_id: number;
  readonly user_resource_id: number | null;
}

/** The only user of `scope_collection` and `scope_enrollment`; reads `resource_enrollment`. */
export class ScopeStore {
  /** Ids of the collections whose members are told to the policy. */
  async tracked(on: Queryable): Promise<Set<string>> {
    const rows = await on.query<{ collection_id: string }>(
      'SELECT collection_id FROM {scope_collection} WHERE is_tracked = 1',
    );
    return new Set(rows.map(({ collection_id }) => collection_id));
  }

  /**
   * Notes why a collection is tracked, and whether it was before; undefined where there is no such collection. Holds
   * the collection until the transaction ends: it is not deleted meanwhile.
   */
  async mark(
    tx: Tx,
    collectionId: string,
    reason: 'is_deployed' | 'has_windows',
    given: boolean,
  ): Promise<{ wasTracked: boolean; isTracked: boolean } | undefined> {
    const { hint, end } = rowLock(tx.dialect, 'c', 'share');
    const [collection] = await tx.query(
      `SELECT c.collection_id FROM {collection} c ${hint} WHERE c.collection_id = :collectionId ${end}`,
      { collectionId },
    );
    if (collection === undefined) return undefined;
    await insertIfAbsent(tx, 'scope_collection', ['collection_id'], {
      collection_id: collectionId,
      is_deployed: 0,
      has_windows: 0,
      is_tracked: 0,
      version: 0,
    });
    await tx.execute(
      `UPDATE {scope_collection} SET ${reason} = :given, version = version + 1 WHERE collection_id = :collectionId`,
      { given, collectionId },
    );
    const [row] = await tx.query<{ is_deployed: number; has_windows: number; is_tracked: number }>(
      'SELECT is_deployed, has_windows, is_tracked FROM {scope_collection} WHERE collection_id = :collectionId',
      { collectionId },
    );
    const isTracked = row?.is_deployed === 1 || row?.has_windows === 1;
    await tx.execute(
      'UPDATE {scope_collection} SET is_tracked = :isTracked WHERE collection_id = :collectionId',
      {
        isTracked,
        collectionId,
      },
    );
    return { wasTracked: row?.is_tracked === 1, isTracked };
  }

  /**
   * The version of the next thing that is told of a collection; undefined where it is not tracked any more. Holds its
   * row until the transaction ends, so that versions and commits have the same order.
   * @param above a version that the policy has heard of
   */
  async nextVersion(tx: Tx, collectionId: string, above = 0): Promise<number | undefined> {
    const changed = await tx.execute(
      `UPDATE {scope_collection} SET version = CASE WHEN version < :above THEN :above ELSE version END + 1
       WHERE collection_id = :collectionId AND is_tracked = 1`,
      { collectionId, above },
    );
    return changed === 0 ? undefined : this.version(tx, collectionId);
  }

  /** A version above one that the policy has heard of, for a collection that is not tracked, or gone. */
  async versionAbove(tx: Tx, collectionId: string, above: number): Promise<number> {
    await tx.execute(
      `UPDATE {scope_collection} SET version = CASE WHEN version < :above THEN :above ELSE version END + 1
       WHERE collection_id = :collectionId`,
      { collectionId, above },
    );
    return Math.max(await this.version(tx, collectionId), above + 1);
  }

  async version(tx: Tx, collectionId: string): Promise<number> {
    const [row] = await tx.query<{ version: number }>(
      'SELECT version FROM {scope_collection} WHERE collection_id = :collectionId',
      { collectionId },
    );
    return row?.version ?? 0;
  }

  async forget(tx: Tx, collectionId: string): Promise<void> {
    await tx.execute('DELETE FROM {scope_collection} WHERE collection_id = :collectionId', { collectionId });
  }

  /** Enrolments by which the policy knows these members. */
  async enrollmentsOf(tx: Tx, memberIds: readonly number[]): Promise<ScopedEnrollment[]> {
    if (memberIds.length === 0) return [];
    const ids = idListSql(tx.dialect);
    return tx.query<ScopedEnrollment>(
      `SELECT enrollment_id, member_id FROM {scope_enrollment} WHERE ${ids.isIn('member_id', 'ids')}
       ORDER BY enrollment_id`,
      { ids: ids.param(memberIds) },
    );
  }

  /** What the policy was told, of the given enrolments. */
  async known(tx: Tx, enrollmentIds: readonly string[]): Promise<ScopedEnrollment[]> {
    return inChunks(enrollmentIds, (ids) =>
      tx.query<ScopedEnrollment>(
        'SELECT enrollment_id, member_id FROM {scope_enrollment} WHERE enrollment_id IN (:ids)',
        { ids },
      ),
    );
  }

  /** Active enrolments of devices and users. */
  async current(tx: Tx, resourceIds: readonly number[]): Promise<CurrentEnrollment[]> {
    const ids = idListSql(tx.dialect);
    const params = { ids: ids.param(resourceIds) };
    const [devices, users] = [
      await tx.query<CurrentEnrollment>(`${CURRENT} AND ${ids.isIn('resource_id', 'ids')}`, params),
      await tx.query<CurrentEnrollment>(`${CURRENT} AND ${ids.isIn('user_resource_id', 'ids')}`, params),
    ];
    return [...devices, ...users];
  }

  async currentById(tx: Tx, enrollmentIds: readonly string[]): Promise<CurrentEnrollment[]> {
    return inChunks(enrollmentIds, (ids) =>
      tx.query<CurrentEnrollment>(`${CURRENT} AND enrollment_id IN (:ids)`, { ids }),
    );
  }

  async save(tx: Tx, enrollments: readonly ScopedEnrollment[], gone: readonly string[]): Promise<void> {
    await upsert(tx, 'scope_enrollment', {
      key: ['enrollment_id'],
      rows: enrollments.map(({ enrollment_id, member_id }) => ({ enrollment_id, member_id })),
    });
    await inChunks(gone, async (ids) => {
      await tx.execute('DELETE FROM {scope_enrollment} WHERE enrollment_id IN (:ids)', { ids });
      return [];
    });
  }

  /** In which tracked collections these members are. */
  async memberships(
    tx: Tx,
    memberIds: readonly number[],
  ): Promise<{ collection_id: string; resource_id: number }[]> {
    if (memberIds.length === 0) return [];
    const ids = idListSql(tx.dialect);
    return tx.query(
      `SELECT m.collection_id, m.resource_id FROM {collection_member} m
       INNER JOIN {scope_collection} s ON s.collection_id = m.collection_id AND s.is_tracked = 1
       WHERE ${ids.isIn('m.resource_id', 'ids')}`,
      { ids: ids.param(memberIds) },
    );
  }

  /** Enrolments that the policy knows, in the order of their ids, in a range. @param through null: there is no end */
  async range(
    on: Queryable,
    after: string,
    through: string | null,
    limit: number,
  ): Promise<ScopedEnrollment[]> {
    const end = through === null ? '' : 'AND enrollment_id <= :through';
    return on.query<ScopedEnrollment>(
      `SELECT enrollment_id, member_id FROM {scope_enrollment} WHERE enrollment_id > :after ${end}
       ORDER BY enrollment_id ${limitSql(on.dialect, limit)}`,
      through === null ? { after } : { after, through },
    );
  }

  /** Of members, the sum of the tags of the collections that they are in; those that are in none are left out. */
  async digests(
    on: Queryable,
    memberIds: readonly number[],
    tags: readonly { readonly id: string; readonly tag: number }[],
  ): Promise<Map<number, number>> {
    const ids = idListSql(on.dialect);
    const rows = await on.query<{ resource_id: number; digest: number }>(
      `SELECT m.resource_id, CAST(SUM(t.tag) AS bigint) AS digest FROM {collection_member} m
       INNER JOIN ${tagRows(on.dialect)} ON t.id = m.collection_id
       WHERE ${ids.isIn('m.resource_id', 'ids')} GROUP BY m.resource_id`,
      { ids: ids.param(memberIds), tags: JSON.stringify(tags) },
    );
    return new Map(rows.map(({ resource_id, digest }) => [resource_id, digest]));
  }

  /** Members of a collection in the order of their ids. */
  async members(tx: Tx, collectionId: string, after: number, limit: number): Promise<number[]> {
    const rows = await tx.query<{ resource_id: number }>(
      `SELECT resource_id FROM {collection_member}
       WHERE collection_id = :collectionId AND resource_id > :after
       ORDER BY resource_id ${limitSql(tx.dialect, limit)}`,
      { collectionId, after },
    );
    return rows.map(({ resource_id }) => resource_id);
  }
}

const CURRENT = `SELECT enrollment_id, kind, resource_id, user_resource_id FROM {resource_enrollment}
  WHERE is_active = 1`;

/** SQL Server takes 2,100 parameters. */
const CHUNK = 500;

async function inChunks<T>(
  all: readonly string[],
  work: (ids: readonly string[]) => Promise<readonly T[]>,
): Promise<T[]> {
  const results: T[] = [];
  for (let from = 0; from < all.length; from += CHUNK)
    results.push(...(await work(all.slice(from, from + CHUNK))));
  return results;
}

/** Read once: SQLite would otherwise read the parameter anew for each row that it is joined to. */
const tagRows = (dialect: Dialect): string =>
  `(SELECT DISTINCT r.id, r.tag FROM ${jsonRows(dialect, 'tags', 'r', { id: 'text', tag: 'integer' })}) AS t`;
