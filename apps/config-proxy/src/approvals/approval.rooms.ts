import type { Provider, Type } from '@nestjs/common';
import type { ApprovalMode } from '@espalier/contracts';
import type { EventPublisher } from '@espalier/messaging';
import type { Database, Tx } from '@espalier/persistence';
import type { Keyring } from '@espalier/secrets';
import type { Logger } from '@espalier/service-kit';
import { VisibilityStore } from '../access/visibility.store.js';
import type { AuditRecorder } from '../audit/audit.entry.js';
import { byItself } from '../audit/audit.log.js';
import type { IdempotencyService } from '../idempotency/idempotency.service.js';
import type { JobKind } from '../jobs/job.kind.js';
import type { JobService } from '../jobs/job.service.js';
import type { MdmClient } from '../mdm/mdm.client.js';
import type { ResourceService } from '../resources/resource.service.js';
import type { StatusWriter } from '../status-messages/status-log.js';
import { Accountability } from './accountability.js';
import { ActionCatalogue } from './action.catalogue.js';
import { ActionCountStore } from './action-count.store.js';
import { commandAction, commandActionKinds } from './actions/command.action.js';
import { changeAction, type ChangingRooms } from './actions/change.action.js';
import { deviceActions } from './actions/device.actions.js';
import { policyAction } from './actions/policy.action.js';
import { ApprovalChecks, type Credentials, type People } from './approval.checks.js';
import { ApprovalClock } from './approval.clock.js';
import { ApprovalController } from './approval.controller.js';
import { ApprovalDecisions } from './approval.decisions.js';
import { ApprovalExecution } from './approval.execution.js';
import { ApprovalJournal } from './approval.journal.js';
import { ApprovalPolicies } from './approval.policies.js';
import { ApprovalService } from './approval.service.js';
import { ApprovalStore } from './approval.store.js';
import { ApprovalUpkeep } from './approval.upkeep.js';
import { ApprovalPolicyController } from './approval-policy.controller.js';
import { ApprovalPolicyService } from './approval-policy.service.js';
import { ApprovalPolicyStore } from './approval-policy.store.js';
import { ChangeGate } from './change-gate.js';
import { CommandApprovals } from './command-approvals.js';
import { HourlyCap } from './hourly-cap.js';
import { SecondPerson } from './second-person.js';
import { SiteApprovals } from './site-approvals.js';

/** What the rooms need from outside. */
export interface ApprovalSurroundings {
  readonly db: Database;
  readonly events: Pick<EventPublisher<Tx>, 'publish'>;
  readonly status: StatusWriter;
  readonly audit: Pick<AuditRecorder, 'record'>;
  readonly jobs: Pick<JobService, 'create'>;
  readonly idempotency: IdempotencyService;
  readonly mdm: Pick<MdmClient, 'ask' | 'insist'>;
  readonly resources: Pick<ResourceService, 'get' | 'decommission' | 'remove'>;
  /** What reaches devices through deployments. */
  readonly changing: ChangingRooms;
  /** The store of administrators. */
  readonly people: People;
  /** The store of tokens. */
  readonly credentials: Credentials;
  readonly vault: Keyring;
  readonly settings: {
    readonly approvals: ApprovalMode;
    /** How long an administrator whose account was made or changed does not approve. */
    readonly approverRestHours: number;
  };
  readonly logger: Logger;
  readonly now: () => Date;
  /** Milliseconds that only ever grow. Default: Node's. */
  readonly uptime?: () => number;
  readonly uuid: () => string;
}

