import { deploymentErrors, evaluatePolicy, resourceErrors, type Job } from '@espalier/contracts';
import type { CallOptions, Messaging } from '@espalier/messaging';
import type { Database } from '@espalier/persistence';
import { z } from 'zod';
import type { JobKind, JobStepResult, RunningJob } from '../jobs/job.kind.js';
import type { JobService } from '../jobs/job.service.js';
import type { IdempotencyService } from '../idempotency/idempotency.service.js';
import type { DeploymentStore } from './deployment.store.js';
import type { EvaluationStore } from './evaluation.store.js';

export interface EvaluationServiceOptions {
  readonly db: Database;
  readonly store: EvaluationStore;
  readonly deployments: DeploymentStore;
  readonly jobs: Pick<JobService, 'create'>;
  readonly idempotency: IdempotencyService;
  readonly messaging: Pick<Messaging, 'call'>;
}

/** Who asks. */
export interface Asker {
  readonly callerId: string;
  readonly title: string;
  readonly origin: CallOptions;
}

const paramsSchema = z.object({ deploymentId: z.uuid() });
type Params = z.output<typeof paramsSchema>;

const KIND = 'deployment-evaluation';
const MEMBERS_AT_ONCE = 1_000;
/** As many as the contract takes. */
const ENROLLMENTS_AT_ONCE = 1_000;
const NAME_LENGTH = 255;

/** Has devices looked at anew by the policy: one at once, those of a deployment as a job. */
export class EvaluationService {
  constructor(private readonly options: EvaluationServiceOptions) {}

  /**
   * Has the policy look at the device and its users; how many enrolments that are.
   * @throws EspalierError ESP_RESOURCE_UNKNOWN, as mdm-policy answered
   */
  async device(resourceId: number, asker: Asker): Promise<{ scheduled: number }> {
    const { db, store, messaging } = this.options;
    const enrollmentIds = await store.ofResource(db, resourceId);
    if (enrollmentIds === undefined)
      throw resourceErrors.ESP_RESOURCE_UNKNOWN({ detail: String(resourceId) });
    if (enrollmentIds.length === 0) return { scheduled: 0 };
    const requestedBy = asker.title.slice(0, NAME_LENGTH);
    const some = enrollmentIds.slice(0, ENROLLMENTS_AT_ONCE);
    return messaging.call(evaluatePolicy, { enrollmentIds: some, requestedBy }, asker.origin);
  }

  /**
   * Makes a job that has the policy look at every member of the deployment's collection.
   * @throws EspalierError ESP_DEPLOYMENT_UNKNOWN
   */
  async deployment(deploymentId: string, asker: Asker, key: string | undefined): Promise<Job> {
    const { deployments, jobs, idempotency } = this.options;
    const request = { callerId: asker.callerId, key, body: { evaluate: deploymentId } };
    return idempotency.run(request, async (tx) => {
      const row = await deployments.findCounted(tx, deploymentId);
      if (row === undefined) throw deploymentErrors.ESP_DEPLOYMENT_UNKNOWN({ detail: deploymentId });
      return jobs.create(tx, {
        kind: KIND,
        title: `Evaluation of the deployment "${row.name}"`,
        params: { deploymentId } satisfies Params,
        createdBy: asker.title,
        total: row.targeted,
      });
    });
  }

  /** The work itself: evaluating twice does no harm. */
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
    const { db, store, deployments, messaging } = this.options;
    const deployment = await deployments.find(db, params.deploymentId);
    if (deployment === undefined)
      return { done: 0, cursor, finished: true, messages: ['The deployment was deleted meanwhile.'] };
    const { enrollmentIds, last } = await store.ofCollection(
      db,
      deployment.collectionId,
      Number(cursor ?? 0),
      MEMBERS_AT_ONCE,
    );
    const requestedBy = createdBy.slice(0, NAME_LENGTH);
    for (let from = 0; from < enrollmentIds.length; from += ENROLLMENTS_AT_ONCE) {
      const some = enrollmentIds.slice(from, from + ENROLLMENTS_AT_ONCE);
      await messaging.call(evaluatePolicy, { enrollmentIds: some, requestedBy }, { signal });
    }
    return {
      done: enrollmentIds.length,
      cursor: last === undefined ? cursor : String(last),
      finished: last === undefined,
    };
  }
}
