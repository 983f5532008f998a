import { libraryErrors, type DeclarationContent, type PolicyItem } from '@espalier/contracts';
import { prepareProfile } from '@espalier/config-profile';
import type { Database, Queryable, Tx } from '@espalier/persistence';
import type { PolicyContent, ResolvedThing, ThingReference } from './library.interfaces.js';
import type { Member, MemberStore } from './member.store.js';
import { revisionRowId, type RevisionStore } from './revision.store.js';
import type { ThingStore } from './thing.store.js';
import type { Revision, Thing } from './thing.js';
import type { ThingService } from './thing.service.js';

export interface LibraryServiceOptions {
  readonly db: Database;
  readonly store: ThingStore;
  readonly revisions: RevisionStore;
  readonly members: MemberStore;
  readonly things: Pick<ThingService, 'readContent'>;
}

/** Tells deployments what things are made of. */
export class LibraryService {
  constructor(private readonly options: LibraryServiceOptions) {}

  /**
   * What a thing is made of, at a revision or at its latest. In a transaction nothing of it can be changed or deleted
   * until the transaction ends, so that what is made of it there stays true.
   * @throws EspalierError ESP_LIBRARY_UNKNOWN, ESP_LIBRARY_REVISION_UNKNOWN; ESP_LIBRARY_MEMBERS_INVALID where an old
   * revision of a baseline has configuration items that were deleted since
   */
  async resolve(on: Tx | Database, { revision, ...reference }: ThingReference): Promise<ResolvedThing> {
    const { store } = this.options;
    const lock = 'afterCommit' in on ? 'share' : undefined;
    const thing = await store.find(on, reference, lock);
    if (thing === undefined) throw libraryErrors.ESP_LIBRARY_UNKNOWN({ detail: reference.thingId });
    const wanted = revision ?? thing.revision;
    const items =
      thing.kind === 'baseline'
        ? await this.#resolveMembers(on, thing, wanted, lock)
        : [toItem(thing, await this.#revision(on, thing, wanted))];
    return { id: thing.id, revision: wanted, displayName: thing.name, items };
  }

  /**
   * What a device gets of a configuration item's revision.
   * @throws EspalierError ESP_LIBRARY_UNKNOWN, ESP_LIBRARY_REVISION_UNKNOWN
   */
  async content(ciId: string, revision: number): Promise<PolicyContent> {
    const { db, store, things } = this.options;
    const thing = await store.find(db, { thingKind: 'configuration-item', thingId: ciId });
    if (thing === undefined || thing.madeOf === 'script') {
      // Scripts, applications and packages are the Mac client's.
      if (thing !== undefined || (await this.#isSoftware(ciId))) return { kind: 'none' };
      throw libraryErrors.ESP_LIBRARY_UNKNOWN({ detail: ciId });
    }
    const content = await things.readContent(db, ciId, revision);
    if (thing.madeOf === 'declaration') {
      const { Type, Payload } = JSON.parse(content.toString()) as DeclarationContent;
      return { kind: 'declaration', type: Type, payload: Payload };
    }
    return { kind: 'profile', payload: prepareProfile(content, thing.scope).toString('base64') };
  }

  async #isSoftware(thingId: string): Promise<boolean> {
    const { db, store } = this.options;
    for (const thingKind of ['application', 'package'] as const)
      if ((await store.find(db, { thingKind, thingId })) !== undefined) return true;
    return false;
  }

  async #revision(on: Queryable, thing: Thing, revision: number): Promise<Revision> {
    const found = await this.options.revisions.find(on, thing.id, revision);
    return found ?? unknownRevision(thing, revision);
  }

  async #resolveMembers(
    on: Queryable,
    baseline: Thing,
    revision: number,
    lock: 'share' | undefined,
  ): Promise<PolicyItem[]> {
    const { store, revisions } = this.options;
    const members = (await this.options.members.list(on, baseline.id, [revision])).get(revision) ?? [];
    // A baseline always has members: one without is a revision that there is not.
    if (members.length === 0) return unknownRevision(baseline, revision);
    const things = await store.findItems(
      on,
      members.map((member) => member.ciId),
      lock,
    );
    const wanted = members.flatMap((member) => {
      const thing = things.get(member.ciId);
      return thing === undefined
        ? []
        : [{ thing, thingId: thing.id, revision: member.revision ?? thing.revision }];
    });
    if (wanted.length < members.length) return deletedMembers(members, things);
    const found = await revisions.findAll(on, wanted);
    return wanted.map(({ thing, revision: number }) =>
      toItem(thing, found.get(revisionRowId(thing.id, number)) ?? unknownRevision(thing, number)),
    );
  }
}

function unknownRevision(thing: Thing, revision: number): never {
  throw libraryErrors.ESP_LIBRARY_REVISION_UNKNOWN({
    detail: `"${thing.name}" has no revision ${revision}; its latest is ${thing.revision}.`,
  });
}

function deletedMembers(members: readonly Member[], things: ReadonlyMap<string, Thing>): never {
  const gone = members.filter(({ ciId }) => !things.has(ciId)).map(({ name }) => `"${name}"`);
  throw libraryErrors.ESP_LIBRARY_MEMBERS_INVALID({
    detail: `Deleted since this revision was made: ${gone.join(', ')}.`,
  });
}

const toItem = (thing: Thing, revision: Revision): PolicyItem => {
  if (thing.madeOf === 'baseline') throw new Error('a baseline is no item of a policy');
  return {
    ciId: thing.id,
    revision: revision.revision,
    kind: thing.madeOf,
    identifier: thing.identifier,
    version: revision.deployedVersion,
    displayName: thing.name,
    scope: thing.scope,
    platforms: [...revision.platforms],
  };
};
