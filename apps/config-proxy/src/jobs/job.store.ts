import { jobSchema, type Job, type JobState } from '@espalier/contracts';
import { claimRows, insertRows, limitSql, type Database, type Tx } from '@espalier/persistence';
import { listPage, type ListRequest } from '@espalier/query';
import type { ClassModel } from '@espalier/conditions';

/** Which jobs to list. */
export type JobQuery = Pick<ListRequest, 'filter' | 'orderBy' | 'limit' | 'cursor'>;

/** A row of `job`. */
export interface JobRow {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly state: JobState;
  readonly params: string;
  readonly position: string | null;
  readonly done: number;
  readonly failed: number;
  readonly total: number | null;
  readonly messages: string;
  readonly created_at: number;
  readonly created_by: string;
  readonly started_at: number | null;
  readonly finished_at: number | null;
  readonly failures: number;
  readonly cancel_requested: number;
}

export interface NewJob {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly params: unknown;
  readonly createdBy: string;
  readonly total: number | null;
  readonly at: number;
}

/** What a step changes of its job. */
export interface JobProgress {
  readonly state: JobState;
  readonly position: string | null;
  readonly done: number;
  readonly failed: number;
  readonly total: number | null;
  readonly messages: readonly string[];
  readonly failures: number;
  readonly finishedAt: number | null;
  /** Null gives the job back. */
  readonly leasedUntil: number | null;
}

const COLUMNS = [
  'id',
  'kind',
  'title',
  'state',
  'params',
  'position',
  'done',
  'failed',
  'total',
  'messages',
  'created_at',
  'created_by',
  'started_at',
  'finished_at',
  'failures',
  'cancel_requested',
] as const;

const SELECT = COLUMNS.map((name) => `j."${name}"`).join(', ');

/** The only user of the table `job`. */
export class JobStore {
  constructor(private readonly db: Database) {}

  async insert(tx: Tx, job: NewJob): Promise<void> {
    await insertRows(tx, 'job', [
      {
        id: job.id,
        kind: job.kind,
        title: job.title.slice(0, 400),
        state: 'queued',
        params: JSON.stringify(job.params),
        messages: '[]',
        total: job.total,
        created_at: job.at,
        created_by: job.createdBy,
      },
    ]);
  }

  /** Takes the oldest open job that nobody works on. */
  async claim(holder: string, now: number, until: number): Promise<JobRow | undefined> {
    const [row] = await claimRows<JobRow>(this.db, {
      table: 'job',
      where: 'is_open = 1 AND (leased_until IS NULL OR leased_until < :now)',
      set: 'leased_until = :until, lease_holder = :holder',
      params: { now, until, holder },
      orderBy: ['created_at', 'id'],
      columns: COLUMNS,
      limit: 1,
    });
    return row;
  }

  /** Stores what a step did; false where another replica has taken the job meanwhile. */
  async save(tx: Tx, id: string, holder: string, startedAt: number, progress: JobProgress): Promise<boolean> {
    const { leasedUntil, messages, ...rest } = progress;
    const changed = await tx.execute(
      `UPDATE {job} SET state = :state, "position" = :position, done = :done, failed = :failed, total = :total,
         messages = :messages, failures = :failures, finished_at = :finishedAt, leased_until = :leasedUntil,
         lease_holder = :nextHolder, is_open = :open, started_at = COALESCE(started_at, :startedAt)
       WHERE id = :id AND lease_holder = :holder AND is_open = 1`,
      {
        ...rest,
        messages: JSON.stringify(messages),
        leasedUntil,
        nextHolder: leasedUntil === null ? null : holder,
        open: progress.finishedAt === null,
        id,
        holder,
        startedAt,
      },
    );
    return changed > 0;
  }

  async requestCancel(tx: Tx, id: string): Promise<boolean> {
    return (
      (await tx.execute('UPDATE {job} SET cancel_requested = 1 WHERE id = :id AND is_open = 1', { id })) > 0
    );
  }

  async cancelRequested(id: string): Promise<boolean> {
    const [row] = await this.db.query<{ cancel_requested: number }>(
      'SELECT cancel_requested FROM {job} WHERE id = :id',
      { id },
    );
    return row?.cancel_requested === 1;
  }

  async get(id: string): Promise<Job | undefined> {
    const [row] = await this.db.query<JobRow>(`SELECT ${SELECT} FROM {job} j WHERE j.id = :id`, { id });
    return row && toJob(row);
  }

  /** Newest first unless told. */
  async list(request: JobQuery, createdBy?: string): Promise<{ items: Job[]; nextCursor?: string }> {
    const { rows, next } = await listPage<JobRow>(this.db, {
      model: jobModel,
      sql: `SELECT ${SELECT} FROM {job} j${createdBy === undefined ? '' : ' WHERE j.created_by = :createdBy'}`,
      ...(createdBy !== undefined && { params: { createdBy } }),
      defaultOrder: ['createdAt desc', 'id'],
      ...request,
    });
    return { items: rows.map(toJob), ...(next !== undefined && { nextCursor: next }) };
  }

  /** Forgets jobs that ended before this time; at most `limit` at once. */
  async prune(before: number, limit: number): Promise<number> {
    const rows = await this.db.query<{ id: string }>(
      `SELECT id FROM {job} WHERE is_open = 0 AND finished_at < :before ORDER BY created_at
       ${limitSql(this.db.dialect, limit)}`,
      { before },
    );
    if (rows.length === 0) return 0;
    return this.db.execute('DELETE FROM {job} WHERE id IN (:ids)', { ids: rows.map(({ id }) => id) });
  }
}

const jobModel: ClassModel = {
  name: 'Job',
  table: 'job',
  keyColumn: 'id',
  single: true,
  properties: [
    { name: 'id', type: 'text', column: 'id', foldedColumn: 'id' },
    { name: 'kind', type: 'text', column: 'kind', foldedColumn: 'kind' },
    { name: 'state', type: 'text', column: 'state', foldedColumn: 'state' },
    { name: 'createdAt', type: 'time', column: 'created_at' },
    { name: 'finishedAt', type: 'time', column: 'finished_at' },
  ],
};

export function toJob(row: JobRow): Job {
  return jobSchema.parse({
    id: row.id,
    kind: row.kind,
    title: row.title,
    state: row.state,
    done: row.done,
    failed: row.failed,
    total: row.total,
    messages: JSON.parse(row.messages) as unknown,
    createdAt: row.created_at,
    createdBy: row.created_by,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  });
}
