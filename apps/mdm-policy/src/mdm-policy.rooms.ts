import { randomUUID } from 'node:crypto';
import { EventPublisher, type Messaging, type OutboxRelay } from '@espalier/messaging';
import type { Database, Inbox, Outbox } from '@espalier/persistence';
import { NudgedLoop, RetentionService, type Logger, type Registry } from '@espalier/service-kit';
import { ActualStateService } from './actual-state/actual-state.service.js';
import { ActualStateStore } from './actual-state/actual-state.store.js';
import { AgendaStore } from './agenda/agenda.store.js';
import { SpreadService } from './agenda/spread.service.js';
import { SpreadStore } from './agenda/spread.store.js';
import { ContentService } from './content/content.service.js';
import { DeploymentService } from './deployments/deployment.service.js';
import { DeploymentStore } from './deployments/deployment.store.js';
import { EnrollmentService } from './enrollments/enrollment.service.js';
import { EnrollmentStore } from './enrollments/enrollment.store.js';
import { ExplainService } from './explain/explain.service.js';
import { HandoverService } from './handover/handover.service.js';
import { HandoverStore } from './handover/handover.store.js';
import { MdmGateway } from './handover/mdm.gateway.js';
import { TokenBucket } from './handover/token-bucket.js';
import { HealingService } from './healing/healing.service.js';
import { LostCompletions } from './healing/lost-completions.js';
import { StaleScopes } from './healing/stale-scopes.js';
import { StaleWindows } from './healing/stale-windows.js';
import { UnknownMembers } from './healing/unknown-members.js';
import { PolicyMetrics } from './mdm-policy.metrics.js';
import { AssignmentStore } from './policy-items/assignment.store.js';
import { CompletionService } from './policy-items/completion.service.js';
import { EarlyCompletionStore } from './policy-items/early-completion.store.js';
import { ManagedItemStore } from './policy-items/managed-item.store.js';
import { ReconcileService } from './reconcile/reconcile.service.js';
import { ConflictNotices } from './rollouts/conflict-notices.js';
import { NoticeStore } from './rollouts/notice.store.js';
import { RolloutService } from './rollouts/rollout.service.js';
import { ScopeService } from './scopes/scope.service.js';
import { ScopeStore } from './scopes/scope.store.js';

/** What the rooms need from outside. */
export interface MdmPolicySurroundings {
  readonly db: Database;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  readonly relay: Pick<OutboxRelay, 'nudge'>;
  readonly messaging: Pick<Messaging, 'call'>;
  readonly settings: { readonly evaluationHours: number; readonly commandsPerMinute: number };
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly now?: () => Date;
}

