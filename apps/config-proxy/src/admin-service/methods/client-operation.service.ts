import {
  adminServiceErrors,
  collectionErrors,
  evaluatePolicy,
  isEspalierError,
  mdmErrors,
  requestInventory,
  submitCommand,
  type Approval,
} from '@espalier/contracts';
import type { CallOptions, Messaging } from '@espalier/messaging';
import type { Database, Queryable } from '@espalier/persistence';
import { z } from 'zod';
import type { CommandApprovals } from '../../approvals/command-approvals.js';
import type { CollectionStore } from '../../collections/collection.store.js';
import type { IdempotencyService } from '../../idempotency/idempotency.service.js';
import type { JobKind, JobStepResult, RunningJob } from '../../jobs/job.kind.js';
import type { JobService } from '../../jobs/job.service.js';
import type { MdmClient } from '../../mdm/mdm.client.js';
import type { NumberSeries } from '../../number-series/number-series.js';
import type { ClientOperationStore } from '../client-operation.store.js';
import type { Visitor } from '../door.js';

export interface ClientOperationOptions {
  readonly db: Database;
  readonly store: ClientOperationStore;
  readonly collections: Pick<CollectionStore, 'find'>;
  readonly jobs: Pick<JobService, 'create'>;
  readonly idempotency: IdempotencyService;
  readonly numbers: Pick<NumberSeries, 'take'>;
  readonly messaging: Pick<Messaging, 'call'>;
  readonly mdm: Pick<MdmClient, 'ask'>;
  readonly commands: Pick<CommandApprovals, 'need'>;
}

/** What a script asks for. */
export interface OperationRequest {
  readonly type: number;
  readonly collectionId: string;
  /** Members of the collection; empty: all of them. */
  readonly resourceIds: readonly number[];
}

const paramsSchema = z.object({
  work: z.enum(['policy', 'inventory', 'restart']),
  collectionId: z.string(),
  resourceIds: z.array(z.number()),
});
type Params = z.output<typeof paramsSchema>;
type Work = Params['work'];
interface TitledWork {
  readonly work: Work;
  readonly title: string;
}

/** Who asks, and under which key. */
type Asking = Pick<Visitor, 'caller' | 'asked'>;

const KIND = 'client-operation';
const MEMBERS_AT_ONCE = 500;
const NAME_LENGTH = 255;

/** ConfigMgr's types of operations that devices can carry out here. */
const works: Readonly<Record<number, TitledWork>> = {
  8: { work: 'policy', title: 'Computer policy' },
  9: { work: 'policy', title: 'User policy' },
  10: { work: 'inventory', title: 'Discovery data' },
  11: { work: 'inventory', title: 'Software inventory' },
  12: { work: 'inventory', title: 'Hardware inventory' },
  13: { work: 'policy', title: 'Application evaluation' },
};

/** The one that interrupts people: it goes the way of the command RestartDevice. */
export const RESTART = 17;
const restart = {
  command: { requestType: 'RestartDevice', arguments: {}, raw: false },
  priority: 0,
  push: true,
};
/** More than any policy lets pass within an hour. */
const MOST_RESTARTED = 10_000;

/** Client operations: long work of a kind of their own, known by a number. */
export class ClientOperationService {
  constructor(private readonly options: ClientOperationOptions) {}

  /**
   * Begins an operation, once for each key; gives its number.
   * @throws EspalierError ESP_ADMIN_SERVICE_NOT_SUPPORTED, ESP_COLLECTION_UNKNOWN,
   * ESP_ADMIN_SERVICE_REQUEST_INVALID where a device is not in the collection
   */
  initiate(request: OperationRequest, asking: Asking): Promise<number> {
    return this.#begin(request, workOf(request.type), asking);
  }

  /**
   * Restarts devices by their enrolments: the number of the operation, or the approval that it waits for.
   * @param reach checks that whoever asks reaches these enrolments
   * @throws EspalierError as `initiate` and `CommandApprovals.need`; ESP_MDM_ENROLLMENT_NOT_ACTIVE where none is enrolled
   */
  async restart(
    { collectionId, resourceIds }: Omit<OperationRequest, 'type'>,
    asking: Asking,
    reach: (enrollmentIds: readonly string[]) => Promise<void>,
  ): Promise<number | Approval> {
    const { db, store, commands } = this.options;
    const { caller, asked } = asking;
    const { collection, wanted } = await this.#targets(db, collectionId, resourceIds);
    const devices = wanted.length > 0 ? wanted : await store.next(db, collectionId, 0, MOST_RESTARTED + 1);
    if (devices.length > MOST_RESTARTED)
      throw adminServiceErrors.ESP_ADMIN_SERVICE_REQUEST_INVALID({
        detail: `${collection.name} has more than ${MOST_RESTARTED} members: name TargetResourceIDs.`,
      });
    const enrollmentIds: string[] = [];
    for (let from = 0; from < devices.length; from += MEMBERS_AT_ONCE)
      enrollmentIds.push(...(await store.enrollments(db, devices.slice(from, from + MEMBERS_AT_ONCE))));
    if (enrollmentIds.length === 0)
      throw mdmErrors.ESP_MDM_ENROLLMENT_NOT_ACTIVE({ detail: 'None of the devices is enrolled.' });
    await reach(enrollmentIds);
    const reason = asked.reason ?? 'Asked for through AdminService (client operation 17, restart).';
    const approval = await commands.need({ ...restart, enrollmentIds }, caller, { key: asked.key, reason });
    if (approval !== 'no') return approval;
    const work = { work: 'restart', title: 'Restart' } as const;
    // Those who were counted: none that joins the collection meanwhile.
    return this.#begin({ type: RESTART, collectionId, resourceIds }, work, asking, devices);
  }

