import type { MaintenanceWindow } from '@espalier/contracts';
import {
  insertIfAbsent,
  jsonRows,
  limitSql,
  rowLock,
  upsert,
  type Dialect,
  type Queryable,
  type Tx,
} from '@espalier/persistence';
import { IDS_AT_ONCE } from '../agenda/agenda.store.js';

/** What is known of a collection that something is deployed to. */
export interface ScopeRow {
  readonly collection_id: string;
  readonly dropped_version: number;
  readonly windows_version: number;
}

export interface MemberRow {
  readonly enrollment_id: string;
  readonly version: number;
  readonly is_member: number;
  readonly since: number;
}

/** One collection that an enrolment is a member of. */
export interface Membership {
  readonly enrollment_id: string;
  readonly collection_id: string;
  readonly since: number;
}

/** Members and windows of collections, as config-proxy tells them. */
export class ScopeStore {
  /** Locks the scopes of the collections, new ones included: changes of one collection happen one after another. */
  async lock(tx: Tx, collectionIds: readonly string[], now: number): Promise<Map<string, ScopeRow>> {
    const ids = [...new Set(collectionIds)].sort();
    for (const id of ids)
      await insertIfAbsent(tx, 'scope', ['collection_id'], { collection_id: id, heard_at: now });
    const { hint, end } = rowLock(tx.dialect, 's', 'update');
    const rows = await tx.query<ScopeRow>(
      `SELECT s.collection_id, s.dropped_version, s.windows_version FROM {scope} s ${hint}
       WHERE s.collection_id IN (:ids) ORDER BY s.collection_id ${end}`,
      { ids },
    );
    return new Map(rows.map((row) => [row.collection_id, row]));
  }

  /** At most {@link IDS_AT_ONCE} enrolments. */
  async members(
    tx: Tx,
    collectionId: string,
    enrollmentIds: readonly string[],
  ): Promise<Map<string, MemberRow>> {
    const rows = await tx.query<MemberRow>(
      `SELECT enrollment_id, version, is_member, since FROM {scope_member}
       WHERE collection_id = :collectionId AND enrollment_id IN (:enrollmentIds)`,
      { collectionId, enrollmentIds },
    );
    return new Map(rows.map((row) => [row.enrollment_id, row]));
  }

  async saveMembers(tx: Tx, collectionId: string, members: readonly MemberRow[]): Promise<void> {
    await upsert(tx, 'scope_member', {
      key: ['collection_id', 'enrollment_id'],
      rows: members.map((member) => ({ collection_id: collectionId, ...member })),
    });
  }

  /** Everything up to `version` is forgotten; the scope remembers that, so an older event brings nothing back. */
  async drop(tx: Tx, collectionId: string, version: number): Promise<void> {
    await tx.execute('UPDATE {scope} SET dropped_version = :version WHERE collection_id = :collectionId', {
      collectionId,
      version,
    });
    await tx.execute(
      'DELETE FROM {scope_member} WHERE collection_id = :collectionId AND version <= :version',
      { collectionId, version },
    );
  }

  async saveWindows(
    tx: Tx,
    collectionId: string,
    version: number,
    windows: readonly MaintenanceWindow[],
  ): Promise<void> {
    await tx.execute(
      `UPDATE {scope} SET windows_version = :version, windows = :windows WHERE collection_id = :collectionId`,
      { collectionId, version, windows: JSON.stringify(windows) },
    );
  }

  /** Members of a collection in the order of their ids, those that left included where they still have a row. */
  async memberIdsAfter(tx: Tx, collectionId: string, after: string, limit: number): Promise<string[]> {
    const rows = await tx.query<{ enrollment_id: string }>(
      `SELECT enrollment_id FROM {scope_member}
       WHERE collection_id = :collectionId AND enrollment_id > :after
       ORDER BY enrollment_id ${limitSql(tx.dialect, limit)}`,
      { collectionId, after },
    );
    return rows.map((row) => row.enrollment_id);
  }

  /** At most {@link IDS_AT_ONCE} enrolments. */
  memberships(on: Queryable, enrollmentIds: readonly string[]): Promise<Membership[]> {
    return on.query<Membership>(
      `SELECT enrollment_id, collection_id, since FROM {scope_member}
       WHERE enrollment_id IN (:enrollmentIds) AND is_member = 1`,
      { enrollmentIds },
    );
  }

  async windowsOf(
    on: Queryable,
    collectionIds: readonly string[],
  ): Promise<Map<string, MaintenanceWindow[]>> {
    const found = new Map<string, MaintenanceWindow[]>();
    for (let from = 0; from < collectionIds.length; from += IDS_AT_ONCE) {
      const rows = await on.query<{ collection_id: string; windows: string }>(
        'SELECT collection_id, windows FROM {scope} WHERE collection_id IN (:ids) AND windows IS NOT NULL',
        { ids: collectionIds.slice(from, from + IDS_AT_ONCE) },
      );
      for (const row of rows) found.set(row.collection_id, JSON.parse(row.windows) as MaintenanceWindow[]);
    }
    return found;
  }

