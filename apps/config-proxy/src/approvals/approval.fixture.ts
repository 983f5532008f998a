import { randomUUID } from 'node:crypto';
import {
  commonErrors,
  mdmErrors,
  type Actor,
  type Approval,
  type ApprovalKind,
  type ApprovalMode,
  type CommandInput,
  type QueuedCommand,
} from '@espalier/contracts';
import { EventPublisher } from '@espalier/messaging';
import { createOutbox, outboxMigration, type Database, type Tx } from '@espalier/persistence';
import { createKeyring } from '@espalier/secrets';
import { createLogger } from '@espalier/service-kit';
import type { AuditEntry } from '../audit/audit.entry.js';
import { IdempotencyService } from '../idempotency/idempotency.service.js';
import { JobRunner } from '../jobs/job.runner.js';
import { JobService } from '../jobs/job.service.js';
import { JobStore } from '../jobs/job.store.js';
import type { MdmClient } from '../mdm/mdm.client.js';
import { createApprovals } from '../migrations/2026-11-21-create-approvals.js';
import { createCollections } from '../migrations/2026-11-21-create-collections.js';
import { createDeployments } from '../migrations/2026-11-21-create-deployments.js';
import { createSite } from '../migrations/2026-11-21-create-site.js';
import { limitWhatOnePersonReaches } from '../migrations/2026-11-21-limit-what-one-person-reaches.js';
import { buildStatusRooms } from '../status-messages/status.rooms.js';
import type { ChangingRooms } from './actions/change.action.js';
import type { Person } from './approvable-action.js';
import type { People } from './approval.checks.js';
import { buildApprovalRooms, type ApprovalRooms } from './approval.rooms.js';

/** The tables of these rooms and of those that they write to. */
export const approvalMigrations = [
  outboxMigration,
  createSite,
  createCollections,
  createDeployments,
  createApprovals,
  limitWhatOnePersonReaches,
];

const logger = createLogger({ service: 'spec', replica: 'spec', level: 'silent' });
const keyring = createKeyring([{ id: 'spec', key: Buffer.alloc(32, 7) }], 'spec');

/** The clock of a machine, which people set, and what it counts since it was switched on. */
export class SpecClock {
  at = Date.parse('2026-11-21T10:00:00Z');
  up = 5_000;

  readonly now = (): Date => new Date(this.at);
  readonly uptime = (): number => this.up;

  /** Time goes by. */
  pass(ms: number): void {
    this.at += ms;
    this.up += ms;
  }

  /** Somebody sets the clock. */
  set(ms: number): void {
    this.at += ms;
  }
}

type Insist = MdmClient['insist'];

interface Submission {
  readonly requestId: string;
  readonly enrollmentIds: readonly string[];
  readonly command: CommandInput;
  readonly createdBy: string;
}

/** What mdm does with commands, from memory: a request id is carried out once. */
export class SpecFleet {
  /** Request ids in the order in which commands were queued for the first time. */
  readonly carriedOut: string[] = [];
  readonly byRequest = new Map<string, QueuedCommand[]>();
  /** Commands that a device has fetched. */
  readonly fetched = new Set<string>();
  readonly requests: { requestId: string; createdBy: string; command: CommandInput }[] = [];
  /** Called after a command was queued and before anybody hears of it. */
  afterwards: (requestId: string) => Promise<void> = () => Promise.resolve();
  /** Called before a command is queued. */
  before: () => Promise<void> = () => Promise.resolve();
  failure: 'away' | 'invalid' | undefined;

  readonly mdm = {
    ask: () => Promise.reject(new Error('nobody is asked')),
    insist: ((contract: { verb: string }, request: Record<string, unknown>) =>
      contract.verb === 'submit-command'
        ? this.#submit(request as unknown as Submission)
        : this.#cancel(String(request['id']))) as unknown as Insist,
  };

  async #submit(request: Submission): Promise<unknown> {
    await this.before();
    if (this.failure === 'away') throw commonErrors.ESP_MESSAGING_UNAVAILABLE();
    if (this.failure === 'invalid') throw mdmErrors.ESP_MDM_COMMAND_INVALID({ detail: 'PIN' });
    const { requestId, enrollmentIds, command, createdBy } = request;
    const known = this.byRequest.get(requestId);
    const commandId = randomUUID();
    const made = enrollmentIds.map(
      (enrollmentId) => ({ id: randomUUID(), commandId, enrollmentId }) as QueuedCommand,
    );
    if (known === undefined) {
      this.carriedOut.push(requestId);
      this.requests.push({ requestId, createdBy, command });
      this.byRequest.set(requestId, made);
    }
    await this.afterwards(requestId);
    return { commandId, commands: known ?? made, skipped: [] };
  }

  #cancel(id: string): Promise<unknown> {
    if (this.fetched.has(id))
      return Promise.reject(mdmErrors.ESP_MDM_COMMAND_NOT_CANCELLABLE({ detail: 'It is sent.' }));
    return Promise.resolve({ command: { id, state: 'cancelled' } });
  }
}

/** An administrator of the specs. */
export function person(name: string, more: Partial<Pick<Person, 'credentialId' | 'madeBy'>> = {}): Person {
  const credentialId = more.credentialId ?? `token:${name}`;
  const actor: Actor = { type: 'person', id: name, name };
  return { administrator: { id: name, name }, title: `${name} (spec)`, actor, ...more, credentialId };
}

type Known = NonNullable<Awaited<ReturnType<People['find']>>>;

