import { randomUUID } from 'node:crypto';
import type { ApprovalMode, NewScript, Script } from '@espalier/contracts';
import { EventPublisher } from '@espalier/messaging';
import { createOutbox, insertRows, outboxMigration, type Database, type Tx } from '@espalier/persistence';
import { createKeyring, type Keyring } from '@espalier/secrets';
import { createLogger } from '@espalier/service-kit';
import { Accountability } from '../approvals/accountability.js';
import { ActionCatalogue } from '../approvals/action.catalogue.js';
import type { Person } from '../approvals/approvable-action.js';
import { SecondPerson } from '../approvals/second-person.js';
import { ReachStore } from '../collections/reach.store.js';
import { IdempotencyService } from '../idempotency/idempotency.service.js';
import { JobRunner } from '../jobs/job.runner.js';
import { JobService } from '../jobs/job.service.js';
import { JobStore } from '../jobs/job.store.js';
import { createCollections } from '../migrations/2026-11-21-create-collections.js';
import { createResources } from '../migrations/2026-11-21-create-resources.js';
import { createScripts } from '../migrations/2026-11-21-create-scripts.js';
import { createSite } from '../migrations/2026-11-21-create-site.js';
import { NumberSeries } from '../number-series/number-series.js';
import { buildClientTaskRooms, type ClientTaskRooms } from './client-task.rooms.js';

/** The tables of these rooms and of those that they ask. */
export const taskMigrations = [
  outboxMigration,
  createSite,
  createResources,
  createCollections,
  createScripts,
];

const logger = createLogger({ service: 'spec', replica: 'spec', level: 'silent' });
const keyring = createKeyring([{ id: 'spec', key: Buffer.alloc(32, 7) }], 'spec');

/** An administrator of the specs: every name that begins with "service" is a service account. */
export const person = (name: string, more: Partial<Person> = {}): Person => ({
  administrator: { id: name, name },
  credentialId: `token:${name}`,
  title: `${name} (spec)`,
  actor: { type: 'person', id: name, name },
  ...more,
});

export const newScript = (text = 'echo hello', more: Partial<NewScript> = {}): NewScript => ({
  name: 'Hello',
  language: 'zsh',
  text,
  parameters: [],
  ...more,
});

/** A row of `library_thing`: an application that nothing else is known of. */
export const applicationRow = (id: string) => ({
  id,
  kind: 'application',
  made_of: 'application',
  number: 16_900_000,
  name: 'Pages',
  name_folded: 'pages',
  description: '',
  identifier: '',
  scope: 'system',
  platforms: 'mac',
  publisher: '',
  software_version: '1',
  member_count: 0,
  categories: '[]',
  revision: 1,
  version: 1,
  created_at: 1,
  created_by: 'spec',
  changed_at: 1,
  changed_by: 'spec',
});

/** The time that replicas share, and specs set. */
export class SpecTime {
  at = Date.parse('2026-11-21T10:00:00Z');
  readonly now = (): Date => new Date(this.at);
}

/** One replica of the rooms over a database; nothing waits for the approval of a run. */
export class TaskHarness {
  readonly rooms: ClientTaskRooms;
  readonly jobs: JobService;
  readonly #events: EventPublisher<Tx>;
  readonly #runners: JobRunner[] = [];

