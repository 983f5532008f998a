import { jobProgressed, siteErrors, type ApiScope, type Job } from '@espalier/contracts';
import type { EventPublisher } from '@espalier/messaging';
import type { Database, Tx } from '@espalier/persistence';
import type { JobQuery, JobStore } from './job.store.js';

export interface JobServiceOptions {
  readonly db: Database;
  readonly store: JobStore;
  readonly events: EventPublisher<Tx>;
  readonly now: () => Date;
  readonly uuid: () => string;
}

export interface JobRequest {
  readonly kind: string;
  /** What it is about, for people. */
  readonly title: string;
  /** As the kind's schema has them. */
  readonly params: unknown;
  readonly createdBy: string;
  readonly total?: number;
}

/** What jobs are done by. */
export interface JobWorker {
  /** There is a new one. */
  nudge(): void;
  /** What it takes to cancel one of the kind; null where nobody can. */
  cancelScope(kind: string): ApiScope | null;
}

/** Takes long work in, shows how far it is, and stops it. */
export class JobService {
  #worker: JobWorker | undefined;

  constructor(private readonly options: JobServiceOptions) {}

  workedOnBy(worker: JobWorker): void {
    this.#worker = worker;
  }

  nudge(): void {
    this.#worker?.nudge();
  }

  /** Makes a job in the caller's transaction; it begins after the commit. */
  async create(tx: Tx, request: JobRequest): Promise<Job> {
    const { store, events, now, uuid } = this.options;
    const { kind, title, params, createdBy, total = null } = request;
    const id = uuid();
    const at = now().getTime();
    await store.insert(tx, { id, kind, title, params, createdBy, total, at });
    await events.publish(tx, jobProgressed, { jobId: id, kind, state: 'queued', done: 0, total, at });
    tx.afterCommit(() => this.nudge());
    return {
      id,
      kind,
      title,
      state: 'queued',
      done: 0,
      failed: 0,
      total,
      messages: [],
      createdAt: at,
      createdBy,
      startedAt: null,
      finishedAt: null,
    };
  }

  /**
   * @param createdBy only where this one began it
   * @throws EspalierError ESP_SITE_JOB_UNKNOWN
   */
  async get(id: string, createdBy?: string): Promise<Job> {
    const job = await this.options.store.get(id);
    if (job === undefined || ![undefined, job.createdBy].includes(createdBy))
      throw siteErrors.ESP_SITE_JOB_UNKNOWN({ detail: id });
    return job;
  }

  /** @param createdBy only those that this one began */
  list(request: JobQuery, createdBy?: string): Promise<{ items: Job[]; nextCursor?: string }> {
    return this.options.store.list(request, createdBy);
  }

  /** What it takes to cancel the job. @throws EspalierError ESP_SITE_JOB_NOT_CANCELLABLE */
  cancelScope({ kind }: Pick<Job, 'kind'>): ApiScope {
    const scope = this.#worker?.cancelScope(kind) ?? null;
    if (scope === null) throw siteErrors.ESP_SITE_JOB_NOT_CANCELLABLE({ detail: `Its kind is ${kind}.` });
    return scope;
  }

  /** The step under way is finished first. @throws EspalierError ESP_SITE_JOB_UNKNOWN, ESP_SITE_JOB_FINISHED */
  async cancel(id: string): Promise<Job> {
    const { db, store } = this.options;
    const asked = await db.transaction((tx) => store.requestCancel(tx, id));
    const job = await this.get(id);
    if (!asked && job.state !== 'cancelled')
      throw siteErrors.ESP_SITE_JOB_FINISHED({ detail: `It has ${job.state}.` });
    this.nudge();
    return job;
  }
}
