import { randomUUID } from 'node:crypto';
import { foldText } from '@espalier/conditions';
import type { NewCollection } from '@espalier/contracts';
import { EventPublisher } from '@espalier/messaging';
import { createOutbox, insertRows, outboxMigration, type Database, type Tx } from '@espalier/persistence';
import { createKeyring, type Keyring } from '@espalier/secrets';
import { createLogger } from '@espalier/service-kit';
import { IdempotencyService } from '../idempotency/idempotency.service.js';
import { deviceQueryModel, userQueryModel } from '../inventory/query-model.js';
import { JobService, type JobRequest } from '../jobs/job.service.js';
import { JobStore } from '../jobs/job.store.js';
import { createCollections } from '../migrations/2026-11-21-create-collections.js';
import { createResources } from '../migrations/2026-11-21-create-resources.js';
import { createSite } from '../migrations/2026-11-21-create-site.js';
import { NumberSeries } from '../number-series/number-series.js';
import type { JobKind } from '../jobs/job.kind.js';
import { EVERY_CLASS } from './change-log.store.js';
import { buildCollectionRooms, type CollectionRooms } from './collection.rooms.js';

export const collectionMigrations = [outboxMigration, createSite, createResources, createCollections];

/** What specs say of a device; the rest is as in a new record. */
export interface SpecDevice {
  readonly id: number;
  readonly name?: string;
  readonly platform?: string;
  readonly state?: 'active' | 'obsolete' | 'decommissioned';
}

export const DEVICE = 16_777_219;
export const USER = 2_063_597_569;
export const asker = { id: 'spec', title: 'spec' };
export const anyVersion = (): void => undefined;

/** The rooms of collections on a database; jobs and changes are worked on when the spec says so. */
export class CollectionHarness {
  readonly rooms: CollectionRooms;
  readonly vault: Keyring = createKeyring([{ id: 'k1', key: Buffer.alloc(32, 7) }], 'k1');
  readonly jobs: JobService;
  now = new Date(Date.UTC(2026, 10, 21, 10));
  /** What publishing fails with, in the middle of a transaction. */
  failing: Error | undefined;
  /** Jobs that were made and not run yet. */
  readonly waiting: { readonly kind: string; readonly params: unknown }[] = [];

  constructor(
    readonly db: Database,
    options: { readonly chunkSize?: number; readonly pollMs?: number } = {},
  ) {
    const outbox = createOutbox(db);
    const appendAll: typeof outbox.appendAll = (tx, messages) =>
      this.failing === undefined ? outbox.appendAll(tx, messages) : Promise.reject(this.failing);
    const events = new EventPublisher<Tx>({ appendAll }, { nudge: () => undefined });
    const now = (): Date => this.now;
    this.jobs = new JobService({ db, store: new JobStore(db), events, now, uuid: randomUUID });
    const jobs = {
      create: async (tx: Tx, request: JobRequest) => {
        const job = await this.jobs.create(tx, request);
        tx.afterCommit(() => this.waiting.push({ kind: request.kind, params: request.params }));
        return job;
      },
    };
    this.rooms = buildCollectionRooms({
      db,
      events,
      jobs,
      numbers: new NumberSeries(),
      idempotency: new IdempotencyService(db, now),
      vault: this.vault,
      models: { device: deviceQueryModel, user: userQueryModel },
      siteCode: 'DEV',
      logger: createLogger({ service: 'config-proxy', replica: 'spec', level: 'silent' }),
      now,
      chunkSize: 3,
      ...options,
    });
  }

  /** Makes the built-ins without starting loops. */
  async seed(): Promise<void> {
    await this.rooms.start();
    await this.rooms.stop();
  }

  kindOf(name: string): JobKind<unknown> {
    const found = this.rooms.jobKinds.find(({ kind }) => kind === name);
    if (found === undefined) throw new Error(`no job of the kind ${name}`);
    return found;
  }

  /** Works until nothing waits. */
  async settle(): Promise<void> {
    for (;;) {
      while (await this.rooms.evaluation.evaluateChanges());
      const job = this.waiting.shift();
      if (job === undefined) break;
      await this.runJob(job.kind, job.params);
    }
  }

  /** Runs a job to its end; `between` comes after each step. */
  async runJob(
    kind: string,
    params: unknown,
    between: () => Promise<void> = async () => {},
  ): Promise<number> {
    let cursor: string | null = null;
    let done = 0;
    for (;;) {
      const step = await this.kindOf(kind).step(
        { id: 'job', params, cursor, createdBy: 'spec' },
        new AbortController().signal,
      );
      done += step.done;
      if (step.finished) return done;
      await between();
      cursor = step.cursor;
    }
  }

  /** Writes devices as the resource rooms do, with a change of every class. */
  async addDevices(...devices: readonly SpecDevice[]): Promise<void> {
    await this.db.transaction(async (tx) => {
      await insertRows(
        tx,
        'resource',
        devices.map(({ id, name = `device-${id}`, platform = 'mac', state = 'active' }) =>
          resourceRow(id, 'device', name, platform, state),
        ),
      );
      await this.rooms.changes.record(
        tx,
        devices.map(({ id }) => ({ resourceId: id, classes: [EVERY_CLASS] })),
      );
    });
  }

  /** The first devices: even ones named `lab-…`, odd ones `desk-…`; every third is an iPhone, the others are Macs. */
  async addSample(count: number): Promise<void> {
    await this.addDevices(
      ...Array.from({ length: count }, (_, n) => ({
        id: DEVICE + n,
        name: `${n % 2 === 0 ? 'lab' : 'desk'}-${n}`,
        platform: n % 3 === 0 ? 'iphone' : 'mac',
      })),
    );
  }

