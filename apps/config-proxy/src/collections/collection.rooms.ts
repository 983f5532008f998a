import { randomUUID } from 'node:crypto';
import type { republishScope } from '@espalier/contracts';
import type { EventPublisher, RequestHandler } from '@espalier/messaging';
import type { Database, Tx } from '@espalier/persistence';
import type { Keyring } from '@espalier/secrets';
import { NudgedLoop, type Logger } from '@espalier/service-kit';
import type { IdempotencyService } from '../idempotency/idempotency.service.js';
import type { JobKind } from '../jobs/job.kind.js';
import type { JobService } from '../jobs/job.service.js';
import { MaintenanceWindowService } from '../maintenance-windows/maintenance-window.service.js';
import { MaintenanceWindowStore } from '../maintenance-windows/maintenance-window.store.js';
import type { NumberSeries } from '../number-series/number-series.js';
import { ScopeComparisonService } from '../scope/scope-comparison.service.js';
import { ScopePublicationJob } from '../scope/scope-publication.job.js';
import { ScopeService } from '../scope/scope.service.js';
import { ScopeStore } from '../scope/scope.store.js';
import { makeBuiltInCollections } from './built-in.collections.js';
import { ChangeLogStore } from './change-log.store.js';
import { CollectionService, type CollectionDependant } from './collection.service.js';
import { CollectionReach } from './collection-reach.js';
import { CollectionStateStore } from './collection-state.store.js';
import { CollectionStore } from './collection.store.js';
import { DefinitionWriter } from './definition.writer.js';
import { DirectRuleService } from './direct-rule.service.js';
import { DirectRuleStore } from './direct-rule.store.js';
import { EvaluationJob } from './evaluation.job.js';
import { EvaluationLock } from './evaluation-lock.js';
import { EvaluationPlans } from './evaluation.plans.js';
import { EvaluationScheduler } from './evaluation.scheduler.js';
import { EvaluationService } from './evaluation.service.js';
import { EvaluationStore } from './evaluation.store.js';
import { MemberService } from './member.service.js';
import { MemberStore } from './member.store.js';
import { MembershipExplainer } from './membership.explainer.js';
import { PreviewService } from './preview.service.js';
import { QueryClassService } from './query-class.service.js';
import { QueryRuleBinder, type QueryModels } from './query-rule.binder.js';
import { ReachStore } from './reach.store.js';
import { RuleService } from './rule.service.js';
import { VariableService } from './variable.service.js';
import { VariableStore } from './variable.store.js';

/** What the rooms of collections need. */
export interface CollectionSurroundings {
  readonly db: Database;
  readonly events: EventPublisher<Tx>;
  readonly jobs: Pick<JobService, 'create'>;
  readonly numbers: NumberSeries;
  readonly idempotency: IdempotencyService;
  readonly vault: Keyring;
  readonly models: QueryModels;
  /** Three letters or digits. */
  readonly siteCode: string;
  readonly logger: Logger;
  readonly now: () => Date;
  readonly uuid?: () => string;
  /** Longest wait of the evaluator for work of another replica, in ms. */
  readonly pollMs?: number;
  /** Resources of one transaction of a whole evaluation, members of one of a publication. */
  readonly chunkSize?: number;
}

const SCHEDULE_POLL_MS = 15_000;

/** Rooms of collections, maintenance windows and scope, connected. */
export type CollectionRooms = ReturnType<typeof buildCollectionRooms>;