/** A Full Administrator unless told otherwise. */
export type SpecAdministrator = Omit<Known, 'assignments'> & Partial<Pick<Known, 'assignments'>>;

const everything: Known['assignments'] = [{ roleId: 'full-administrator', collectionIds: null }];

export interface SpecSite {
  readonly mode?: ApprovalMode;
  readonly restHours?: number;
  readonly changing?: ChangingRooms;
}

/** One replica of the rooms over a database. */
export class ApprovalHarness {
  readonly rooms: ApprovalRooms;
  readonly jobs: JobService;
  readonly audited: AuditEntry[] = [];
  readonly vault = keyring;
  /** How long `until` waits. */
  patienceMs = 10_000;
  readonly people = new Map<string, SpecAdministrator>();
  /** Ids of credentials. */
  readonly revoked = new Set<string>();
  readonly #runners: JobRunner[] = [];
  readonly #events: EventPublisher<Tx>;

  constructor(
    readonly db: Database,
    readonly clock: SpecClock,
    readonly fleet: Pick<SpecFleet, 'mdm'>,
    { mode = 'required', restHours = 0, changing }: SpecSite = {},
  ) {
    const now = clock.now;
    this.#events = new EventPublisher<Tx>(createOutbox(db), { nudge: () => undefined });
    const events = this.#events;
    this.jobs = new JobService({ db, store: new JobStore(db), events, now, uuid: randomUUID });
    const never = () => Promise.reject(new Error('not in this spec'));
    this.rooms = buildApprovalRooms({
      db,
      events,
      status: buildStatusRooms({ db, events, now }).log,
      audit: {
        record: (_tx, ...entries) => Promise.resolve(void this.audited.push(...entries)),
      },
      jobs: this.jobs,
      idempotency: new IdempotencyService(db, now),
      mdm: fleet.mdm,
      resources: { get: never, decommission: never, remove: never },
      changing: changing ?? {
        deployments: { create: never, changeIn: never, deleteIn: never },
        collections: { replaceIn: never },
        rules: { editIn: never },
        reach: { hold: never, devices: never, definitionsOf: never },
        items: { changeIn: never },
        baselines: { changeIn: never },
        applications: { changeIn: never },
        packages: { changeIn: never },
      },
      people: {
        find: (_on, id) => {
          const known = this.people.get(id);
          return Promise.resolve(known && { assignments: everything, ...known });
        },
      },
      credentials: { isRevoked: (_on, id) => Promise.resolve(this.revoked.has(id)) },
      vault: keyring,
      settings: { approvals: mode, approverRestHours: restHours },
      logger,
      now,
      uptime: clock.uptime,
      uuid: randomUUID,
    });
    for (const name of ['anna', 'bert', 'cora'])
      this.people.set(name, { kind: 'person', isEnabled: true, changedAt: 0 });
  }

  /** Begins to carry out what is approved. */
  run(leaseMs = 60_000): JobRunner {
    const runner = new JobRunner({
      db: this.db,
      store: new JobStore(this.db),
      events: this.#events,
      kinds: [...this.rooms.jobKinds],
      logger,
      now: () => new Date(),
      uuid: randomUUID,
      pollMs: 5,
      retryMs: 1,
      leaseMs,
    });
    this.#runners.push(runner);
    runner.start();
    return runner;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#runners.splice(0).map((runner) => runner.stop()));
  }

  /** Asks to send a command to devices. */
  need(
    requestType: string,
    enrollmentIds: readonly string[],
    by: Person,
    more: { kind?: ApprovalKind; key?: string; reason?: string; args?: Record<string, string> } = {},
  ): Promise<'no' | Approval> {
    const command = { requestType, arguments: more.args ?? {}, raw: false };
    const params = { enrollmentIds, command, priority: 0, push: true };
    const { kind = 'erase', key = randomUUID(), reason = 'The device was stolen.' } = more;
    return this.rooms.approvals.need(kind, params, by, { key, reason });
  }

  /** The same, where an approval must come of it. */
  async ask(...request: Parameters<ApprovalHarness['need']>): Promise<Approval> {
    const answer = await this.need(...request);
    if (answer === 'no') throw new Error('no approval was needed');
    return answer;
  }

  approve(id: string, by: Person): Promise<Approval> {
    return this.rooms.decisions.approve(id, by, { reason: undefined, ifMatch: undefined });
  }

  cancel(id: string, by: Person): Promise<Approval> {
    return this.rooms.decisions.cancel(id, by, { reason: undefined, ifMatch: undefined });
  }

  /** The approval as soon as it is in one of these states. */
  async until(id: string, ...states: readonly Approval['state'][]): Promise<Approval> {
    const deadline = AbortSignal.timeout(this.patienceMs);
    for (;;) {
      const approval = await this.rooms.approvals.get(id);
      if (states.includes(approval.state)) return approval;
      deadline.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** Replicas over one database, with one clock and one fleet. */
export class ApprovalReplicas {
  readonly clock = new SpecClock();
  readonly fleet = new SpecFleet();
  readonly #all: ApprovalHarness[] = [];
  readonly site: ApprovalHarness;

  /** @param on the same database, opened once more where replicas are at work at once */
  readonly replica = (on: Database, options: SpecSite = {}): ApprovalHarness => {
    const made = new ApprovalHarness(on, this.clock, this.fleet, options);
    this.#all.push(made);
    return made;
  };

  constructor(db: Database) {
    this.site = this.replica(db);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map((each) => each.stop()));
  }
}
