import { upsert, type Queryable, type Tx } from '@espalier/persistence';
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

  /** The user channels of a device. */
  async usersOf(on: Queryable, deviceId: string): Promise<string[]> {
    const rows = await on.query<{ id: string }>(
      `SELECT id FROM {enrollment} WHERE id > :from AND id < :to AND kind = 'user' ORDER BY id`,
      // A semicolon comes after the colon.
      { from: `${deviceId}:`, to: `${deviceId};` },
    );
    return rows.map((row) => row.id);
  }

  async save(tx: Tx, rows: readonly EnrollmentRow[]): Promise<void> {
    await upsert(tx, 'enrollment', { key: ['id'], rows: rows.map((row) => ({ ...row })) });
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
