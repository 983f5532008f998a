import { createHash } from 'node:crypto';
import { libraryErrors, type BaselineMember } from '@espalier/contracts';
import type { Database, Tx } from '@espalier/persistence';
import type { Weigh } from '../approvals/weigh.js';
import type { Author, ThingService, VersionCheck } from '../library/thing.service.js';
import type { Member, MemberStore } from '../library/member.store.js';
import { revisionRowId, type RevisionStore } from '../library/revision.store.js';
import type { ThingStore } from '../library/thing.store.js';
import { noFacts, type Revision, type RevisionDraft, type Thing } from '../library/thing.js';

export interface BaselineServiceOptions {
  readonly db: Database;
  readonly things: ThingService;
  readonly store: ThingStore;
  readonly revisions: RevisionStore;
  readonly members: MemberStore;
}

export interface NewBaseline {
  readonly name: string;
  readonly description: string;
  readonly categories: readonly string[];
  readonly note: string;
  readonly members: readonly BaselineMember[];
}

export interface BaselineChange {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly categories?: readonly string[] | undefined;
  readonly members?: readonly BaselineMember[] | undefined;
  readonly note: string;
}

/** A revision of a baseline with its members. */
export interface BaselineRevisionParts {
  readonly revision: Revision;
  readonly members: readonly Member[];
}

const thingKind = 'baseline';

/** Decides what a baseline may hold. */
export class BaselineService {
  constructor(private readonly options: BaselineServiceOptions) {}

  /** @throws EspalierError ESP_LIBRARY_MEMBERS_INVALID */
  async create(tx: Tx, asked: NewBaseline, by: Author): Promise<Thing> {
    const { things } = this.options;
    const { name, description, categories, note } = asked;
    const members = await this.#check(tx, asked.members);
    const baseline = await things.create(
      tx,
      {
        kind: thingKind,
        madeOf: thingKind,
        name,
        description,
        categories,
        scope: 'system',
        memberCount: members.length,
        revision: draftOf(members, note),
      },
      by,
    );
    await this.options.members.insert(tx, baseline.id, baseline.revision, members);
    return baseline;
  }

  /**
   * Other members make a new revision.
   * @throws EspalierError ESP_LIBRARY_UNKNOWN, ESP_LIBRARY_MEMBERS_INVALID
   */
  change(
    id: string,
    asked: BaselineChange,
    expect: VersionCheck,
    by: Author,
    weigh?: Weigh,
  ): Promise<{ baseline: Thing; latest: BaselineRevisionParts }> {
    return this.options.db.transaction((tx) => this.changeIn(tx, id, asked, expect, by, weigh));
  }

  /** As `change`, in the caller's transaction. */
  async changeIn(
    tx: Tx,
    id: string,
    asked: BaselineChange,
    expect: VersionCheck,
    by: Author,
    weigh?: Weigh,
  ): Promise<{ baseline: Thing; latest: BaselineRevisionParts }> {
    const { things } = this.options;
    const { name, description, categories } = asked;
    const change = {
      ...(name !== undefined && { name }),
      ...(description !== undefined && { description }),
      ...(categories !== undefined && { categories }),
    };
    const thing = await things.lock(tx, { thingKind, thingId: id }, expect);
    const latest = await things.revision(id, thing.revision, tx);
    const members = asked.members && (await this.#check(tx, asked.members));
    const draft = members && draftOf(members, asked.note);
    const isNew = draft !== undefined && draft.sha256 !== latest.sha256;
    if (!isNew && Object.keys(change).length === 0)
      return { baseline: thing, latest: await this.#withMembers(tx, latest) };
    // The members first: whoever hears of the change reads them.
    if (isNew) await this.options.members.insert(tx, id, thing.revision + 1, members ?? []);
    const changed = await things.change(
      tx,
      thing,
      { ...change, ...(isNew && { memberCount: members?.length ?? 0 }) },
      isNew ? draft : undefined,
      by,
      weigh,
    );
    const revision = await things.revision(id, changed.revision, tx);
    return { baseline: changed, latest: await this.#withMembers(tx, revision) };
  }

  /** @throws EspalierError ESP_LIBRARY_UNKNOWN, ESP_LIBRARY_IN_USE */
  async delete(id: string, expect: VersionCheck): Promise<void> {
    const { db, things } = this.options;
    await db.transaction(async (tx) =>
      things.delete(tx, await things.lock(tx, { thingKind, thingId: id }, expect)),
    );
  }

  /** Adds the members to revisions of one baseline. */
  async withMembers(revisions: readonly Revision[]): Promise<BaselineRevisionParts[]> {
    const { db } = this.options;
    const [first] = revisions;
    if (first === undefined) return [];
    const numbers = revisions.map(({ revision }) => revision);
    const members = await this.options.members.list(db, first.thingId, numbers);
    return revisions.map((revision) => ({ revision, members: members.get(revision.revision) ?? [] }));
  }

  async #withMembers(tx: Tx, revision: Revision): Promise<BaselineRevisionParts> {
    const members = await this.options.members.list(tx, revision.thingId, [revision.revision]);
    return { revision, members: members.get(revision.revision) ?? [] };
  }

  /** Gives the members with name and identifier; they stay until the transaction ends. */
  async #check(tx: Tx, asked: readonly BaselineMember[]): Promise<Member[]> {
    const { store, revisions } = this.options;
    const ids = asked.map(({ ciId }) => ciId);
    const things = await store.findItems(tx, ids, 'share');
    const known = await revisions.findAll(
      tx,
      asked.flatMap(({ ciId, revision }) => (revision === null ? [] : [{ thingId: ciId, revision }])),
    );
    const byIdentifier = new Map<string, string>();
    return asked.map(({ ciId, revision }) => {
      const thing = things.get(ciId);
      if (thing === undefined) throw invalid(`There is no configuration item ${ciId}.`);
      if (revision !== null && !known.has(revisionRowId(ciId, revision)))
        throw invalid(`"${thing.name}" (${ciId}) has no revision ${revision}.`);
      // Two of one identifier would replace each other on the device, for ever.
      const identity = `${thing.madeOf} ${thing.identifier}`;
      const other = byIdentifier.get(identity);
      if (other === ciId) throw invalid(`"${thing.name}" (${ciId}) stands twice.`);
      if (other !== undefined)
        throw invalid(`${other} and ${ciId} have the same identifier ${JSON.stringify(thing.identifier)}.`);
      byIdentifier.set(identity, ciId);
      return { ciId, revision, name: thing.name, identifier: thing.identifier };
    });
  }
}

const invalid = (detail: string): Error => libraryErrors.ESP_LIBRARY_MEMBERS_INVALID({ detail });

function draftOf(members: readonly Member[], note: string): RevisionDraft {
  const content = Buffer.from(JSON.stringify(members.map(({ ciId, revision }) => [ciId, revision])));
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { platforms: [], content, sha256, deployedVersion: sha256, facts: noFacts, note };
}