/** Connects the rooms; `start` lets them work. */
export function buildCollectionRooms(around: CollectionSurroundings) {
  const { db, events, jobs, numbers, idempotency, vault, models, siteCode, logger, now } = around;
  const collectionStore = new CollectionStore();
  const states = new CollectionStateStore();
  const store = new EvaluationStore();
  const memberStore = new MemberStore();
  const scopeStore = new ScopeStore();
  const lock = new EvaluationLock();
  const binder = new QueryRuleBinder(models);
  const changes = new ChangeLogStore();
  const plans = new EvaluationPlans({ collections: collectionStore, lock, binder, logger });
  const scope = new ScopeService({ store: scopeStore, changes, events, jobs, now });
  const evaluation = new EvaluationService({
    db,
    states,
    store,
    lock,
    plans,
    changes,
    scope,
    events,
    jobs,
    logger,
    now,
  });

  const directRuleStore = new DirectRuleStore();
  const directRules = new DirectRuleService({
    db,
    store: directRuleStore,
    collections: collectionStore,
    changes,
    now,
  });
  const writer = new DefinitionWriter({
    store: collectionStore,
    states,
    directRules,
    lock,
    binder,
    jobs,
    now,
  });
  const reach = new CollectionReach({
    reach: new ReachStore(),
    store,
    definitions: collectionStore,
    plans,
    lock,
    binder,
    now,
  });
  const dependants: CollectionDependant[] = [{ deleteWith: (tx, id) => memberStore.deleteAll(tx, id) }];
  const collections = new CollectionService({
    db,
    store: collectionStore,
    writer,
    reach,
    numbers,
    idempotency,
    binder,
    events,
    siteCode,
    now,
    dependants,
  });
  const windows = new MaintenanceWindowService({
    db,
    store: new MaintenanceWindowStore(),
    collections,
    states,
    scope,
    idempotency,
    uuid: around.uuid ?? randomUUID,
  });
  const variables = new VariableService({ db, store: new VariableStore(vault), collections });
  dependants.push(windows, variables);

  const evaluator = new NudgedLoop({
    name: 'collection changes',
    logger,
    ...(around.pollMs !== undefined && { pollMs: around.pollMs }),
    run: () => evaluation.evaluateChanges(),
  });
  changes.onRecorded(() => evaluator.nudge());
  const scheduler = new EvaluationScheduler({ db, states, lock, jobs, now });
  const schedule = new NudgedLoop({
    name: 'collection schedules',
    logger,
    pollMs: SCHEDULE_POLL_MS,
    run: async () => {
      await scheduler.startDue();
      return false;
    },
  });

  const chunk = around.chunkSize === undefined ? {} : { chunkSize: around.chunkSize };
  const jobKinds: readonly JobKind<unknown>[] = [
    new EvaluationJob({
      db,
      states,
      store,
      lock,
      plans,
      evaluation,
      events,
      now,
      ...chunk,
    }),
    new ScopePublicationJob({
      db,
      store: scopeStore,
      scope,
      lock,
      members: memberStore,
      tellWindows: (tx, id) => windows.tell(tx, id),
      ...chunk,
    }),
  ];

  return {
    /** For whoever writes facts of resources. */
    changes,
    /** For whoever writes enrolments, and for whoever deploys. */
    scope,
    /** For whoever keeps something of collections: asked before one is deleted. */
    addDependant: (dependant: CollectionDependant): void => {
      dependants.push(dependant);
    },
    /** For whoever deletes a device, in the same transaction: what people gave it here goes with it. */
    forgetDevice: async (tx: Tx, resourceId: number): Promise<void> => {
      await directRuleStore.deleteResource(tx, resourceId);
      await variables.deleteDevice(tx, resourceId);
    },
    /** For the job runner. */
    jobKinds,
    /** What controllers need. */
    collections,
    rules: new RuleService({ db, store: collectionStore, collections, writer, directRules, now }),
    directRules,
    /** For whoever must know how many devices a change reaches. */
    reach,
    members: new MemberService({ db, store: memberStore, collections }),
    explainer: new MembershipExplainer({
      db,
      collections: collectionStore,
      members: memberStore,
      store,
      plans,
      now,
    }),
    previews: new PreviewService({ db, collections, definitions: collectionStore, store, binder, now }),
    queryClasses: new QueryClassService(models),
    variables,
    windows,
    /** For specs and benchmarks: evaluates what waits. */
    evaluation,
    scheduler,
    /** Answers `republish-scope`. */
    republish: republishing(db, scope, scopeStore),
    /** Answers `compare-scopes` and `correct-scopes`. */
    comparison: new ScopeComparisonService({ db, store: scopeStore, scope, lock }),
    /** Makes the collections that a site begins with, then follows changes. */
    start: async (): Promise<void> => {
      await makeBuiltInCollections({ db, store: collectionStore, writer, lock, collections, now });
      evaluator.start();
      schedule.start();
    },
    stop: async (): Promise<void> => {
      await Promise.all([evaluator.stop(), schedule.stop()]);
    },
  };
}

function republishing(
  db: Database,
  scope: ScopeService,
  store: ScopeStore,
): RequestHandler<typeof republishScope> {
  return async ({ collectionIds }) => ({
    accepted: await db.transaction(async (tx) => {
      const tracked = await store.tracked(tx);
      const accepted = collectionIds.filter((id) => tracked.has(id));
      for (const id of accepted) await scope.republish(tx, id, 'mdm-policy');
      return accepted;
    }),
  });
}
