import {
  limitSql,
  rowLock,
  upsert,
  type Database,
  type Dialect,
  type Queryable,
  type Tx,
} from '@espalier/persistence';

/** When an enrolment is looked at, and what was asked of it. */
export interface AgendaEntry {
  readonly enrollment_id: string;
  readonly due_at: number | null;
  readonly evaluated_at: number | null;
  readonly sequence: number;
  readonly profiles_asked_at: number | null;
  readonly device_asked_at: number | null;
  readonly is_wanted: number;
}

const COLUMNS = `a.enrollment_id, a.due_at, a.evaluated_at, a.sequence, a.profiles_asked_at, a.device_asked_at,
  a.is_wanted`;

/** SQL Server takes 2,100 parameters. */
export const IDS_AT_ONCE = 500;

/**
 * Which enrolments are to be looked at, and when. Its row is the lock of an enrolment: whoever changes what is known
 * of one locks it first, several in the order of their ids.
 */
export class AgendaStore {
  constructor(private readonly db: Database) {}

  /** Locks enrolments, known or not, and has them looked at now. */
  touch(tx: Tx, enrollmentIds: readonly string[], now: number): Promise<void> {
    const rows = enrollmentIds.map((id) => ({ enrollment_id: id, due_at: now }));
    return upsert(tx, 'agenda', { key: ['enrollment_id'], rows });
  }

  /** As `touch`, and has the devices asked what they have. */
  want(tx: Tx, enrollmentIds: readonly string[], now: number): Promise<void> {
    const rows = enrollmentIds.map((id) => ({ enrollment_id: id, due_at: now, is_wanted: 1 }));
    return upsert(tx, 'agenda', { key: ['enrollment_id'], rows });
  }

  /** Locks those that are known. */
  async lock(tx: Tx, enrollmentIds: readonly string[]): Promise<AgendaEntry[]> {
    const inOrder = enrollmentIds.toSorted();
    const { hint, end } = rowLock(tx.dialect, 'a', 'update');
    const entries: AgendaEntry[] = [];
    for (let from = 0; from < inOrder.length; from += IDS_AT_ONCE)
      entries.push(
        ...(await tx.query<AgendaEntry>(
          `SELECT ${COLUMNS} FROM {agenda} a ${hint} WHERE a.enrollment_id IN (:ids)
           ORDER BY a.enrollment_id ${end}`,
          { ids: inOrder.slice(from, from + IDS_AT_ONCE) },
        )),
      );
    return entries;
  }

  /** Has enrolments that are locked looked at no later than `at`. */
  async remind(tx: Tx, enrollmentIds: readonly string[], at: number): Promise<void> {
    if (enrollmentIds.length === 0) return;
    await tx.execute(
      `UPDATE {agenda} SET due_at = :at
       WHERE enrollment_id IN (:enrollmentIds) AND (due_at IS NULL OR due_at > :at)`,
      { enrollmentIds, at },
    );
  }

  /** Locks the enrolments that have been due longest; another replica's are left out. */
  claim(tx: Tx, now: number, limit: number): Promise<AgendaEntry[]> {
    return tx.query<AgendaEntry>(claimSql[tx.dialect](limitSql(tx.dialect, limit)), { now });
  }

  async save(tx: Tx, entries: readonly AgendaEntry[]): Promise<void> {
    await upsert(tx, 'agenda', {
      key: ['enrollment_id'],
      rows: entries.map((entry) => ({ ...entry })),
    });
  }

  async get(enrollmentId: string): Promise<AgendaEntry | undefined> {
    const [row] = await this.db.query<AgendaEntry>(
      `SELECT ${COLUMNS} FROM {agenda} a WHERE a.enrollment_id = :enrollmentId`,
      { enrollmentId },
    );
    return row;
  }

  /** How many are due. */
  async countDue(on: Queryable, now: number): Promise<number> {
    const [row] = await on.query<{ n: number }>(
      'SELECT COUNT(*) AS n FROM {agenda} WHERE due_at IS NOT NULL AND due_at <= :now',
      { now },
    );
    return row?.n ?? 0;
  }
}

const DUE = 'a.due_at IS NOT NULL AND a.due_at <= :now ORDER BY a.due_at';

const claimSql: Readonly<Record<Dialect, (limit: string) => string>> = {
  // Transactions of SQLite are alone anyway.
  sqlite: (limit) => `SELECT ${COLUMNS} FROM {agenda} a WHERE ${DUE} ${limit}`,
  postgres: (limit) => `SELECT ${COLUMNS} FROM {agenda} a WHERE ${DUE} ${limit} FOR UPDATE SKIP LOCKED`,
  mssql: (limit) =>
    `SELECT ${COLUMNS} FROM {agenda} a WITH (UPDLOCK, READPAST, ROWLOCK) WHERE ${DUE} ${limit}`,
};
