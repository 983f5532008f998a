import {
  libraryErrors,
  type ConfigurationItemContent,
  type ConfigurationItemKind,
  type Platform,
  type PolicyScope,
} from '@espalier/contracts';
import { foldText } from '@espalier/conditions';
import type { Database, Tx } from '@espalier/persistence';
import type { Weigh } from '../approvals/weigh.js';
import type { Author, ThingService, VersionCheck } from '../library/thing.service.js';
import type { MemberStore } from '../library/member.store.js';
import type { RevisionStore } from '../library/revision.store.js';
import type { Revision, RevisionDraft, Thing } from '../library/thing.js';
import { readItemContent, type ItemContent } from './item-content.js';

export interface ConfigurationItemServiceOptions {
  readonly db: Database;
  readonly things: ThingService;
  readonly revisions: RevisionStore;
  readonly members: MemberStore;
}

export interface NewConfigurationItem {
  readonly name?: string | undefined;
  readonly description: string;
  readonly categories: readonly string[];
  readonly scope?: PolicyScope | undefined;
  readonly platforms?: readonly Platform[] | undefined;
  readonly note: string;
  readonly content: ItemContent;
}

export interface ConfigurationItemChange {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly categories?: readonly string[] | undefined;
  readonly platforms?: readonly Platform[] | undefined;
  readonly note: string;
  readonly content?: ConfigurationItemContent | ItemContent | undefined;
}

const thingKind = 'configuration-item';
const MAX_NAME = 255;

/** Decides what becomes a configuration item, and what a new revision of one may be. */
export class ConfigurationItemService {
  constructor(private readonly options: ConfigurationItemServiceOptions) {}

  /** @throws EspalierError ESP_LIBRARY_SCOPE_MISMATCH */
  create(tx: Tx, asked: NewConfigurationItem, by: Author): Promise<Thing> {
    const { content, name, description, categories, note } = asked;
    if (asked.scope !== undefined) refuseOtherScope(content, asked.scope);
    const scope = content.scope ?? asked.scope ?? 'system';
    const { kind, identifier } = content;
    return this.options.things.create(
      tx,
      {
        kind: thingKind,
        madeOf: kind,
        name: name ?? nameOf(content),
        description,
        categories,
        scope,
        ...(identifier !== undefined && { identifier }),
        revision: draftOf(content, asked.platforms ?? content.platforms, scope, note),
      },
      by,
    );
  }

  /**
   * Changes what is asked for; other content or other platforms make a new revision.
   * @throws EspalierError ESP_LIBRARY_UNKNOWN, ESP_LIBRARY_KIND_MISMATCH, ESP_LIBRARY_IDENTIFIER_MISMATCH,
   * ESP_LIBRARY_SCOPE_MISMATCH, ESP_LIBRARY_PROFILE_UUID_REUSED, and what the content is refused for
   */
  change(
    id: string,
    asked: ConfigurationItemChange,
    expect: VersionCheck,
    by: Author,
    weigh?: Weigh,
  ): Promise<{ item: Thing; latest: Revision }> {
    return this.options.db.transaction((tx) => this.changeIn(tx, id, asked, expect, by, weigh));
  }

  /** As `change`, in the caller's transaction. */
  async changeIn(
    tx: Tx,
    id: string,
    asked: ConfigurationItemChange,
    expect: VersionCheck,
    by: Author,
    weigh?: Weigh,
  ): Promise<{ item: Thing; latest: Revision }> {
    const { things } = this.options;
    const { name, description, categories } = asked;
    const content =
      asked.content === undefined || 'facts' in asked.content
        ? asked.content
        : readItemContent(asked.content);
    const change = {
      ...(name !== undefined && { name }),
      ...(description !== undefined && { description }),
      ...(categories !== undefined && { categories }),
    };
    const thing = await things.lock(tx, { thingKind, thingId: id }, expect);
    const draft = await this.#draftRevision(tx, thing, content, asked);
    const nothing = draft === undefined && Object.keys(change).length === 0;
    const item = nothing ? thing : await things.change(tx, thing, change, draft, by, weigh);
    return { item, latest: await things.revision(id, item.revision, tx) };
  }

