import {
  jsonRows,
  upsert,
  type Database,
  type Dialect,
  type Queryable,
  type Tx,
} from '@espalier/persistence';
import { IDS_AT_ONCE } from '../agenda/agenda.store.js';
import type { EnrollmentFacts, Platform } from '../planner/planner.types.js';

export interface EnrollmentRow {
  readonly id: string;
  readonly kind: EnrollmentFacts['kind'];
  readonly state: EnrollmentFacts['state'];
  readonly state_at: number;
  readonly epoch_at: number;
  readonly platform: Platform | null;
  readonly time_zone: string | null;
  readonly facts_at: number | null;
}

/** The id of a user channel is `<device>:<user>`. */
const deviceIdOf = (userChannelId: string): string => userChannelId.split(':', 1)[0] as string;

/** What is known of enrolments themselves. */
export class EnrollmentStore {
  async load(on: Queryable, ids: readonly string[]): Promise<Map<string, EnrollmentRow>> {
    const found = new Map<string, EnrollmentRow>();
    for (let from = 0; from < ids.length; from += IDS_AT_ONCE) {
      const rows = await on.query<EnrollmentRow>(
        `SELECT id, kind, state, state_at, epoch_at, platform, time_zone, facts_at
         FROM {enrollment} WHERE id IN (:ids)`,
        { ids: ids.slice(from, from + IDS_AT_ONCE) },
      );
      for (const row of rows) found.set(row.id, row);
    }
    return found;
  }

  /** As `load`; user channels, which tell nothing of the kind, with the platform and the time zone of their devices. */
  async loadWithDeviceFacts(on: Queryable, ids: readonly string[]): Promise<Map<string, EnrollmentRow>> {
    const found = await this.load(on, ids);
    const users = [...found.values()].filter((row) => row.kind === 'user');
    const devices = await this.load(on, [...new Set(users.map((row) => deviceIdOf(row.id)))]);
    for (const row of users) {
      const device = devices.get(deviceIdOf(row.id));
      found.set(row.id, {
        ...row,
        platform: row.platform ?? device?.platform ?? null,
        time_zone: row.time_zone ?? device?.time_zone ?? null,
      });
    }
    return found;
  }

  /** The user channels of devices. */
  async usersOf(on: Queryable, deviceIds: readonly string[]): Promise<string[]> {
    if (deviceIds.length === 0) return [];
    const ranges = jsonRows(on.dialect, 'ranges', 'r', { above: 'text', below: 'text' });
    const rows = await on.query<{ id: string }>(
      `SELECT e.id FROM ${ranges} INNER JOIN {enrollment} e ON e.id > r.above AND e.id < r.below
       WHERE e.kind = 'user' ORDER BY e.id`,
      // A semicolon comes after the colon.
      { ranges: JSON.stringify(deviceIds.map((id) => ({ above: `${id}:`, below: `${id};` }))) },
    );
    return rows.map((row) => row.id);
  }

  /**
   * Takes note, in a statement by itself that waits for nobody, that devices are still what they were. How many were:
   * of the others somebody else says something just now, or has.
   */
  async confirm(db: Database, rows: readonly EnrollmentRow[]): Promise<number> {
    if (rows.length === 0) return 0;
    const told = rows.map(({ id, platform, time_zone, facts_at }) => ({ id, platform, time_zone, facts_at }));
    return db.execute(confirmSql[db.dialect], { told: JSON.stringify(told) });
  }

  async save(tx: Tx, rows: readonly EnrollmentRow[]): Promise<void> {
    await upsert(tx, 'enrollment', { key: ['id'], rows: rows.map((row) => ({ ...row })) });
  }

  /** Forgets devices that have been gone since before this time (epoch ms); how many. */
  async prune(tx: Tx, before: number): Promise<number> {
    const gone = `state = 'removed' AND state_at < :before`;
    await tx.execute(
      `DELETE FROM {agenda} WHERE enrollment_id IN (SELECT id FROM {enrollment} WHERE ${gone})`,
      { before },
    );
    return tx.execute(`DELETE FROM {enrollment} WHERE ${gone}`, { before });
  }

  /** Forgets what enrolments had and what was done about it. */
  async forget(tx: Tx, ids: readonly string[]): Promise<void> {
    for (let from = 0; from < ids.length; from += IDS_AT_ONCE) {
      const some = ids.slice(from, from + IDS_AT_ONCE);
      for (const table of ['profile_report', 'declaration_report', 'managed_item'])
        await tx.execute(`DELETE FROM {${table}} WHERE enrollment_id IN (:some)`, { some });
      await tx.execute(
        'UPDATE {agenda} SET profiles_asked_at = NULL, device_asked_at = NULL WHERE enrollment_id IN (:some)',
        { some },
      );
    }
  }
}

const same = (column: string): string => `COALESCE(e.${column}, '') = COALESCE(t.${column}, '')`;
const STILL = `e.id = t.id AND ${same('platform')} AND ${same('time_zone')}
  AND COALESCE(e.facts_at, 0) < t.facts_at`;
const toldRows = (dialect: Dialect): string =>
  jsonRows(dialect, 'told', 't', { id: 'text', platform: 'text', time_zone: 'text', facts_at: 'integer' });

const confirmSql: Readonly<Record<Dialect, string>> = {
  sqlite: `UPDATE {enrollment} AS e SET facts_at = t.facts_at FROM ${toldRows('sqlite')} WHERE ${STILL}`,
  // Rows that another replica holds are left out: two that note the same devices never wait for each other.
  postgres: `UPDATE {enrollment} AS n SET facts_at = f.facts_at FROM (
      SELECT e.id, t.facts_at FROM ${toldRows('postgres')} INNER JOIN {enrollment} e ON ${STILL}
      FOR NO KEY UPDATE OF e SKIP LOCKED
    ) AS f WHERE n.id = f.id`,
  mssql: `UPDATE e SET facts_at = t.facts_at FROM ${toldRows('mssql')}
    INNER LOOP JOIN {enrollment} AS e WITH (UPDLOCK, READPAST, ROWLOCK) ON ${STILL}`,
};
