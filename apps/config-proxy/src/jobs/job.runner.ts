import { isEspalierError, jobProgressed, type ApiScope, type JobState } from '@espalier/contracts';
import type { EventPublisher } from '@espalier/messaging';
import type { Database, Tx } from '@espalier/persistence';
import { NudgedLoop, type Logger } from '@espalier/service-kit';
import type { JobKind, JobStepResult } from './job.kind.js';
import type { JobProgress, JobRow, JobStore } from './job.store.js';

export interface JobRunnerOptions {
  readonly db: Database;
  readonly store: JobStore;
  readonly events: EventPublisher<Tx>;
  readonly kinds: readonly JobKind<unknown>[];
  readonly logger: Logger;
  readonly now: () => Date;
  readonly uuid: () => string;
  readonly pollMs?: number;
  /** Wait after a failed step, in ms; twice as long after each more. */
  readonly retryMs?: number;
  /** How long a step may take before another loop or replica takes the job for given up, in ms. */
  readonly leaseMs?: number;
}

/** The row as it stands after a step. */
const after = (job: JobRow, progress: JobProgress): JobRow => ({
  ...job,
  ...progress,
  messages: JSON.stringify(progress.messages),
});

/** A replica that is silent for so long has died: another one goes on. Longer than any step. */
const LEASE_MS = 60_000;
const JOBS_AT_ONCE = 3;
const MAX_FAILURES = 5;
const RETRY_MS = 1_000;
const MAX_MESSAGES = 20;
/** Live progress: often enough to watch, not with every step. */
const TELL_EVERY_MS = 500;

/** Works on jobs, step by step; several replicas share them. */
export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #kinds: ReadonlyMap<string, JobKind<unknown>>;
  /** Each works on one job at a time, so that a short one need not wait for a long one. */
  readonly #loops: readonly NudgedLoop[];

  constructor(options: JobRunnerOptions) {
    this.#options = options;
    this.#kinds = new Map(options.kinds.map((kind) => [kind.kind, kind]));
    this.#loops = Array.from(
      { length: JOBS_AT_ONCE },
      () =>
        new NudgedLoop({
          name: 'jobs',
          logger: options.logger,
          pollMs: options.pollMs ?? 1_000,
          run: (signal) => this.#work(signal),
        }),
    );
  }

  get #leaseMs(): number {
    return this.#options.leaseMs ?? LEASE_MS;
  }

  start(): void {
    for (const loop of this.#loops) loop.start();
  }

  nudge(): void {
    for (const loop of this.#loops) loop.nudge();
  }

  cancelScope(kind: string): ApiScope | null {
    return this.#kinds.get(kind)?.cancelScope ?? null;
  }

  /** The step under way is finished; the job goes on elsewhere, or after the restart. */
  async stop(): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.stop()));
  }

  async #work(signal: AbortSignal): Promise<boolean> {
    const now = this.#options.now().getTime();
    // Of this claim alone: a loop beside us may have taken over what we were too slow for.
    const holder = this.#options.uuid();
    const job = await this.#options.store.claim(holder, now, now + this.#leaseMs);
    if (job === undefined) return false;
    await this.#run(job, holder, signal);
    return true;
  }

  async #run(row: JobRow, holder: string, signal: AbortSignal): Promise<void> {
    const startedAt = row.started_at ?? this.#options.now().getTime();
    let job = row;
    let toldAt = 0;
    for (;;) {
      const cancelled = await this.#options.store.cancelRequested(job.id);
      const progress = cancelled ? this.#ended(job, 'cancelled', []) : await this.#step(job, signal);
      const giveBack = signal.aborted || progress.failures > job.failures;
      const now = this.#options.now().getTime();
      const over = progress.finishedAt !== null;
      const tell = over || now - toldAt > TELL_EVERY_MS;
      if (tell) toldAt = now;
      const leasedUntil =
        over || giveBack ? (over ? null : this.#retryAt(progress, now)) : now + this.#leaseMs;
      if (!(await this.#save(job, holder, startedAt, { ...progress, leasedUntil }, tell))) return;
      if (over || giveBack) return;
      job = after(job, progress);
    }
  }

  /** A step that failed is tried again after a while; a job that is handed over may begin at once. */
  #retryAt(progress: JobProgress, now: number): number | null {
    return progress.failures === 0
      ? null
      : now + (this.#options.retryMs ?? RETRY_MS) * 2 ** progress.failures;
  }

  async #step(job: JobRow, signal: AbortSignal): Promise<JobProgress> {
    const kind = this.#kinds.get(job.kind);
    if (kind === undefined)
      return this.#ended(job, 'failed', [`This version knows no work of the kind ${job.kind}.`]);
    const params = kind.params.safeParse(JSON.parse(job.params));
    if (!params.success)
      return this.#ended(job, 'failed', ['What the job was told is not what this version understands.']);
    try {
      const { id, position: cursor, created_by: createdBy } = job;
      return this.#advanced(job, await kind.step({ id, params: params.data, cursor, createdBy }, signal));
    } catch (error) {
      this.#options.logger.warn({ err: error, job: job.id, kind: job.kind }, 'a step of a job failed');
      const failures = job.failures + 1;
      // What the caller did wrong does not become right by trying again.
      const hopeless = isEspalierError(error) && error.status < 500;
      if (!hopeless && failures < MAX_FAILURES) return { ...this.#standing(job), failures };
      return this.#ended(job, 'failed', [
        isEspalierError(error) ? error.message : 'Something went wrong inside.',
      ]);
    }
  }

  #standing(job: JobRow): JobProgress {
    return {
      state: 'running',
      position: job.position,
      done: job.done,
      failed: job.failed,
      total: job.total,
      messages: JSON.parse(job.messages) as string[],
      failures: 0,
      finishedAt: null,
      leasedUntil: null,
    };
  }

  #advanced(job: JobRow, result: JobStepResult): JobProgress {
    const standing = this.#standing(job);
    return {
      ...standing,
      state: result.finished ? 'succeeded' : 'running',
      position: result.cursor,
      done: job.done + result.done,
      failed: job.failed + (result.failed ?? 0),
      total: result.total ?? job.total,
      messages: [...standing.messages, ...(result.messages ?? [])].slice(0, MAX_MESSAGES),
      finishedAt: result.finished ? this.#options.now().getTime() : null,
    };
  }

  #ended(job: JobRow, state: JobState, messages: readonly string[]): JobProgress {
    const standing = this.#standing(job);
    return {
      ...standing,
      state,
      messages: [...standing.messages.slice(0, MAX_MESSAGES - 1), ...messages],
      finishedAt: this.#options.now().getTime(),
    };
  }

  async #abandon(tx: Tx, job: JobRow): Promise<void> {
    const kind = this.#kinds.get(job.kind);
    const params = kind?.params.safeParse(JSON.parse(job.params));
    if (params?.success === true) await kind?.abandoned?.(tx, params.data);
  }

  #save(
    job: JobRow,
    holder: string,
    startedAt: number,
    progress: JobProgress,
    tell: boolean,
  ): Promise<boolean> {
    const { db, store, events, now } = this.#options;
    return db.transaction(async (tx) => {
      if (!(await store.save(tx, job.id, holder, startedAt, progress))) return false;
      if (progress.state === 'cancelled' || progress.state === 'failed') await this.#abandon(tx, job);
      if (tell)
        await events.publish(tx, jobProgressed, {
          jobId: job.id,
          kind: job.kind,
          state: progress.state,
          done: progress.done,
          total: progress.total,
          at: now().getTime(),
        });
      return true;
    });
  }
}
