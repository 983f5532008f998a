import { randomUUID } from 'node:crypto';
import {
  commonErrors,
  libraryErrors,
  type Actor,
  type DeploymentDetail,
  type LibraryKind,
  type LibraryThing,
  type Membership,
  type NewDeployment,
  type PolicyItem,
  type StateMessage,
} from '@espalier/contracts';
import { EventPublisher, type Messaging } from '@espalier/messaging';
import {
  createOutbox,
  inboxMigration,
  insertRows,
  outboxMigration,
  type Database,
} from '@espalier/persistence';
import { createLogger } from '@espalier/service-kit';
import { IdempotencyService } from '../idempotency/idempotency.service.js';
import { JobService } from '../jobs/job.service.js';
import { JobStore } from '../jobs/job.store.js';
import type { PolicyContent, ResolvedThing, ThingReference } from '../library/library.interfaces.js';
import { createCollections } from '../migrations/2026-11-21-create-collections.js';
import { createDeployments } from '../migrations/2026-11-21-create-deployments.js';
import { createResources } from '../migrations/2026-11-21-create-resources.js';
import { createSite } from '../migrations/2026-11-21-create-site.js';
import { NumberSeries } from '../number-series/number-series.js';
import { buildStatusRooms, type StatusRooms } from '../status-messages/status.rooms.js';
import { buildDeploymentRooms, type DeploymentRooms } from './deployment.rooms.js';

/** The tables of these rooms and of those that they read. */
export const deploymentMigrations = [
  outboxMigration,
  inboxMigration,
  createSite,
  createResources,
  createCollections,
  createDeployments,
];

export const specLogger = createLogger({ service: 'spec', replica: 'spec', level: 'silent' });
export const specActor: Actor = { type: 'service', id: 'spec', name: 'spec' };

/** A library in memory: things by id, at the revision that they have. */
export class SpecLibrary {
  readonly things = new Map<string, ResolvedThing & { readonly kind: LibraryKind }>();

  add(kind: LibraryKind, displayName: string, items: readonly Partial<PolicyItem>[] = [{}]): LibraryThing {
    const id = randomUUID();
    this.things.set(id, {
      id,
      kind,
      displayName,
      revision: 1,
      items: items.map((item) => policyItem({ displayName, ...item })),
    });
    return { thingKind: kind, thingId: id };
  }

  /** A new revision of a thing and of all that it is made of. */
  revise({ thingId }: LibraryThing): void {
    const thing = this.#get(thingId);
    const items = thing.items.map((item) => ({
      ...item,
      revision: item.revision + 1,
      version: randomUUID(),
    }));
    this.things.set(thingId, { ...thing, revision: thing.revision + 1, items });
  }

  resolve(_on: unknown, { thingId }: ThingReference): Promise<ResolvedThing> {
    return Promise.resolve().then(() => {
      const { kind: _kind, ...thing } = this.#get(thingId);
      return thing;
    });
  }

  content(): Promise<PolicyContent> {
    return Promise.resolve({ kind: 'profile', payload: Buffer.from('<plist/>').toString('base64') });
  }

  #get(id: string): ResolvedThing & { readonly kind: LibraryKind } {
    const thing = this.things.get(id);
    if (thing === undefined) throw libraryErrors.ESP_LIBRARY_UNKNOWN({ detail: id });
    return thing;
  }
}

export function policyItem(item: Partial<PolicyItem> = {}): PolicyItem {
  return {
    ciId: randomUUID(),
    revision: 1,
    kind: 'profile',
    identifier: 'com.example.wifi',
    version: randomUUID(),
    displayName: 'Wi-Fi',
    scope: 'system',
    platforms: ['mac'],
    ...item,
  };
}

const FIRST_DEVICE = 16_777_219;

/** The rooms on a database, with neighbours as small as they can be, and a clock that specs set. */
export class DeploymentHarness {
  readonly library = new SpecLibrary();
  readonly status: StatusRooms;
  readonly rooms: DeploymentRooms;
  /** What the scope was told: `+COLLECTION` and `-COLLECTION`. */
  readonly tracked: string[] = [];
  /** Answers of explainMembership; by default what the members table says. */
  membership: Partial<Membership> | undefined;
  now = Date.parse('2026-11-21T10:00:00Z');

