import type { EnrollmentState } from '@espalier/contracts';
import { rowLock, upsert, type Database, type Tx } from '@espalier/persistence';

/** Ids in one statement: SQL Server takes 2,100 parameters. */
const IDS_AT_ONCE = 500;

/** What a device's message about declarations needs to know. */
export interface DeclaringEnrollment {
  readonly state: EnrollmentState;
  /** Certificate that the device is pinned to. */
  readonly fingerprint: string | null;
  readonly set_id: string | null;
  readonly set_at: number | null;
  /** Since the set was given, the device was asked to compare: see `declarationsTokenOf`. */
  readonly sync_mark: string | null;
  /** The set that the device was last told of. */
  readonly advertised_set_id: string | null;
}

/** What a status report needs to know. */
export interface ReportingEnrollment extends Pick<
  DeclaringEnrollment,
  'state' | 'fingerprint' | 'advertised_set_id'
> {
  /** JSON of what the device said before. */
  readonly status: string | null;
}

/** Which enrolment has which set, was told of which, and what it said. */
export class AssignmentStore {
  constructor(private readonly db: Database) {}

  /** Of the enrolments, those that have another set; without one they count as having `otherwise`. */
  async withAnotherSet(
    tx: Tx,
    enrollmentIds: readonly string[],
    setId: string,
    otherwise: string,
  ): Promise<string[]> {
    const same = new Set<string>();
    const any = new Set<string>();
    for (let from = 0; from < enrollmentIds.length; from += IDS_AT_ONCE) {
      const ids = enrollmentIds.slice(from, from + IDS_AT_ONCE);
      const rows = await tx.query<{ enrollment_id: string; set_id: string }>(
        `SELECT enrollment_id, set_id FROM {enrollment_declarations}
         WHERE enrollment_id IN (:ids) AND set_id IS NOT NULL`,
        { ids },
      );
      for (const row of rows) {
        any.add(row.enrollment_id);
        if (row.set_id === setId) same.add(row.enrollment_id);
      }
    }
    return enrollmentIds.filter((id) => (any.has(id) ? !same.has(id) : setId !== otherwise));
  }

  async assign(
    tx: Tx,
    enrollmentIds: readonly string[],
    set: { readonly id: string; readonly mark: string | null },
    now: number,
  ): Promise<void> {
    await upsert(tx, 'enrollment_declarations', {
      key: ['enrollment_id'],
      rows: enrollmentIds.map((enrollment_id) => ({
        enrollment_id,
        set_id: set.id,
        set_at: now,
        sync_mark: set.mark,
      })),
    });
  }

  async find(enrollmentId: string): Promise<DeclaringEnrollment | undefined> {
    const [row] = await this.db.prepared<DeclaringEnrollment>(
      'declaring_enrollment',
      `SELECT e.state, d.fingerprint, s.set_id, s.set_at, s.sync_mark, s.advertised_set_id
       FROM {enrollment} e
       INNER JOIN {enrollment} d ON d.id = e.device_id
       LEFT JOIN {enrollment_declarations} s ON s.enrollment_id = e.id
       WHERE e.id = :enrollmentId`,
      { enrollmentId },
    );
    return row;
  }

  /** Notes what the device is being told, unless its set is another one by now; false then. */
  async advertise(enrollmentId: string, setId: string): Promise<boolean> {
    const changed = await this.db.execute(
      `UPDATE {enrollment_declarations} SET advertised_set_id = :setId
       WHERE enrollment_id = :enrollmentId AND set_id = :setId`,
      { enrollmentId, setId },
    );
    return changed > 0;
  }

  /** Locks the enrolment: of two reports at once, neither loses what the other says. */
  async lockStatus(tx: Tx, enrollmentId: string): Promise<ReportingEnrollment | undefined> {
    const { hint, end } = rowLock(tx.dialect, 'e', 'update');
    const [locked] = await tx.query<Pick<ReportingEnrollment, 'state' | 'fingerprint'>>(
      `SELECT e.state, d.fingerprint FROM {enrollment} e ${hint}
       INNER JOIN {enrollment} d ON d.id = e.device_id WHERE e.id = :enrollmentId ${end}`,
      { enrollmentId },
    );
    if (locked === undefined) return undefined;
    const [row] = await tx.query<Pick<ReportingEnrollment, 'advertised_set_id' | 'status'>>(
      'SELECT advertised_set_id, status FROM {enrollment_declarations} WHERE enrollment_id = :enrollmentId',
      { enrollmentId },
    );
    return { ...locked, advertised_set_id: null, status: null, ...row };
  }

  async saveStatus(tx: Tx, enrollmentId: string, status: string, at: number): Promise<void> {
    await upsert(tx, 'enrollment_declarations', {
      key: ['enrollment_id'],
      rows: [{ enrollment_id: enrollmentId, status, status_at: at }],
    });
  }

  /** Undefined where there is no such enrolment. */
  async ofEnrollment(enrollmentId: string): Promise<
    | (Pick<DeclaringEnrollment, 'set_id' | 'sync_mark'> & {
        readonly status: string | null;
        readonly status_at: number | null;
      })
    | undefined
  > {
    const [row] = await this.db.query<
      Pick<DeclaringEnrollment, 'set_id' | 'sync_mark'> & { status: string | null; status_at: number | null }
    >(
      `SELECT s.set_id, s.sync_mark, s.status, s.status_at FROM {enrollment} e
       LEFT JOIN {enrollment_declarations} s ON s.enrollment_id = e.id WHERE e.id = :enrollmentId`,
      { enrollmentId },
    );
    return row;
  }
}
