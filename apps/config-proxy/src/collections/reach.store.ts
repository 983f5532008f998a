import type { CollectionKind } from '@espalier/contracts';
import { idListSql, textListSql, type Queryable } from '@espalier/persistence';

/** Reads how many devices collections reach. */
export class ReachStore {
  /** Devices of collections, added up: their members as counted; of users, every enrolment, and those without one. */
  async counted(on: Queryable, ids: readonly string[]): Promise<number> {
    if (ids.length === 0) return 0;
    const list = textListSql(on.dialect);
    const rows = await on.query<{ devices: number }>(
      `SELECT CASE WHEN c.kind = 'user' THEN (SELECT COUNT(*) FROM {collection_member} m
           LEFT JOIN {resource_enrollment} e ON e.user_resource_id = m.resource_id AND e.is_active = 1
           WHERE m.collection_id = c.collection_id) ELSE c.member_count END AS devices
       FROM {collection} c WHERE ${list.isIn('c.collection_id', 'ids')}`,
      { ids: list.param(ids) },
    );
    return rows.reduce((sum, { devices }) => sum + devices, 0);
  }

  /** Those of the collections whose members are about to change: they wait for an evaluation, or were changed since. */
  async moving(on: Queryable, ids: Iterable<string>, since: number): Promise<Set<string>> {
    const list = textListSql(on.dialect);
    const rows = await on.query<{ collection_id: string }>(
      `SELECT c.collection_id FROM {collection} c
       WHERE ${list.isIn('c.collection_id', 'ids')} AND (c.status <> 'ready' OR c.changed_at > :since)`,
      { ids: list.param([...ids]), since },
    );
    return new Set(rows.map(({ collection_id }) => collection_id));
  }

  /** Version of each definition; it changes with direct rules, too. */
  async versions(on: Queryable, ids: Iterable<string>): Promise<Map<string, number>> {
    const list = textListSql(on.dialect);
    const rows = await on.query<{ collection_id: string; version: number }>(
      `SELECT c.collection_id, c.version FROM {collection} c WHERE ${list.isIn('c.collection_id', 'ids')}`,
      { ids: list.param([...ids]) },
    );
    return new Map(rows.map(({ collection_id, version }) => [collection_id, version]));
  }

  /** Those of the collections that something is deployed to. */
  async deployed(on: Queryable, ids: Iterable<string>): Promise<string[]> {
    const list = textListSql(on.dialect);
    const rows = await on.query<{ collection_id: string }>(
      `SELECT DISTINCT d.collection_id FROM {deployment} d WHERE ${list.isIn('d.collection_id', 'ids')}
       ORDER BY d.collection_id`,
      { ids: list.param([...ids]) },
    );
    return rows.map(({ collection_id }) => collection_id);
  }

  /** Devices of resources: of users every enrolment, and those without one. */
  async devicesOf(on: Queryable, kind: CollectionKind, resourceIds: readonly number[]): Promise<number> {
    if (kind === 'device' || resourceIds.length === 0) return resourceIds.length;
    const ids = idListSql(on.dialect);
    const [row] = await on.query<{ devices: number }>(
      `SELECT COUNT(*) AS devices FROM {resource} r
       LEFT JOIN {resource_enrollment} e ON e.user_resource_id = r.resource_id AND e.is_active = 1
       WHERE ${ids.isIn('r.resource_id', 'ids')}`,
      { ids: ids.param(resourceIds) },
    );
    return row?.devices ?? 0;
  }

  /** Devices of all resources that can be members, counted as in `devicesOf`. */
  async devicesOfAll(on: Queryable, kind: CollectionKind): Promise<number> {
    const [row] = await on.query<{ devices: number }>(
      `SELECT COUNT(*) AS devices FROM {resource} r
       LEFT JOIN {resource_enrollment} e ON e.user_resource_id = r.resource_id AND e.is_active = 1
       WHERE r.kind = :kind AND r.state = 'active'`,
      { kind },
    );
    return row?.devices ?? 0;
  }
}
