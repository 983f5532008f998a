import { adminServiceErrors, collectionErrors, evaluatePolicy, requestInventory } from '@espalier/contracts';
import type { CallOptions, Messaging } from '@espalier/messaging';
import type { Database } from '@espalier/persistence';
import { z } from 'zod';
import type { CollectionStore } from '../../collections/collection.store.js';
import type { JobKind, JobStepResult, RunningJob } from '../../jobs/job.kind.js';
import type { JobService } from '../../jobs/job.service.js';
import type { NumberSeries } from '../../number-series/number-series.js';
import type { ClientOperationStore } from '../client-operation.store.js';

export interface ClientOperationOptions {
  readonly db: Database;
  readonly store: ClientOperationStore;
  readonly collections: Pick<CollectionStore, 'find'>;
  readonly jobs: Pick<JobService, 'create'>;
  readonly numbers: Pick<NumberSeries, 'take'>;
  readonly messaging: Pick<Messaging, 'call'>;
}

/** What a script asks for. */
export interface OperationRequest {
  readonly type: number;
  readonly collectionId: string;
  /** Members of the collection; empty: all of them. */
  readonly resourceIds: readonly number[];
}

const paramsSchema = z.object({
  work: z.enum(['policy', 'inventory']),
  collectionId: z.string(),
  resourceIds: z.array(z.number()),
});
type Params = z.output<typeof paramsSchema>;
type Work = Params['work'];

const KIND = 'client-operation';
const MEMBERS_AT_ONCE = 500;
const NAME_LENGTH = 255;

/** ConfigMgr's types of operations that devices can carry out here. */
const works: Readonly<Record<number, { readonly work: Work; readonly title: string }>> = {
  8: { work: 'policy', title: 'Computer policy' },
  9: { work: 'policy', title: 'User policy' },
  10: { work: 'inventory', title: 'Discovery data' },
  11: { work: 'inventory', title: 'Software inventory' },
  12: { work: 'inventory', title: 'Hardware inventory' },
  13: { work: 'policy', title: 'Application evaluation' },
};

const RESTART = 17;

/** Client operations: long work of a kind of their own, known by a number. */
export class ClientOperationService {
  constructor(private readonly options: ClientOperationOptions) {}

  /**
   * Begins an operation; gives its number.
   * @throws EspalierError ESP_ADMIN_SERVICE_NOT_SUPPORTED, ESP_ADMIN_SERVICE_NEEDS_APPROVAL, ESP_COLLECTION_UNKNOWN,
   * ESP_ADMIN_SERVICE_REQUEST_INVALID where a device is not in the collection
   */
  async initiate({ type, collectionId, resourceIds }: OperationRequest, by: string): Promise<number> {
    const { db, store, collections, jobs, numbers } = this.options;
    const { work, title } = workOf(type);
    return db.transaction(async (tx) => {
      const collection = await collections.find(tx, collectionId);
      if (collection?.kind !== 'device')
        throw collectionErrors.ESP_COLLECTION_UNKNOWN({ detail: collectionId });
      const wanted = [...new Set(resourceIds)].sort((a, b) => a - b);
      const members = await store.members(tx, collectionId, wanted);
      const strangers = wanted.filter((id) => !members.includes(id));
      if (strangers.length > 0)
        throw adminServiceErrors.ESP_ADMIN_SERVICE_REQUEST_INVALID({
          detail: `Not in ${collectionId}: ${strangers.slice(0, 5).join(', ')}.`,
        });
      const job = await jobs.create(tx, {
        kind: KIND,
        title: `${title}: ${collection.name}`,
        params: { work, collectionId, resourceIds: wanted } satisfies Params,
        createdBy: by,
        total: wanted.length > 0 ? wanted.length : collection.member_count,
      });
      const operationId = await numbers.take(tx, 'client-operation', 1);
      await store.insert(tx, { operationId, jobId: job.id, type, collectionId });
      return operationId;
    });
  }

  /** The work itself: asking twice does no harm. */
  kind(): JobKind<Params> {
    return {
      kind: KIND,
      params: paramsSchema,
      cancelScope: 'devices:push',
      step: (job, signal) => this.#step(job, signal),
    };
  }

  async #step(
    { params, cursor, createdBy }: RunningJob<Params>,
    signal: AbortSignal,
  ): Promise<JobStepResult> {
    const { db, store } = this.options;
    const { collectionId, resourceIds, work } = params;
    const after = Number(cursor ?? 0);
    const some =
      resourceIds.length > 0
        ? resourceIds.filter((id) => id > after).slice(0, MEMBERS_AT_ONCE)
        : await store.next(db, collectionId, after, MEMBERS_AT_ONCE);
    const last = some.at(-1);
    if (last === undefined) return { done: 0, cursor, finished: true };
    const enrollmentIds = await store.enrollments(db, some);
    if (enrollmentIds.length > 0)
      await this.#ask(work, enrollmentIds, createdBy.slice(0, NAME_LENGTH), { signal });
    return { done: some.length, cursor: String(last), finished: false };
  }

  async #ask(work: Work, enrollmentIds: string[], by: string, options: CallOptions): Promise<void> {
    const { messaging } = this.options;
    if (work === 'policy') await messaging.call(evaluatePolicy, { enrollmentIds, requestedBy: by }, options);
    else
      await messaging.call(
        requestInventory,
        { enrollmentIds, kinds: ['device', 'security', 'profiles', 'applications'], createdBy: by },
        options,
      );
  }
}

function workOf(type: number): { readonly work: Work; readonly title: string } {
  const known = works[type];
  if (known !== undefined) return known;
  if (type === RESTART)
    throw adminServiceErrors.ESP_ADMIN_SERVICE_NEEDS_APPROVAL({ detail: 'Type 17 restarts devices.' });
  throw adminServiceErrors.ESP_ADMIN_SERVICE_NOT_SUPPORTED({
    detail: `Client operation ${type} is not known here: ${Object.keys(works).join(', ')} are.`,
  });
}
