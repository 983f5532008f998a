import { randomUUID } from 'node:crypto';
import type { Approval, ApprovalPolicySettings, DeploymentDetail, NewDeployment } from '@espalier/contracts';
import { EventPublisher } from '@espalier/messaging';
import { createOutbox, inboxMigration, type Database } from '@espalier/persistence';
import { anyVersion, CollectionHarness } from '../collections/collection.fixture.js';
import { newDeployment, silentMessaging, specLogger } from '../deployments/deployment.fixture.js';
import { buildDeploymentRooms, type DeploymentRooms } from '../deployments/deployment.rooms.js';
import { IdempotencyService } from '../idempotency/idempotency.service.js';
import { LibraryHarness, mobileconfig } from '../library/library.fixture.js';
import { createLibrary } from '../migrations/2026-11-21-create-library.js';
import { createResources } from '../migrations/2026-11-21-create-resources.js';
import { NumberSeries } from '../number-series/number-series.js';
import { buildStatusRooms } from '../status-messages/status.rooms.js';
import type { ChangingRooms } from './actions/change.action.js';
import type { ChangeParams } from './actions/change.params.js';
import { ApprovalHarness, approvalMigrations, person, SpecClock, SpecFleet } from './approval.fixture.js';
import { paramsOf, type ApprovalRow } from './approval.rows.js';
import type { Person } from './approvable-action.js';
import type { Passed } from './change-gate.js';
import type { Weigh } from './weigh.js';

export const fleetMigrations = [
  ...approvalMigrations.slice(0, 2),
  inboxMigration,
  createResources,
  createLibrary,
  ...approvalMigrations.slice(2),
];

/** Small enough to be met by a few devices. */
export const smallPolicy: ApprovalPolicySettings = {
  required: true,
  threshold: 5,
  aloneCap: 12,
  hourlyCap: 200,
  expiryHours: 24,
};

const HOUR_MS = 3_600_000;
export const [anna, bert] = [person('anna'), person('bert')];

/** One replica of collections, library, deployments and approvals over a database: the real rooms. */
export class FleetHarness {
  readonly collections: CollectionHarness;
  readonly library: LibraryHarness;
  readonly deployments: DeploymentRooms;
  readonly approvals: ApprovalHarness;
  readonly changing: ChangingRooms;

  constructor(
    readonly db: Database,
    readonly clock = new SpecClock(),
    mode: 'required' | 'off' = 'required',
  ) {
    const { now } = clock;
    const events = new EventPublisher(createOutbox(db), { nudge: () => undefined });
    this.collections = new CollectionHarness(db, { chunkSize: 1_000 });
    this.library = new LibraryHarness(db, {
      site: {
        listener: { changed: (tx, things) => this.deployments.deployments.changed(tx, things) },
        deployments: { of: (tx, thing) => this.deployments.deployments.of(tx, thing) },
      },
    });
    const { rooms, jobs } = this.collections;
    this.deployments = buildDeploymentRooms({
      db,
      events,
      messaging: silentMessaging,
      status: buildStatusRooms({ db, events, now }),
      library: this.library.rooms.library,
      scope: rooms.scope,
      membership: rooms.explainer,
      numbers: new NumberSeries(),
      jobs,
      idempotency: new IdempotencyService(db, now),
      settings: { statusRetentionDays: 30 },
      logger: specLogger,
      now,
      uuid: randomUUID,
    });
    rooms.addDependant(this.deployments.ofCollections);
    this.changing = { ...this.library.rooms, ...rooms, deployments: this.deployments.deployments };
    this.approvals = new ApprovalHarness(db, clock, new SpecFleet(), { mode, changing: this.changing });
  }

  /** So many devices, and the small policy. */
  async fill(devices: number): Promise<this> {
    await this.collections.seed();
    await this.collections.addSample(devices);
    await this.settle();
    await this.db.transaction((tx) =>
      this.approvals.rooms.policies.replace(tx, 'large-deployment', smallPolicy, { at: 0, by: 'spec' }),
    );
    return this;
  }