  /** @throws EspalierError ESP_LIBRARY_UNKNOWN; ESP_LIBRARY_IN_USE naming the baselines or deployments */
  async delete(id: string, expect: VersionCheck): Promise<void> {
    const { db, things, members } = this.options;
    await db.transaction(async (tx) => {
      const thing = await things.lock(tx, { thingKind, thingId: id }, expect);
      const baselines = await members.baselinesWith(tx, id);
      const holders = baselines.filter(({ inLatest }) => inLatest);
      if (holders.length > 0) {
        const names = holders.slice(0, 10).map((baseline) => `"${baseline.name}" (${baseline.id})`);
        throw libraryErrors.ESP_LIBRARY_IN_USE({
          detail: `In ${holders.length === 1 ? 'the baseline' : `${holders.length} baselines`}: ${names.join(', ')}.`,
        });
      }
      // An old revision of a baseline may still be deployed.
      for (const baseline of baselines)
        await things.refuseDeployed(tx, { thingKind: 'baseline', thingId: baseline.id });
      await things.delete(tx, thing);
    });
  }

  /**
   * The content of a revision, exactly as it was uploaded.
   * @throws EspalierError ESP_LIBRARY_UNKNOWN, ESP_LIBRARY_REVISION_UNKNOWN
   */
  async readContent(
    id: string,
    revision: number,
  ): Promise<{ kind: ConfigurationItemKind; name: string; content: Buffer }> {
    const { db, things } = this.options;
    const thing = await things.get(thingKind, id);
    const content = await things.readContent(db, id, revision);
    return { kind: thing.madeOf as ConfigurationItemKind, name: thing.name, content };
  }

  /** Undefined where nothing would change. */
  async #draftRevision(
    tx: Tx,
    thing: Thing,
    content: ItemContent | undefined,
    { platforms: asked, note }: ConfigurationItemChange,
  ): Promise<RevisionDraft | undefined> {
    const { things } = this.options;
    const latest = await things.revision(thing.id, thing.revision, tx);
    const platforms = asked ?? latest.platforms;
    const samePlatforms = platforms.toSorted().join() === latest.platforms.toSorted().join();
    if (content === undefined || content.sha256 === latest.sha256) {
      if (content !== undefined) refuseOtherKind(thing, content);
      if (samePlatforms) return undefined;
      return { ...latest, platforms, note, content: await things.readContent(tx, thing.id, thing.revision) };
    }
    refuseOtherKind(thing, content);
    await this.#refuseReusedUuid(tx, thing, content);
    return draftOf(content, platforms, thing.scope, note);
  }

  /** A signed profile keeps its own PayloadUUID, which must tell its revisions apart. */
  async #refuseReusedUuid(tx: Tx, thing: Thing, content: ItemContent): Promise<void> {
    if (!content.facts.signed) return;
    const revision = await this.options.revisions.findShowing(tx, thing.id, content);
    if (revision === undefined) return;
    throw libraryErrors.ESP_LIBRARY_PROFILE_UUID_REUSED({
      detail: `Revision ${revision} has the PayloadUUID ${content.deployedVersion} too.`,
    });
  }
}

function refuseOtherKind(thing: Thing, content: ItemContent): void {
  if (content.kind !== thing.madeOf)
    throw libraryErrors.ESP_LIBRARY_KIND_MISMATCH({
      detail: `It is a ${thing.madeOf}, the content a ${content.kind}.`,
    });
  if (content.identifier !== undefined && content.identifier !== thing.identifier)
    throw libraryErrors.ESP_LIBRARY_IDENTIFIER_MISMATCH({
      detail: `It has ${JSON.stringify(thing.identifier)}, the content ${JSON.stringify(content.identifier)}.`,
    });
  refuseOtherScope(content, thing.scope);
}

function refuseOtherScope({ scope }: ItemContent, wanted: PolicyScope): void {
  if (scope !== undefined && scope !== wanted)
    throw libraryErrors.ESP_LIBRARY_SCOPE_MISMATCH({
      detail: `The configuration item is for the ${wanted}, the content says ${scope}.`,
    });
}

function draftOf(
  item: ItemContent,
  platforms: readonly Platform[],
  scope: PolicyScope,
  note: string,
): RevisionDraft {
  const { content, sha256, deployedVersion, facts } = item;
  const says = scope === 'user' ? 'the user (User)' : 'the whole device (System)';
  const silent = item.kind === 'profile' && item.scope === undefined;
  const warnings = silent
    ? [...facts.warnings, `The profile has no PayloadScope; it is installed for ${says}.`]
    : facts.warnings;
  return { content, sha256, deployedVersion, facts: { ...facts, warnings }, platforms, note };
}

/** What the content calls itself, as far as it fits a name. */
function nameOf({ displayName = '', identifier, kind }: ItemContent): string {
  const shown = displayName
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, MAX_NAME);
  // Some letters are longer in the form in which they are compared.
  const name = foldText(shown).length > MAX_NAME ? shown.slice(0, MAX_NAME / 3) : shown;
  return name || identifier || `A ${kind}`;
}