/** What needs a second person, who waits for one, and how much one person may do within an hour. */
export interface ApprovalRooms {
  readonly approvals: ApprovalService;
  readonly decisions: ApprovalDecisions;
  readonly policies: ApprovalPolicies;
  readonly policyService: ApprovalPolicyService;
  /** For rooms that send commands. */
  readonly commands: CommandApprovals;
  /** For rooms that change devices. */
  readonly site: SiteApprovals;
  /** For rooms that change what devices get by deployments. */
  readonly gate: ChangeGate;
  /** More kinds of action can be added here. */
  readonly actions: ActionCatalogue;
  /** Who may decide on what another asked for. */
  readonly secondPerson: SecondPerson;
  readonly accounts: Accountability;
  readonly upkeep: ApprovalUpkeep;
  readonly jobKinds: readonly JobKind<{ approvalId: string }>[];
  /** Begins to end what lapses; says it loudly where nothing needs an approval. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Every controller of these rooms. */
export const approvalControllers: readonly Type[] = [ApprovalController, ApprovalPolicyController];

/** What these controllers and those that ask for approvals need. */
export const approvalProviders = (rooms: ApprovalRooms): Provider[] => [
  { provide: ApprovalService, useValue: rooms.approvals },
  { provide: ApprovalDecisions, useValue: rooms.decisions },
  { provide: ApprovalPolicyService, useValue: rooms.policyService },
  { provide: CommandApprovals, useValue: rooms.commands },
  { provide: SiteApprovals, useValue: rooms.site },
  { provide: ChangeGate, useValue: rooms.gate },
];

const HOUR_MS = 3_600_000;
const OFF =
  'ESPALIER_APPROVALS is off: one person alone can erase, lock and retire devices, up to the limits per hour. Set it to "required" once there are two administrators.';

/** Builds the rooms. Read it from top to bottom: what is below uses what is above. */
export function buildApprovalRooms(outside: ApprovalSurroundings): ApprovalRooms {
  const { db, settings, logger, now, mdm, status, audit, vault, people, credentials } = outside;
  const store = new ApprovalStore();
  const counts = new ActionCountStore();
  const caps = new HourlyCap(counts);
  const restMs = settings.approverRestHours * HOUR_MS;
  const accounts = new Accountability({ people, restMs, now });
  const clock = new ApprovalClock({ now, uptime: outside.uptime ?? (() => performance.now()) });
  const journal = new ApprovalJournal({ ...outside, store, clock });
  const policies = new ApprovalPolicies({ db, store: new ApprovalPolicyStore(), mode: settings.approvals });
  const actions = new ActionCatalogue();
  actions.add(...commandActionKinds.map((kind) => commandAction(kind, mdm)));
  actions.add(...deviceActions(outside.resources));
  actions.add(policyAction({ db, policies, clock }));
  const approvals = new ApprovalService({
    ...outside,
    store,
    actions,
    policies,
    caps,
    accounts,
    clock,
    journal,
  });
  const gate = new ChangeGate({ db, rooms: outside.changing, actions, policies, approvals });
  const stillSo = gate.stillSo.bind(gate);
  actions.add(changeAction({ rooms: outside.changing, idempotency: outside.idempotency, stillSo }));
  const visibility = new VisibilityStore();
  const checks = new ApprovalChecks({ actions, policies, caps, people, credentials, visibility, vault });
  const secondPerson = new SecondPerson({ people, now, restMs });
  const decisions = new ApprovalDecisions({
    ...outside,
    actions,
    checks,
    accounts,
    journal,
    secondPerson,
  });
  const execution = new ApprovalExecution({ db, actions, checks, journal, vault });
  const upkeep = new ApprovalUpkeep({ db, store, counts, clock, journal, logger });
  return {
    approvals,
    decisions,
    policies,
    policyService: new ApprovalPolicyService({ db, policies, approvals, clock }),
    commands: new CommandApprovals({ approvals, policies, mdm }),
    site: new SiteApprovals({ ...outside, approvals }),
    gate,
    actions,
    secondPerson,
    accounts,
    upkeep,
    jobKinds: [execution.kind()],
    start: async () => {
      if (settings.approvals === 'off') {
        logger.warn(OFF);
        await db.transaction((tx) =>
          status.write(tx, {
            severity: 'warning',
            component: 'approvals',
            messageId: 'approvals-off',
            text: OFF,
          }),
        );
      }
      const lifted = [
        ...(settings.approvals === 'off' ? ['approvals.off'] : []),
        ...(restMs === 0 ? ['approvals.no-rest'] : []),
      ];
      if (lifted.length > 0)
        await db.transaction((tx) =>
          audit.record(
            tx,
            ...lifted.map((action) => ({ ...byItself, action, outcome: 'succeeded' as const, targets: [] })),
          ),
        );
      upkeep.start();
    },
    stop: () => upkeep.stop(),
  };
}
