import type { Provider, Type } from '@nestjs/common';
import { policyStatesReported } from '@espalier/contracts';
import type { EventPublisher, Messaging, Registration } from '@espalier/messaging';
import type { Database, Inbox, Tx } from '@espalier/persistence';
import type { Logger } from '@espalier/service-kit';
import type { CollectionDependant } from '../collections/collection.service.js';
import { ExplainController } from '../explain/explain.controller.js';
import { ExplainService } from '../explain/explain.service.js';
import { ExplainStore } from '../explain/explain.store.js';
import type { MembershipExplainer } from '../explain/explain.types.js';
import type { IdempotencyService } from '../idempotency/idempotency.service.js';
import type { JobKind } from '../jobs/job.kind.js';
import type { JobService } from '../jobs/job.service.js';
import type { PolicyContent } from '../library/library.interfaces.js';
import type { NumberSeries } from '../number-series/number-series.js';
import type { ScopeTracker } from '../scope/scope.interfaces.js';
import { DeviceStateStore } from '../state-messages/device-state.store.js';
import { StateIntakeService } from '../state-messages/state-intake.service.js';
import { StateIntakeStore } from '../state-messages/state-intake.store.js';
import { StateRetentionStore } from '../state-messages/state-retention.store.js';
import { StatusMessageController } from '../status-messages/status-message.controller.js';
import { StatusMessageStore } from '../status-messages/status-message.store.js';
import type { StatusRooms } from '../status-messages/status.rooms.js';
import { DeploymentController } from './deployment.controller.js';
import { DeploymentDeviceController } from './deployment-device.controller.js';
import { DeploymentDeviceService } from './deployment-device.service.js';
import { DeploymentHistoryStore } from './deployment-history.store.js';
import { deviceModel } from './deployment.models.js';
import { serveDeployments } from './deployment.rpc.js';
import { DeploymentService, type ThingResolver } from './deployment.service.js';
import { DeploymentStore } from './deployment.store.js';
import { DeploymentSummaryStore } from './deployment-summary.store.js';
import { DeploymentUpkeep } from './deployment.upkeep.js';
import { EvaluationService } from './evaluation.service.js';
import { EvaluationStore } from './evaluation.store.js';

/** What the library gives. */
export type DeployableLibrary = ThingResolver & {
  content(ciId: string, revision: number): Promise<PolicyContent>;
};

/** What the rooms need from outside. */
export interface DeploymentSurroundings {
  readonly db: Database;
  readonly events: EventPublisher<Tx>;
  readonly messaging: Pick<Messaging, 'call' | 'serve' | 'consumeBatches'>;
  readonly status: StatusRooms;
  readonly library: DeployableLibrary;
  readonly scope: ScopeTracker;
  readonly membership: MembershipExplainer;
  readonly numbers: NumberSeries;
  readonly jobs: Pick<JobService, 'create'>;
  readonly idempotency: IdempotencyService;
  readonly settings: { readonly statusRetentionDays: number };
  readonly logger: Logger;
  readonly now: () => Date;
  readonly uuid: () => string;
}

/** Deployments, what devices report of them, and why a device has (not) got something. */
export interface DeploymentRooms {
  /** Also what the library asks before it deletes, and the library's listener. */
  readonly deployments: DeploymentService;
  /** Keeps collections that something is deployed to. */
  readonly ofCollections: CollectionDependant;
  readonly devices: DeploymentDeviceService;
  readonly states: DeviceStateStore;
  readonly explain: ExplainService;
  readonly evaluations: EvaluationService;
  readonly store: DeploymentStore;
  readonly history: DeploymentHistoryStore;
  readonly intake: StateIntakeService;
  readonly jobKinds: readonly JobKind<{ deploymentId: string }>[];
  /** Start it, and stop it at shutdown. */
  readonly upkeep: DeploymentUpkeep;
  /** Begins to answer mdm-policy and to take in what it reports. */
  listen(inbox: Inbox): Registration[];
}

/** Every controller of these rooms. */
export const deploymentControllers: readonly Type[] = [
  DeploymentController,
  DeploymentDeviceController,
  ExplainController,
  StatusMessageController,
];

/** What the controllers need besides the idempotency service. */
export const deploymentProviders = (rooms: DeploymentRooms, status: StatusRooms): Provider[] => [
  { provide: DeploymentService, useValue: rooms.deployments },
  { provide: DeploymentStore, useValue: rooms.store },
  { provide: DeploymentHistoryStore, useValue: rooms.history },
  { provide: DeploymentDeviceService, useValue: rooms.devices },
  { provide: DeviceStateStore, useValue: rooms.states },
  { provide: EvaluationService, useValue: rooms.evaluations },
  { provide: ExplainService, useValue: rooms.explain },
  { provide: StatusMessageStore, useValue: status.store },
];

/** Events in one transaction at most; each holds up to 500 messages. */
const EVENTS_AT_ONCE = 20;
/** A pause of the database must not make dead letters of what devices reported. */
const PATIENCE = { maxDeliver: 60, retry: { baseMs: 500, maxMs: 15_000 } } as const;

/** Builds the rooms. Read it from top to bottom: what is below uses what is above. */
export function buildDeploymentRooms(outside: DeploymentSurroundings): DeploymentRooms {
  const { db, messaging, library, status, logger, now } = outside;
  const store = new DeploymentStore(db);
  const history = new DeploymentHistoryStore(db);
  const summaries = new DeploymentSummaryStore();
  const states = new DeviceStateStore(db, { devices: deviceModel });
  const deployments = new DeploymentService({
    ...outside,
    store,
    summaries,
    history,
    status: status.log,
  });
  const intake = new StateIntakeService(new StateIntakeStore(), now);
  const evaluations = new EvaluationService({ ...outside, store: new EvaluationStore(), deployments: store });
  const explain = new ExplainService({
    db,
    store: new ExplainStore(),
    deployments: store,
    states,
    membership: outside.membership,
    messaging,
    now,
  });
  const upkeep = new DeploymentUpkeep({
    db,
    deployments: store,
    summaries,
    history,
    states: new StateRetentionStore(db),
    statusMessages: status.store,
    statusDays: outside.settings.statusRetentionDays,
    logger,
    now,
  });
  return {
    deployments,
    ofCollections: { blockers: (tx, collectionId) => deployments.blockers(tx, collectionId) },
    devices: new DeploymentDeviceService({ db, deployments: store, states }),
    states,
    explain,
    evaluations,
    store,
    history,
    intake,
    jobKinds: [evaluations.kind()],
    upkeep,
    listen: (inbox) => [
      ...serveDeployments({ messaging, db, store, library }),
      messaging.consumeBatches([policyStatesReported], {
        durable: 'states',
        inbox: { store: inbox, transaction: (work) => db.transaction(work) },
        max: EVENTS_AT_ONCE,
        ...PATIENCE,
        handleBatch: (events, tx) => intake.handleBatch(events, tx),
      }),
    ],
  };
}