/** The service without its connections to the outside. */
export interface MdmPolicyRooms {
  readonly enrollments: EnrollmentService;
  readonly scopes: ScopeService;
  readonly deployments: DeploymentService;
  readonly actual: ActualStateService;
  readonly completions: CompletionService;
  readonly explain: ExplainService;
  readonly spread: SpreadService;
  readonly reconcile: ReconcileService;
  readonly handover: HandoverService;
  readonly healing: HealingService;
  readonly rollouts: RolloutService;
  readonly retention: RetentionService;
  /** Something happened that may make enrolments due. */
  nudge(): void;
  /** Begins to work by itself. */
  start(): void;
  /** Resolves when what is being done is done. */
  stop(): Promise<void>;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Builds the service out of its rooms. Read it from top to bottom: what is below uses what is above. */
export function buildRooms(outside: MdmPolicySurroundings): MdmPolicyRooms {
  const { db, inbox, messaging, settings, logger, now = () => new Date() } = outside;
  const events = new EventPublisher(outside.outbox, outside.relay);
  const checkEveryMs = settings.evaluationHours * HOUR;
  const nudgeSpread = (): void => loops.spread.nudge();
  const nudgeReconcile = (): void => loops.reconcile.nudge();
  const nudgeHandover = (): void => loops.handover.nudge();

  const agenda = new AgendaStore(db);
  const metrics = new PolicyMetrics(outside.metrics, () => agenda.countDue(db, now().getTime()));
  const scopeStore = new ScopeStore();
  const spread = new SpreadService({
    db,
    store: new SpreadStore(),
    members: scopeStore,
    agenda,
    now,
    nudge: nudgeSpread,
    nudgeReconcile,
  });
  const scopes = new ScopeService({ store: scopeStore, agenda, spread, now });

  const deploymentStore = new DeploymentStore();
  const deployments = new DeploymentService({ db, store: deploymentStore, spread, messaging, now });
  const content = new ContentService({ messaging });

  const enrollmentStore = new EnrollmentStore();
  const enrollments = new EnrollmentService({ db, store: enrollmentStore, agenda, now });
  const actualStore = new ActualStateStore();
  const actual = new ActualStateService({ store: actualStore, enrollments: enrollmentStore, agenda, now });

  const items = new ManagedItemStore();
  const assignments = new AssignmentStore();
  const early = new EarlyCompletionStore();
  const completions = new CompletionService({ agenda, items, early, now });

  const notices = new NoticeStore();
  const conflicts = new ConflictNotices({ notices, deployments: deploymentStore, events });
  const rollouts = new RolloutService({
    db,
    deployments: deploymentStore,
    assignments,
    scopes: scopeStore,
    notices,
    events,
    now,
  });

  const handovers = new HandoverStore(db);
  const stores = {
    enrollments: enrollmentStore,
    scopes: scopeStore,
    deployments: deploymentStore,
    actual: actualStore,
    items,
    assignments,
  };
  const reconcile = new ReconcileService({
    db,
    agenda,
    stores,
    handovers,
    events,
    conflicts,
    metrics,
    logger,
    now,
    uuid: randomUUID,
    checkEveryMs,
    nudgeHandover,
  });
  const handover = new HandoverService({
    db,
    store: handovers,
    mdm: new MdmGateway(messaging, content),
    agenda,
    items,
    early,
    pace: new TokenBucket(settings.commandsPerMinute, now),
    metrics,
    logger,
    now,
    uuid: randomUUID,
    nudgeReconcile,
  });
  const explain = new ExplainService({ db, agenda, stores, now, checkEveryMs, nudgeReconcile });

  const healing = new HealingService({
    db,
    messaging,
    deployments,
    deploymentStore,
    scopes: scopeStore,
    unknownMembers: new UnknownMembers({ db, messaging, scopes: scopeStore, enrollments }),
    staleScopes: new StaleScopes({ db, messaging, scopes: scopeStore, logger }),
    staleWindows: new StaleWindows({ db, messaging, scopes: scopeStore, logger }),
    lostCompletions: new LostCompletions({ db, messaging, items, completions, logger, now }),
    logger,
    now,
  });
  const retention = new RetentionService({
    logger,
    now,
    pruners: {
      'handled messages': { prune: (before) => inbox.prune(before), keepMs: 7 * DAY },
      'early completions': { prune: (before) => early.prune(db, before), keepMs: DAY },
      'removed enrolments': {
        prune: (before) => db.transaction((tx) => enrollmentStore.prune(tx, before)),
        keepMs: 30 * DAY,
      },
      'members that left': { prune: (before) => scopeStore.prune(db, before), keepMs: 30 * DAY },
      'deleted deployments': { prune: (before) => deploymentStore.prune(db, before), keepMs: 30 * DAY },
      notices: { prune: (before) => notices.prune(db, before), keepMs: 90 * DAY },
    },
  });

  const loop = (name: string, run: NudgedLoopRun, pollMs = 1_000): NudgedLoop =>
    new NudgedLoop({ name, logger, run, pollMs });
  const loops = {
    spread: loop('spread', () => spread.step()),
    reconcile: loop('reconcile', () => reconcile.round()),
    handover: loop('handover', () => handover.step()),
    healing: loop('healing', (signal) => once(healing.healIfDue(signal)), MINUTE / 4),
    rollouts: loop('rollouts', () => once(rollouts.check()), MINUTE),
  };
  return {
    enrollments,
    scopes,
    deployments,
    actual,
    completions,
    explain,
    spread,
    reconcile,
    handover,
    healing,
    rollouts,
    retention,
    nudge: nudgeReconcile,
    start: () => Object.values(loops).forEach((each) => each.start()),
    stop: async () => {
      await Promise.all([...Object.values(loops).map((each) => each.stop()), retention.stop()]);
    },
  };
}

type NudgedLoopRun = ConstructorParameters<typeof NudgedLoop>[0]['run'];

/** Work that is done until the next time. */
const once = (work: Promise<void>): Promise<boolean> => work.then(() => false);