  /** Id of the collection of this name, `none` where there is none. */
  async idOf(name: string): Promise<string> {
    const { items } = await this.rooms.collections.list({ limit: 10, filter: `name eq '${name}'` });
    return items[0]?.id ?? 'none';
  }

  async addUsers(...ids: readonly number[]): Promise<void> {
    await this.db.transaction(async (tx) => {
      await insertRows(
        tx,
        'resource',
        ids.map((id) => resourceRow(id, 'user', `user-${id}`, null, 'active')),
      );
      await this.rooms.changes.record(
        tx,
        ids.map((id) => ({ resourceId: id, classes: [EVERY_CLASS] })),
      );
    });
  }

  /** Changes facts of a device, noted as a change of the class. */
  async change(
    id: number,
    facts: { readonly name?: string; readonly platform?: string; readonly state?: string },
    classes: readonly string[] = ['SMS_R_System'],
  ): Promise<void> {
    await this.db.transaction(async (tx) => {
      for (const [column, value] of Object.entries(facts))
        await tx.execute(
          `UPDATE {resource} SET ${column} = :value, ${column}_folded = :folded WHERE resource_id = :id`,
          { id, value, folded: foldText(value) },
        );
      await this.rooms.changes.record(tx, [{ resourceId: id, classes }]);
    });
  }

  /** Ties an active enrolment to a device (or, as a user's channel, to both). */
  async enroll(id: string, deviceId: number, userId: number | null = null, isActive = true): Promise<void> {
    await this.db.transaction(async (tx) => {
      const before = await tx.query<{ resource_id: number; user_resource_id: number | null }>(
        'SELECT resource_id, user_resource_id FROM {resource_enrollment} WHERE enrollment_id = :id',
        { id },
      );
      await tx.execute('DELETE FROM {resource_enrollment} WHERE enrollment_id = :id', { id });
      const kind = userId === null ? 'device' : 'user';
      await insertRows(tx, 'resource_enrollment', [
        {
          enrollment_id: id,
          enrollment_id_folded: foldText(id),
          resource_id: deviceId,
          user_resource_id: userId,
          device_enrollment_id: id,
          kind,
          kind_folded: kind,
          is_active: isActive,
          state: isActive ? 'enrolled' : 'removed',
          state_folded: isActive ? 'enrolled' : 'removed',
          state_at: 1,
        },
      ]);
      const ids = [...before.flatMap((row) => [row.resource_id, row.user_resource_id]), deviceId, userId];
      await this.rooms.scope.enrollmentsChanged(
        tx,
        ids.filter((item) => item !== null),
      );
    });
  }

  /** Makes a device collection limited to All Systems; gives its id. */
  async make(name: string, given: Partial<NewCollection> = {}): Promise<string> {
    const made = await this.rooms.collections.create(
      {
        kind: 'device',
        name,
        comment: '',
        limitingId: 'SMS00001',
        refresh: 'incremental',
        schedule: null,
        rules: [],
        ...given,
      },
      asker,
      undefined,
    );
    return made.id;
  }

  /** Ids of members, the first device being 0. */
  async members(collectionId: string): Promise<number[]> {
    const rows = await this.db.query<{ resource_id: number }>(
      'SELECT resource_id FROM {collection_member} WHERE collection_id = :collectionId ORDER BY resource_id',
      { collectionId },
    );
    return rows.map(({ resource_id }) => resource_id - (resource_id >= USER ? USER : DEVICE));
  }

  /** Payloads of the events of a kind, oldest first. */
  async events<T>(subject: string): Promise<T[]> {
    const rows = await this.db.query<{ payload: string }>(
      'SELECT payload FROM {outbox} WHERE subject = :subject ORDER BY sequence',
      { subject: `esp.v1.evt.${subject}` },
    );
    return rows.map(({ payload }) => JSON.parse(payload) as T);
  }

  /** Who is in a collection as a reader of its events knows it, in whatever order they arrive. */
  async told(collectionId: string): Promise<string[]> {
    const events = await this.events<{
      collectionId: string;
      version: number;
      changes: { enrollmentId: string; member: boolean }[];
    }>('scope.members-changed');
    const known = new Map<string, { version: number; member: boolean }>();
    for (const { version, changes } of events
      .filter((event) => event.collectionId === collectionId)
      .reverse())
      for (const { enrollmentId, member } of changes)
        if (version > (known.get(enrollmentId)?.version ?? 0)) known.set(enrollmentId, { version, member });
    return [...known]
      .filter(([, { member }]) => member)
      .map(([id]) => id)
      .sort();
  }
}

function resourceRow(
  id: number,
  kind: 'device' | 'user',
  name: string,
  platform: string | null,
  state: string,
): Record<string, string | number | null> {
  return {
    resource_id: id,
    kind,
    resource_type: kind === 'device' ? 5 : 4,
    name,
    name_folded: foldText(name),
    platform,
    platform_folded: platform,
    state,
    state_folded: state,
    is_obsolete: state === 'obsolete' ? 1 : 0,
    created_at: 1,
    updated_at: 1,
  };
}

/** A query rule that selects by name. */
export const byName = (pattern: string, name = pattern) =>
  ({ kind: 'query', name, query: `select * from SMS_R_System where Name like "${pattern}"` }) as const;
