import { collectionScheduleSchema } from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import type { JobService } from '../jobs/job.service.js';
import { nextEvaluation } from './refresh-schedule.js';
import { COLLECTION_EVALUATION } from './evaluation.job.js';
import type { CollectionStateStore } from './collection-state.store.js';
import type { EvaluationLock } from './evaluation-lock.js';

export interface EvaluationSchedulerOptions {
  readonly db: Database;
  readonly states: CollectionStateStore;
  readonly lock: EvaluationLock;
  readonly jobs: Pick<JobService, 'create'>;
  readonly now: () => Date;
}

/** Starts the evaluations that schedules ask for, one job for all that are due; any replica does. */
export class EvaluationScheduler {
  constructor(private readonly options: EvaluationSchedulerOptions) {}

  async startDue(): Promise<void> {
    const { db, states, lock, jobs } = this.options;
    const now = this.options.now().getTime();
    if (!(await states.isAnyDue(db, now))) return;
    await db.transaction(async (tx) => {
      await lock.take(tx);
      const due = await states.due(tx, now);
      if (due.length === 0) return;
      for (const { collection_id, schedule } of due)
        await states.setDue(
          tx,
          collection_id,
          nextEvaluation(collectionScheduleSchema.parse(JSON.parse(schedule)), now),
        );
      await jobs.create(tx, {
        kind: COLLECTION_EVALUATION,
        title:
          due.length === 1
            ? `Scheduled evaluation of ${due[0]?.collection_id}`
            : `Scheduled evaluation of ${due.length} collections`,
        params: { collectionIds: due.map(({ collection_id }) => collection_id) },
        createdBy: 'schedule',
      });
    });
  }
}
