import { libraryErrors, type LibraryKind, type LibraryThing } from '@espalier/contracts';
import type { Database, Page, Queryable, Tx } from '@espalier/persistence';
import type { Keyring, SecretContext } from '@espalier/secrets';
import type { Weigh } from '../approvals/weigh.js';
import type { DeploymentReferences, LibraryListener, NumberSource } from './library.interfaces.js';
import type { MemberStore } from './member.store.js';
import { revisionRowId, type RevisionStore } from './revision.store.js';
import type { ListQuery, ThingStore } from './thing.store.js';
import {
  uniqueIdOf,
  type Revision,
  type RevisionDraft,
  type Thing,
  type ThingChange,
  type ThingDraft,
} from './thing.js';

export interface ThingServiceOptions {
  readonly db: Database;
  readonly store: ThingStore;
  readonly revisions: RevisionStore;
  readonly members: MemberStore;
  readonly vault: Keyring;
  readonly numbers: NumberSource;
  readonly listener: LibraryListener;
  readonly deployments: DeploymentReferences;
  readonly now: () => Date;
  readonly uuid: () => string;
}

/** Throws unless the version is the one that the caller knows. */
export type VersionCheck = (version: number) => void;

/** Who changes something, as shown to people. */
export interface Author {
  readonly title: string;
}

/** Keeps things with their revisions: what configuration items, baselines, applications and packages have in common. */
export class ThingService {
  constructor(private readonly options: ThingServiceOptions) {}

  async create(tx: Tx, draft: ThingDraft, by: Author): Promise<Thing> {
    const { store, numbers, now, uuid } = this.options;
    const { revision, ...rest } = draft;
    const id = uuid();
    const at = now().getTime();
    const thing: Thing = {
      publisher: '',
      softwareVersion: '',
      memberCount: 0,
      ...rest,
      id,
      identifier: draft.identifier ?? uniqueIdOf(draft.kind, id),
      number: await numbers.take(tx, 'configuration-item', 1),
      platforms: revision.platforms,
      revision: 1,
      version: 1,
      createdAt: at,
      createdBy: by.title,
      changedAt: at,
      changedBy: by.title,
    };
    await store.insert(tx, thing);
    await this.#insertRevision(tx, thing, revision);
    return thing;
  }

  /**
   * Locks a thing for a change.
   * @throws EspalierError ESP_LIBRARY_UNKNOWN, or what `expect` throws
   */
  async lock(tx: Tx, wanted: LibraryThing, expect: VersionCheck): Promise<Thing> {
    const thing = await this.options.store.find(tx, wanted, 'update');
    if (thing === undefined) throw libraryErrors.ESP_LIBRARY_UNKNOWN({ detail: wanted.thingId });
    expect(thing.version);
    return thing;
  }