  /** Evaluates all collections; their definitions are an hour old afterwards. */
  async settle(): Promise<void> {
    await this.collections.settle();
    this.later();
  }

  /** An hour later nothing counts any more. */
  later(ms = 2 * HOUR_MS): void {
    this.clock.pass(ms);
    this.collections.now = new Date(this.collections.now.getTime() + ms);
  }

  async stop(): Promise<void> {
    await this.approvals.stop();
    this.library.remove();
  }

  gate<T>(
    params: ChangeParams,
    perform: (weigh: Weigh) => Promise<T>,
    by: Person = anna,
    key: string = randomUUID(),
  ): Promise<Passed<T>> {
    return this.approvals.rooms.gate.pass(params, by, { key, reason: 'The yearly rollout.' }, perform);
  }

  deploy(
    thing: { readonly id: string; readonly kind: string },
    collectionId: string,
    more: Partial<NewDeployment> = {},
    by: Person = anna,
    key: string = randomUUID(),
  ): Promise<Passed<DeploymentDetail>> {
    const reference = { thingKind: thing.kind as NewDeployment['thingKind'], thingId: thing.id };
    const wanted = newDeployment(reference, collectionId, more);
    const once = { callerId: by.credentialId, key, body: wanted };
    return this.gate(
      { what: 'create', collectionId, wanted },
      (weigh) =>
        new IdempotencyService(this.db, this.clock.now).run(once, (tx) =>
          this.approvals.rooms.gate.deploy(tx, wanted, by.title, weigh),
        ),
      by,
      key,
    );
  }

  /** Another text in a profile, or other members of a baseline. */
  revise(
    thing: { readonly id: string; readonly identifier: string },
    text: string = randomUUID(),
    by?: Person,
  ): Promise<Passed<unknown>> {
    const profile = mobileconfig({ identifier: thing.identifier, text }).toString('base64');
    const change = { note: '', content: { kind: 'profile' as const, profile } };
    return this.gate(
      { what: 'configuration-item', thingId: thing.id, change },
      (weigh) => this.library.rooms.items.change(thing.id, change, anyVersion, anna, weigh),
      by,
    );
  }

  define(
    collectionId: string,
    rules: Extract<ChangeParams, { what: 'define' }>['definition']['rules'],
    more: { limitingId?: string; directResourceIds?: number[]; name?: string } = {},
  ): Promise<Passed<unknown>> {
    const definition = {
      name: collectionId,
      comment: '',
      limitingId: 'SMS00001',
      refresh: 'incremental' as const,
      schedule: null,
      rules,
      ...more,
    };
    return this.gate({ what: 'define', collectionId, definition }, (weigh) =>
      this.collections.rooms.collections.replace(collectionId, definition, 'anna', anyVersion, weigh),
    );
  }

  edit(
    collectionId: string,
    edit: Omit<Extract<ChangeParams, { what: 'edit' }>, 'what' | 'collectionId' | 'stood'>,
  ) {
    return this.gate({ what: 'edit', collectionId, ...edit }, (weigh) =>
      this.collections.rooms.rules.edit({ id: collectionId, by: 'anna', check: anyVersion }, edit, weigh),
    );
  }

  /** What an approval will do. */
  async params(id: string): Promise<unknown> {
    const [row] = await this.db.query<ApprovalRow>('SELECT * FROM {approval} WHERE id = :id', { id });
    if (row === undefined) throw new Error(`no approval ${id}`);
    const { actions } = this.approvals.rooms;
    return paramsOf({ id, paramsSealed: row.params_sealed }, actions.of(row.kind), this.approvals.vault);
  }

  /** A second person says yes; gives what came of it. */
  async approved(passed: Passed<unknown>): Promise<Approval> {
    const { id } = waiting(passed);
    await this.approvals.approve(id, bert);
    this.approvals.run();
    return this.approvals.until(id, 'completed', 'failed');
  }
}

/** The approval that something waits for. */
export function waiting(passed: Passed<unknown>): Approval {
  if ('done' in passed) throw new Error('no approval was needed');
  return passed.approval;
}