  constructor(
    readonly db: Database,
    messaging: Pick<Messaging, 'call' | 'serve' | 'consumeBatches'> = silentMessaging,
  ) {
    const now = (): Date => new Date(this.now);
    const events = new EventPublisher(createOutbox(db), { nudge: () => undefined });
    this.status = buildStatusRooms({ db, events, now });
    this.rooms = buildDeploymentRooms({
      db,
      events,
      messaging,
      status: this.status,
      library: this.library,
      scope: {
        track: (_tx, id) => Promise.resolve(void this.tracked.push(`+${id}`)),
        untrack: (_tx, id) => Promise.resolve(void this.tracked.push(`-${id}`)),
      },
      membership: { explainMembership: (id, resourceId) => this.#membership(id, resourceId) },
      numbers: new NumberSeries(),
      jobs: new JobService({ db, store: new JobStore(db), events, now, uuid: randomUUID }),
      idempotency: new IdempotencyService(db, now),
      settings: { statusRetentionDays: 30 },
      logger: specLogger,
      now,
      uuid: randomUUID,
    });
  }

  /** An empty collection with these members. */
  async addCollection(
    collectionId: string,
    members: readonly number[] = [],
    kind: 'device' | 'user' = 'device',
  ): Promise<string> {
    const nothing = {
      comment: '',
      is_built_in: 0,
      refresh_type: 1,
      version: 1,
      next_rule_id: 1,
      window_count: 0,
    };
    await insertRows(this.db, 'collection', [
      {
        ...nothing,
        collection_id: collectionId,
        kind,
        name: `Lab ${collectionId}`,
        name_folded: `lab ${collectionId.toLowerCase()}`,
        member_count: members.length,
        status: 'ready',
        evaluation_joined: 0,
        evaluation_left: 0,
        created_at: this.now,
        created_by: 'spec',
        changed_at: this.now,
        changed_by: 'spec',
      },
    ]);
    await insertRows(
      this.db,
      'collection_member',
      members.map((resource_id) => ({
        collection_id: collectionId,
        resource_id,
        is_direct: 1,
        joined_at: this.now,
      })),
    );
    return collectionId;
  }

  /** So many devices, each with an active enrolment `MAC-<n>`; their resource ids. */
  async addDevices(count: number, first = 0): Promise<number[]> {
    const numbers = Array.from({ length: count }, (_, index) => first + index);
    await insertRows(
      this.db,
      'resource',
      numbers.map((n) => resourceRow(FIRST_DEVICE + n, `Mac ${n}`, 'device', this.now)),
    );
    await insertRows(
      this.db,
      'resource_enrollment',
      numbers.map((n) => this.#enrollmentRow(`MAC-${n}`, { resource_id: FIRST_DEVICE + n })),
    );
    return numbers.map((n) => FIRST_DEVICE + n);
  }

  /** A user with an enrolment on a device; gives the user's resource id. */
  async addUser(resourceId: number, name: string, deviceId: number): Promise<string> {
    await insertRows(this.db, 'resource', [resourceRow(resourceId, name, 'user', this.now)]);
    const id = `MAC-${deviceId - FIRST_DEVICE}:${name}`;
    await insertRows(this.db, 'resource_enrollment', [
      this.#enrollmentRow(id, { resource_id: deviceId, user_resource_id: resourceId, kind: 'user' }),
    ]);
    return id;
  }

  #enrollmentRow(
    id: string,
    {
      resource_id,
      user_resource_id = null,
      kind = 'device',
    }: {
      resource_id: number;
      user_resource_id?: number | null;
      kind?: 'device' | 'user';
    },
  ) {
    return {
      enrollment_id: id,
      enrollment_id_folded: id.toLowerCase(),
      resource_id,
      user_resource_id,
      device_enrollment_id: id.split(':')[0] ?? id,
      kind,
      kind_folded: kind,
      is_active: 1,
      state: 'enrolled',
      state_folded: 'enrolled',
      state_at: this.now,
      enrolled_at: this.now,
      removed_at: null,
    };
  }

  deploy(
    thing: LibraryThing,
    collectionId: string,
    more: Partial<NewDeployment> = {},
  ): Promise<DeploymentDetail> {
    return this.db.transaction((tx) =>
      this.rooms.deployments.create(tx, { ...newDeployment(thing, collectionId), ...more }, 'an admin'),
    );
  }

  report(...messages: readonly StateMessage[]): Promise<void> {
    return this.db.transaction((tx) => this.rooms.intake.take(tx, messages));
  }

  /** Events in the outbox, oldest first. */
  async events(type?: string): Promise<Record<string, unknown>[]> {
    const rows = await this.db.query<{ subject: string; payload: string }>(
      'SELECT subject, payload FROM {outbox} ORDER BY sequence',
    );
    return rows
      .filter(({ subject }) => type === undefined || subject === `esp.v1.evt.${type}`)
      .map(({ payload }) => JSON.parse(payload) as Record<string, unknown>);
  }

  async #membership(collectionId: string, resourceId: number): Promise<Membership> {
    const [row] = await this.db.query<{ joined_at: number }>(
      'SELECT joined_at FROM {collection_member} WHERE collection_id = :collectionId AND resource_id = :resourceId',
      { collectionId, resourceId },
    );
    const kind = row === undefined ? 'no-rule' : 'direct';
    const text =
      row === undefined
        ? 'No rule of the collection names or matches it.'
        : `A direct rule names ${resourceId}.`;
    return {
      collectionId,
      collectionName: `Lab ${collectionId}`,
      isMember: row !== undefined,
      joinedAt: row?.joined_at ?? null,
      reasons: [{ kind, text, ruleId: null, collectionId: null }],
      ...this.membership,
    };
  }
}

/** For specs in which no other service runs. */
export const silentMessaging = {
  call: () => Promise.reject(commonErrors.ESP_SERVICE_UNAVAILABLE()),
  serve: () => {
    throw new Error('nobody asks in this spec');
  },
  consumeBatches: () => {
    throw new Error('no events come in this spec');
  },
} as const;

export const newDeployment = (
  { thingKind, thingId }: LibraryThing,
  collectionId: string,
  more: Partial<NewDeployment> = {},
): NewDeployment => ({
  thingKind,
  thingId,
  collectionId,
  comment: '',
  intent: 'required',
  action: 'install',
  enabled: true,
  deadlineAt: null,
  localTime: false,
  priority: 1,
  overrideWindows: false,
  notify: true,
  revision: null,
  ...more,
});

const resourceRow = (resource_id: number, name: string, kind: 'device' | 'user', at: number) => ({
  resource_id,
  kind,
  resource_type: kind === 'device' ? 5 : 4,
  name,
  name_folded: name.toLowerCase(),
  state: 'active',
  state_folded: 'active',
  created_at: at,
  updated_at: at,
});