  constructor(
    readonly db: Database,
    readonly time: Pick<SpecTime, 'at' | 'now'>,
    mode: ApprovalMode = 'required',
    vault: Keyring = keyring,
  ) {
    const { now } = time;
    this.#events = new EventPublisher<Tx>(createOutbox(db), { nudge: () => undefined });
    this.jobs = new JobService({
      db,
      store: new JobStore(db),
      events: this.#events,
      now,
      uuid: randomUUID,
    });
    const people = {
      find: (_on: unknown, id: string) =>
        Promise.resolve({
          kind: id.startsWith('service') ? ('service' as const) : ('person' as const),
          isEnabled: true,
          changedAt: id.startsWith('new') ? time.at : 0,
          assignments: [],
        }),
    };
    const restMs = 86_400_000;
    this.rooms = buildClientTaskRooms({
      db,
      jobs: this.jobs,
      idempotency: new IdempotencyService(db, now),
      numbers: new NumberSeries(),
      reach: {
        definitionsOf: (on, id) => new ReachStore().versions(on, [id]).then((versions) => [...versions]),
      },
      approvals: {
        approvals: { need: () => Promise.resolve('no'), countAlone: () => Promise.resolve(true) },
        policies: {
          mode,
          of: () => Promise.reject(new Error('nothing is counted in these specs')),
          asksForApproval: () => false,
        },
        secondPerson: new SecondPerson({ people, now, restMs }),
        accounts: new Accountability({ people, now, restMs }),
        actions: new ActionCatalogue(),
      },
      vault,
      logger,
      now,
    });
  }

  /** Begins to carry out jobs. */
  run(): void {
    const runner = new JobRunner({
      db: this.db,
      store: new JobStore(this.db),
      events: this.#events,
      kinds: [this.rooms.jobKind],
      logger,
      now: () => new Date(),
      uuid: randomUUID,
      pollMs: 5,
      retryMs: 1,
    });
    this.#runners.push(runner);
    runner.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#runners.splice(0).map((runner) => runner.stop()));
  }

  /** Devices that are there. @param clients those of them that have a Mac client */
  async devices(ids: readonly number[], clients: readonly number[] = ids): Promise<void> {
    await insertRows(
      this.db,
      'resource',
      ids.map((id) => ({
        resource_id: id,
        kind: 'device',
        resource_type: 5,
        name: `Mac ${id}`,
        name_folded: `mac ${id}`,
        state: 'active',
        state_folded: 'active',
        is_active: 1,
        created_at: 1,
        updated_at: 1,
      })),
    );
    for (const id of clients) await this.rooms.tasks.register(id, '1.0');
  }

  /** A collection with these members. */
  async collection(id: string, members: readonly number[]): Promise<void> {
    await insertRows(this.db, 'collection', [
      {
        collection_id: id,
        name: id,
        name_folded: id.toLowerCase(),
        kind: 'device',
        comment: '',
        is_built_in: 0,
        refresh_type: 1,
        version: 1,
        next_rule_id: 1,
        member_count: members.length,
        window_count: 0,
        status: 'ready',
        evaluation_joined: 0,
        evaluation_left: 0,
        created_at: 1,
        created_by: 'spec',
        changed_at: 1,
        changed_by: 'spec',
      },
    ]);
    await insertRows(
      this.db,
      'collection_member',
      members.map((member) => ({ collection_id: id, resource_id: member, is_direct: 1, joined_at: 1 })),
    );
  }

  create(by: Person, wanted = newScript(), id?: string): Promise<Script> {
    return this.db.transaction((tx) => this.rooms.scripts.create(tx, wanted, by, id));
  }

  decide(id: string, decision: 'approved' | 'denied', by: Person, ifMatch?: string): Promise<Script> {
    return this.rooms.scripts.decide(id, decision, by, { comment: undefined, ifMatch });
  }

  /** A script of anna that bert has approved. */
  async approved(text?: string, more: Partial<NewScript> = {}): Promise<Script> {
    const { id } = await this.create(person('anna'), newScript(text, more));
    return this.decide(id, 'approved', person('bert'));
  }

  /** Runs it; gives the number of the operation. */
  async start(
    scriptId: string,
    target: { readonly deviceIds: readonly number[] } | { readonly collectionId: string },
    parameters: Readonly<Record<string, string>> = {},
    key: string = randomUUID(),
  ): Promise<number> {
    const request = { key, reason: undefined };
    const answer = await this.rooms.runs.run({ scriptId, parameters, target }, person('cora'), request);
    if (typeof answer !== 'number') throw new Error('an approval came of it');
    return answer;
  }
}
