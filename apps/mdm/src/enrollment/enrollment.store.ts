import type { Enrollment } from '@espalier/contracts';
import { page, rowLock, type Database, type Page, type Queryable, type Tx } from '@espalier/persistence';
import type { EnrollmentDetailRow } from './enrollment.rows.js';

/** Which enrolments to list; what is left out does not restrict. */
export interface EnrollmentFilter {
  readonly state?: string | undefined;
  readonly kind?: string | undefined;
  readonly serialNumber?: string | undefined;
}

/** What a submission needs to know of its targets. */
export interface EnrollmentTarget {
  readonly id: string;
  readonly state: string;
  readonly kind: 'device' | 'user';
  readonly model: string | null;
  readonly product_name: string | null;
}

/** Ids in one statement: SQL Server takes 2,100 parameters. */
const IDS_AT_ONCE = 500;

const DETAIL = `
  SELECT e.*, p.state AS push_state, c.not_after, s.seen_at, d.fingerprint AS device_fingerprint
  FROM {enrollment} e
  INNER JOIN {enrollment} d ON d.id = e.device_id
  LEFT JOIN {push_token} p ON p.enrollment_id = e.id
  LEFT JOIN {identity_certificate} c ON c.fingerprint = d.fingerprint
  LEFT JOIN {last_seen} s ON s.enrollment_id = e.id`;

/** Reads enrolments for consoles and other services. */
export class EnrollmentStore {
  constructor(private readonly db: Database) {}

  async list(filter: EnrollmentFilter, limit: number, cursor: string | undefined): Promise<Page<Enrollment>> {
    const conditions: string[] = [];
    const params: Record<string, string> = {};
    for (const [column, value] of [
      ['state', filter.state],
      ['kind', filter.kind],
      ['serial_number', filter.serialNumber],
    ] as const) {
      if (value === undefined) continue;
      conditions.push(`e.${column} = :${column}`);
      params[column] = value;
    }
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    const { rows, next } = await page<EnrollmentDetailRow>(this.db, {
      sql: `${DETAIL} ${where}`,
      params,
      orderBy: ['id'],
      limit,
      after: cursor,
    });
    return { rows: rows.map(toEnrollment), ...(next !== undefined && { next }) };
  }

  async get(id: string): Promise<{ enrollment: Enrollment; openCommands: number } | undefined> {
    const [row] = await this.db.query<EnrollmentDetailRow & { open_commands: number }>(
      `SELECT x.*, (SELECT COUNT(*) FROM {queued_command} q WHERE q.enrollment_id = x.id AND q.is_open = 1) AS open_commands
       FROM (${DETAIL} WHERE e.id = :id) x`,
      { id },
    );
    return row === undefined ? undefined : { enrollment: toEnrollment(row), openCommands: row.open_commands };
  }

  /** As the transaction sees it. */
  async detail(on: Queryable, id: string): Promise<Enrollment | undefined> {
    const [row] = await on.query<EnrollmentDetailRow>(`${DETAIL} WHERE e.id = :id`, { id });
    return row && toEnrollment(row);
  }

  /**
   * Their state holds until the transaction ends, so that nothing is queued behind the back of a CheckOut; `update`
   * also keeps others of the same kind waiting.
   */
  async lockTargets(
    tx: Tx,
    ids: readonly string[],
    strength: 'share' | 'update' = 'share',
  ): Promise<EnrollmentTarget[]> {
    const { hint, end } = rowLock(tx.dialect, 'e', strength);
    const sorted = [...new Set(ids)].sort();
    const found: EnrollmentTarget[] = [];
    for (let from = 0; from < sorted.length; from += IDS_AT_ONCE)
      found.push(
        ...(await tx.query<EnrollmentTarget>(
          `SELECT e.id, e.state, e.kind, e.model, e.product_name FROM {enrollment} e ${hint}
           WHERE e.id IN (:ids) ORDER BY e.id ${end}`,
          { ids: sorted.slice(from, from + IDS_AT_ONCE) },
        )),
      );
    return found;
  }
}

function toEnrollment(row: EnrollmentDetailRow): Enrollment {
  return {
    id: row.id,
    kind: row.kind,
    deviceId: row.device_id,
    state: row.state,
    serialNumber: row.serial_number,
    deviceName: row.device_name,
    model: row.model,
    modelName: row.model_name,
    productName: row.product_name,
    osVersion: row.os_version,
    buildVersion: row.build_version,
    userShortName: row.user_short_name,
    push: row.push_state ?? 'none',
    certificateFingerprint: row.device_fingerprint ?? '',
    certificateNotAfter: row.not_after,
    authenticatedAt: row.authenticated_at,
    enrolledAt: row.enrolled_at,
    removedAt: row.removed_at,
    lastSeenAt: row.seen_at,
  };
}