  /** The windows that are known, as JSON, and their versions, in the order of the ids of the collections. */
  windowsAfter(
    on: Queryable,
    after: string,
    limit: number,
  ): Promise<{ collection_id: string; windows_version: number; windows: string | null }[]> {
    return on.query(
      `SELECT collection_id, windows_version, windows FROM {scope} WHERE collection_id > :after
       ORDER BY collection_id ${limitSql(on.dialect, limit)}`,
      { after },
    );
  }

  /** Those of the collections that were never heard of. */
  async unheard(on: Queryable, collectionIds: readonly string[]): Promise<string[]> {
    const unheard = new Set(collectionIds);
    for (let from = 0; from < collectionIds.length; from += IDS_AT_ONCE) {
      const rows = await on.query<{ collection_id: string }>(
        'SELECT collection_id FROM {scope} WHERE collection_id IN (:ids)',
        { ids: collectionIds.slice(from, from + IDS_AT_ONCE) },
      );
      for (const row of rows) unheard.delete(row.collection_id);
    }
    return [...unheard].sort();
  }

  /**
   * Members that nobody has told of as enrolled, in the order of their ids. By the agenda, which has each enrolment
   * once, however many collections it is in.
   */
  async unknownMembersAfter(on: Queryable, after: string, limit: number): Promise<string[]> {
    const rows = await on.query<{ enrollment_id: string }>(
      `SELECT a.enrollment_id FROM {agenda} a LEFT JOIN {enrollment} e ON e.id = a.enrollment_id
       WHERE a.enrollment_id > :after AND (e.id IS NULL OR e.state <> 'enrolled')
         AND EXISTS (SELECT 1 FROM {scope_member} m WHERE m.enrollment_id = a.enrollment_id AND m.is_member = 1)
       ORDER BY a.enrollment_id ${limitSql(on.dialect, limit)}`,
      { after },
    );
    return rows.map((row) => row.enrollment_id);
  }

  /** Enrolments that are or were in a collection, in the order of their ids. */
  async enrollmentsAfter(on: Queryable, after: string, limit: number): Promise<string[]> {
    const rows = await on.query<{ enrollment_id: string }>(
      `SELECT DISTINCT enrollment_id FROM {scope_member} WHERE enrollment_id > :after
       ORDER BY enrollment_id ${limitSql(on.dialect, limit)}`,
      { after },
    );
    return rows.map((row) => row.enrollment_id);
  }

  /** Of enrolments that are in a collection, the sum of the tags of those; a collection without a tag counts as 1. */
  digests(
    on: Queryable,
    enrollmentIds: readonly string[],
    tags: readonly { readonly id: string; readonly tag: number }[],
  ): Promise<{ id: string; digest: number }[]> {
    return on.query(
      `SELECT m.enrollment_id AS id, CAST(SUM(COALESCE(t.tag, 1)) AS bigint) AS digest FROM {scope_member} m
       LEFT JOIN ${tagRows(on.dialect)} ON t.id = m.collection_id
       WHERE m.enrollment_id IN (:enrollmentIds) AND m.is_member = 1
       GROUP BY m.enrollment_id ORDER BY m.enrollment_id`,
      { enrollmentIds, tags: JSON.stringify(tags) },
    );
  }

  async collections(on: Queryable): Promise<string[]> {
    const rows = await on.query<{ collection_id: string }>('SELECT collection_id FROM {scope}');
    return rows.map((row) => row.collection_id);
  }

  /** The highest version heard of any collection, as far as these enrolments show. */
  async highestVersion(on: Queryable, enrollmentIds: readonly string[]): Promise<number> {
    const rows = await on.query<{ version: number | null }>(
      `SELECT MAX(version) AS version FROM {scope_member} WHERE enrollment_id IN (:enrollmentIds)
       UNION ALL SELECT MAX(dropped_version) FROM {scope}`,
      { enrollmentIds },
    );
    return Math.max(0, ...rows.map(({ version }) => version ?? 0));
  }

  async countMembers(on: Queryable, collectionId: string): Promise<number> {
    const [row] = await on.query<{ n: number }>(
      'SELECT COUNT(*) AS n FROM {scope_member} WHERE collection_id = :collectionId AND is_member = 1',
      { collectionId },
    );
    return row?.n ?? 0;
  }

  /** Forgets who left before `before`: no event as old comes any more. */
  prune(on: Queryable, before: number): Promise<number> {
    return on.execute('DELETE FROM {scope_member} WHERE is_member = 0 AND since < :before', { before });
  }
}

/** Read once: SQLite would otherwise read the parameter anew for each row that it is joined to. */
const tagRows = (dialect: Dialect): string =>
  `(SELECT DISTINCT r.id, r.tag FROM ${jsonRows(dialect, 'tags', 'r', { id: 'text', tag: 'integer' })}) AS t`;