  async #begin(
    request: OperationRequest,
    { work, title }: TitledWork,
    { caller, asked }: Asking,
    resourceIds = request.resourceIds,
  ): Promise<number> {
    const { store, jobs, numbers, idempotency } = this.options;
    const { type, collectionId } = request;
    const once = { callerId: caller.credentialId, key: asked.key, body: request };
    return idempotency.run(once, async (tx) => {
      const { collection, wanted } = await this.#targets(tx, collectionId, resourceIds);
      const job = await jobs.create(tx, {
        kind: KIND,
        title: `${title}: ${collection.name}`,
        params: { work, collectionId, resourceIds: wanted } satisfies Params,
        createdBy: caller.title,
        total: wanted.length > 0 ? wanted.length : collection.member_count,
      });
      const operationId = await numbers.take(tx, 'client-operation', 1);
      await store.insert(tx, { operationId, jobId: job.id, type, collectionId });
      return operationId;
    });
  }

  /** The collection, and those of its members that are named. */
  async #targets(on: Queryable, collectionId: string, resourceIds: readonly number[]) {
    const { store, collections } = this.options;
    const collection = await collections.find(on, collectionId);
    if (collection?.kind !== 'device')
      throw collectionErrors.ESP_COLLECTION_UNKNOWN({ detail: collectionId });
    const wanted = [...new Set(resourceIds)].sort((a, b) => a - b);
    const members = await store.members(on, collectionId, wanted);
    const known = new Set(members);
    const strangers = wanted.filter((id) => !known.has(id));
    if (strangers.length > 0)
      throw adminServiceErrors.ESP_ADMIN_SERVICE_REQUEST_INVALID({
        detail: `Not in ${collectionId}: ${strangers.slice(0, 5).join(', ')}.`,
      });
    return { collection, wanted };
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

  async #step(job: RunningJob<Params>, signal: AbortSignal): Promise<JobStepResult> {
    const { db, store } = this.options;
    const { params, cursor } = job;
    const { collectionId, resourceIds, work } = params;
    const after = Number(cursor ?? 0);
    const some =
      resourceIds.length > 0
        ? resourceIds.filter((id) => id > after).slice(0, MEMBERS_AT_ONCE)
        : await store.next(db, collectionId, after, MEMBERS_AT_ONCE);
    const last = some.at(-1);
    if (last === undefined) return { done: 0, cursor, finished: true };
    const enrollmentIds = await store.enrollments(db, some);
    if (enrollmentIds.length > 0) await this.#ask(job, { work, enrollmentIds, after }, { signal });
    return { done: some.length, cursor: String(last), finished: false };
  }

  async #ask(
    { id, createdBy }: RunningJob<Params>,
    {
      work,
      enrollmentIds,
      after,
    }: { readonly work: Work; readonly enrollmentIds: string[]; readonly after: number },
    options: CallOptions,
  ): Promise<void> {
    const { messaging } = this.options;
    const by = createdBy.slice(0, NAME_LENGTH);
    if (work === 'restart') await this.#restart(`operation:${id}:${after}`, enrollmentIds, by, options);
    else if (work === 'policy')
      await messaging.call(evaluatePolicy, { enrollmentIds, requestedBy: by }, options);
    else
      await messaging.call(
        requestInventory,
        { enrollmentIds, kinds: ['device', 'security', 'profiles', 'applications'], createdBy: by },
        options,
      );
  }

  /** mdm carries a request id out once; a step that is done again finds other devices where some have left. */
  async #restart(
    requestId: string,
    enrollmentIds: string[],
    by: string,
    options: CallOptions,
  ): Promise<void> {
    const request = { ...restart, requestId, enrollmentIds, createdBy: by, onInactive: 'skip' } as const;
    try {
      await this.options.mdm.ask(submitCommand, request, options);
    } catch (error) {
      if (!isEspalierError(error) || error.code !== 'ESP_MDM_REQUEST_ID_REUSED') throw error;
    }
  }
}

function workOf(type: number): TitledWork {
  const known = works[type];
  if (known !== undefined) return known;
  throw adminServiceErrors.ESP_ADMIN_SERVICE_NOT_SUPPORTED({
    detail: `Client operation ${type} is not known here: ${[...Object.keys(works), RESTART].join(', ')} are.`,
  });
}