  /** Changes a thing that is locked, and tells of it. `revision` makes a new one, which is weighed where it goes out. */
  async change(
    tx: Tx,
    thing: Thing,
    change: ThingChange,
    revision: RevisionDraft | undefined,
    by: Author,
    weigh?: Weigh,
  ): Promise<Thing> {
    const { store, now, listener } = this.options;
    const changed: Thing = {
      ...thing,
      ...change,
      ...(revision !== undefined && { platforms: revision.platforms, revision: thing.revision + 1 }),
      version: thing.version + 1,
      changedAt: now().getTime(),
      changedBy: by.title,
    };
    await store.update(tx, changed);
    if (revision !== undefined) await this.#insertRevision(tx, changed, revision);
    // A name is part of what policies show.
    if (revision !== undefined || changed.name !== thing.name) {
      const devices = await listener.changed(tx, await this.#affectedBy(tx, changed));
      if (devices.length > 0) {
        const summary = `Change "${thing.name}", which is deployed to ${devices.length === 1 ? devices[0] : `${devices.length} collections`}`;
        await weigh?.(tx, { devices, summary, seen: thing.version });
      }
    }
    return changed;
  }

  /**
   * Deletes a thing that is locked, with its revisions.
   * @throws EspalierError ESP_LIBRARY_IN_USE naming the deployments
   */
  async delete(tx: Tx, thing: Thing): Promise<void> {
    await this.refuseDeployed(tx, { thingKind: thing.kind, thingId: thing.id });
    const { store, revisions, members } = this.options;
    for (const table of [members, revisions, store]) await table.delete(tx, thing.id);
  }

  /** @throws EspalierError ESP_LIBRARY_IN_USE naming the deployments */
  async refuseDeployed(tx: Tx, thing: LibraryThing): Promise<void> {
    const found = await this.options.deployments.of(tx, thing);
    if (found.length === 0) return;
    const names = found.slice(0, MAX_NAMES).map(({ id, name }) => `"${name}" (${id})`);
    const more = found.length > MAX_NAMES ? ` and ${found.length - MAX_NAMES} more` : '';
    throw libraryErrors.ESP_LIBRARY_IN_USE({ detail: `Deployed by ${names.join(', ')}${more}.` });
  }

  /** @throws EspalierError ESP_LIBRARY_UNKNOWN */
  async get(thingKind: LibraryKind, thingId: string): Promise<Thing> {
    const { db, store } = this.options;
    const thing = await store.find(db, { thingKind, thingId });
    if (thing === undefined) throw libraryErrors.ESP_LIBRARY_UNKNOWN({ detail: thingId });
    return thing;
  }

  list(kind: LibraryKind, query: ListQuery): Promise<Page<Thing>> {
    return this.options.store.list(this.options.db, kind, query);
  }

  /** @throws EspalierError ESP_LIBRARY_REVISION_UNKNOWN */
  async revision(thingId: string, revision: number, on: Queryable = this.options.db): Promise<Revision> {
    const found = await this.options.revisions.find(on, thingId, revision);
    if (found === undefined) throw unknownRevision(thingId, revision);
    return found;
  }

  /** Newest first. */
  revisions(thingId: string, query: Pick<ListQuery, 'limit' | 'cursor'>): Promise<Page<Revision>> {
    return this.options.revisions.list(this.options.db, thingId, query);
  }

  /**
   * The content of a revision, opened.
   * @throws EspalierError ESP_LIBRARY_REVISION_UNKNOWN
   */
  async readContent(on: Queryable, thingId: string, revision: number): Promise<Buffer> {
    const sealed = await this.options.revisions.readContent(on, thingId, revision);
    if (sealed === undefined) throw unknownRevision(thingId, revision);
    return this.options.vault.open(sealed, sealedAt(thingId, revision));
  }

  async #insertRevision(tx: Tx, thing: Thing, { content, ...draft }: RevisionDraft): Promise<void> {
    const { revisions, vault } = this.options;
    const { id: thingId, revision, changedAt, changedBy } = thing;
    const sealed = vault.seal(content, sealedAt(thingId, revision));
    await revisions.insert(
      tx,
      { ...draft, thingId, revision, size: content.length, createdAt: changedAt, createdBy: changedBy },
      sealed,
    );
  }

  async #affectedBy(tx: Tx, { id, kind }: Thing): Promise<LibraryThing[]> {
    const baselines = kind === 'configuration-item' ? await this.options.members.baselinesWith(tx, id) : [];
    return [
      { thingKind: kind, thingId: id },
      ...baselines
        .filter(({ followsLatest }) => followsLatest)
        .map((baseline) => ({ thingKind: 'baseline' as const, thingId: baseline.id })),
    ];
  }
}

/** Longest enumeration in a text for people. */
const MAX_NAMES = 10;

const sealedAt = (thingId: string, revision: number): SecretContext => ({
  table: 'library_revision',
  column: 'content_sealed',
  row: revisionRowId(thingId, revision),
});

const unknownRevision = (thingId: string, revision: number): Error =>
  libraryErrors.ESP_LIBRARY_REVISION_UNKNOWN({ detail: `${thingId} has no revision ${revision}.` });
