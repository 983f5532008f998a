import type { Provider, Type } from '@nestjs/common';
import type { Database } from '@espalier/persistence';
import type { Keyring } from '@espalier/secrets';
import type { Logger } from '@espalier/service-kit';
import type { Accountability } from '../approvals/accountability.js';
import type { ActionCatalogue } from '../approvals/action.catalogue.js';
import type { ApprovalPolicies } from '../approvals/approval.policies.js';
import type { ApprovalService } from '../approvals/approval.service.js';
import type { SecondPerson } from '../approvals/second-person.js';
import type { CollectionReach } from '../collections/collection-reach.js';
import type { IdempotencyService } from '../idempotency/idempotency.service.js';
import type { JobKind } from '../jobs/job.kind.js';
import type { JobService } from '../jobs/job.service.js';
import type { NumberSeries } from '../number-series/number-series.js';
import { ScriptController } from '../scripts/script.controller.js';
import { ScriptService } from '../scripts/script.service.js';
import { ScriptStore } from '../scripts/script.store.js';
import { ClientTaskController } from './client-task.controller.js';
import { ClientTaskService } from './client-task.service.js';
import { ClientWorkController } from './client-work.controller.js';
import { ClientWorkService } from './client-work.service.js';
import { OperationService } from './operation.service.js';
import { OperationStore } from './operation.store.js';
import { ScriptRunService } from './script-run.service.js';
import { TargetStore } from './target.store.js';
import { TaskStore } from './task.store.js';
import { TaskUpkeep } from './task.upkeep.js';

/** What the rooms need from outside. */
export interface ClientTaskSurroundings {
  readonly db: Database;
  readonly jobs: Pick<JobService, 'create'>;
  readonly idempotency: IdempotencyService;
  readonly numbers: Pick<NumberSeries, 'take'>;
  readonly reach: Pick<CollectionReach, 'definitionsOf'>;
  readonly approvals: {
    readonly approvals: Pick<ApprovalService, 'need' | 'countAlone'>;
    readonly policies: Pick<ApprovalPolicies, 'mode' | 'of' | 'asksForApproval'>;
    readonly secondPerson: SecondPerson;
    readonly accounts: Accountability;
    readonly actions: ActionCatalogue;
  };
  readonly vault: Keyring;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** Scripts, and what Mac clients are to do. */
export interface ClientTaskRooms {
  readonly scripts: ScriptService;
  readonly runs: ScriptRunService;
  readonly work: ClientWorkService;
  readonly operations: OperationService;
  /** For the door of Mac clients: `register`, `take` and `report`. */
  readonly tasks: ClientTaskService;
  readonly targets: TargetStore;
  readonly upkeep: TaskUpkeep;
  /** Its kind belongs to the job runner. */
  readonly jobKind: JobKind<{ operationId: number }>;
  /** Forgets operations of before this time (epoch ms), a little at a time; how much went. */
  readonly prune: (before: number) => Promise<number>;
}

/** Every controller of these rooms. */
export const clientTaskControllers: readonly Type[] = [
  ScriptController,
  ClientTaskController,
  ClientWorkController,
];

/** What these controllers need. */
export const clientTaskProviders = (rooms: ClientTaskRooms): Provider[] => [
  { provide: ScriptService, useValue: rooms.scripts },
  { provide: ScriptRunService, useValue: rooms.runs },
  { provide: ClientWorkService, useValue: rooms.work },
  { provide: OperationService, useValue: rooms.operations },
  { provide: ClientTaskService, useValue: rooms.tasks },
];

const PRUNED_AT_ONCE = 500;

/** Builds the rooms. Read it from top to bottom: what is below uses what is above. */
export function buildClientTaskRooms(outside: ClientTaskSurroundings): ClientTaskRooms {
  const { db, approvals } = outside;
  const [operationStore, tasks, targets] = [new OperationStore(), new TaskStore(), new TargetStore()];
  const scripts = new ScriptService({
    ...outside,
    ...approvals,
    store: new ScriptStore(),
    // What waits for devices is behind scripts: it hears of those that are not to run any more.
    listener: { withdrawn: (...args) => operations.withdraw(...args) },
  });
  const stores = { operations: operationStore, tasks, targets, scripts };
  const operations: OperationService = new OperationService({ ...outside, ...stores });
  const runs = new ScriptRunService({
    ...outside,
    scripts,
    targets,
    operations,
    approvals: approvals.approvals,
  });
  approvals.actions.add(runs.action());
  return {
    scripts,
    runs,
    work: new ClientWorkService({ ...outside, ...approvals, operations }),
    operations,
    tasks: new ClientTaskService({ ...outside, ...stores }),
    targets,
    upkeep: new TaskUpkeep({ ...outside, tasks }),
    jobKind: operations.kind(),
    prune: async (before) =>
      (await tasks.prune(db, before, PRUNED_AT_ONCE)) ||
      (await operationStore.prune(db, before, PRUNED_AT_ONCE)),
  };
}
