import { createHash } from 'node:crypto';
import {
  libraryErrors,
  type ApplicationDefinition,
  type PackageDefinition,
  type Platform,
} from '@espalier/contracts';
import type { Database, Tx } from '@espalier/persistence';
import type { Weigh } from '../approvals/weigh.js';
import type { ContentService } from '../content/content.service.js';
import type { Author, ThingService, VersionCheck } from '../library/thing.service.js';
import { noFacts, type Revision, type RevisionDraft, type Thing } from '../library/thing.js';

/** What an application or a package is made of. */
export type SoftwareDefinition = ApplicationDefinition | PackageDefinition;

export interface SoftwareServiceOptions {
  readonly db: Database;
  readonly things: ThingService;
  readonly contents: ContentService;
  readonly now: () => Date;
}

/** How one kind of software is read. */
interface SoftwareKind<D extends SoftwareDefinition> {
  readonly kind: 'application' | 'package';
  /** Content that a definition refers to. */
  contentIds(definition: D): readonly string[];
  /** Content that must be small enough for a picture. */
  iconId(definition: D): string | null;
  platforms(definition: D): readonly Platform[];
}

export interface NewSoftware<D> {
  readonly name: string;
  readonly description: string;
  readonly categories: readonly string[];
  readonly note: string;
  readonly definition: D;
}

export interface SoftwareChange<D> {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly categories?: readonly string[] | undefined;
  readonly note: string;
  readonly definition?: D | undefined;
}

/** A revision with what it is made of. */
export interface SoftwareRevision<D> {
  readonly revision: Revision;
  readonly definition: D;
}

const MAX_ICON_BYTES = 1_024 * 1_024;

/** Decides what an application or a package may be: the two differ only in what their definitions hold. */
export class SoftwareService<D extends SoftwareDefinition> {
  constructor(
    private readonly options: SoftwareServiceOptions,
    private readonly software: SoftwareKind<D>,
  ) {}

  /** @throws EspalierError ESP_LIBRARY_CONTENT_INVALID */
  async create(tx: Tx, asked: NewSoftware<D>, by: Author): Promise<Thing> {
    const { things } = this.options;
    const { kind } = this.software;
    const { definition, note, name, description, categories } = asked;
    const ids = await this.#claim(tx, definition);
    const { publisher, softwareVersion } = definition;
    const thing = await things.create(
      tx,
      {
        kind,
        madeOf: kind,
        name,
        description,
        categories,
        scope: 'system',
        publisher,
        softwareVersion,
        revision: this.#draft(definition, note),
      },
      by,
    );
    await this.options.contents.refer(tx, { thingId: thing.id, revision: thing.revision }, ids);
    return thing;
  }

  /**
   * Another definition makes a new revision.
   * @throws EspalierError ESP_LIBRARY_UNKNOWN, ESP_LIBRARY_CONTENT_INVALID
   */
  change(
    id: string,
    asked: SoftwareChange<D>,
    expect: VersionCheck,
    by: Author,
    weigh?: Weigh,
  ): Promise<Thing> {
    return this.options.db.transaction((tx) => this.changeIn(tx, id, asked, expect, by, weigh));
  }

  /** As `change`, in the caller's transaction. */
  async changeIn(
    tx: Tx,
    id: string,
    asked: SoftwareChange<D>,
    expect: VersionCheck,
    by: Author,
    weigh?: Weigh,
  ): Promise<Thing> {
    const { things, contents } = this.options;
    const { name, description, categories, definition } = asked;
    const draft = definition && this.#draft(definition, asked.note);
    const thing = await things.lock(tx, { thingKind: this.software.kind, thingId: id }, expect);
    const latest = await things.revision(id, thing.revision, tx);
    const isNew = definition !== undefined && draft?.sha256 !== latest.sha256;
    const change = {
      ...(name !== undefined && { name }),
      ...(description !== undefined && { description }),
      ...(categories !== undefined && { categories }),
      ...(isNew && { publisher: definition.publisher, softwareVersion: definition.softwareVersion }),
    };
    if (!isNew && Object.keys(change).length === 0) return thing;
    const ids = isNew ? await this.#claim(tx, definition) : [];
    const changed = await things.change(tx, thing, change, isNew ? draft : undefined, by, weigh);
    await contents.refer(tx, { thingId: id, revision: changed.revision }, ids);
    return changed;
  }

  /** @throws EspalierError ESP_LIBRARY_UNKNOWN, ESP_LIBRARY_IN_USE */
  async delete(id: string, expect: VersionCheck): Promise<void> {
    const { db, things, contents, now } = this.options;
    await db.transaction(async (tx) => {
      const thing = await things.lock(tx, { thingKind: this.software.kind, thingId: id }, expect);
      await things.delete(tx, thing);
      await contents.forget(tx, id, now().getTime());
    });
  }

  /** @throws EspalierError ESP_LIBRARY_UNKNOWN */
  get(id: string): Promise<Thing> {
    return this.options.things.get(this.software.kind, id);
  }

  /** @throws EspalierError ESP_LIBRARY_REVISION_UNKNOWN */
  async revision(id: string, number: number): Promise<SoftwareRevision<D>> {
    const { things } = this.options;
    return this.withDefinition(await things.revision(id, number));
  }

  async withDefinition(revision: Revision): Promise<SoftwareRevision<D>> {
    const { db, things } = this.options;
    const content = await things.readContent(db, revision.thingId, revision.revision);
    return { revision, definition: JSON.parse(content.toString()) as D };
  }

  #draft(definition: D, note: string): RevisionDraft {
    const content = Buffer.from(JSON.stringify(definition));
    const sha256 = createHash('sha256').update(content).digest('hex');
    const platforms = this.software.platforms(definition);
    return { platforms, content, sha256, deployedVersion: sha256, facts: noFacts, note };
  }

  /** Gives the content that it refers to, which stays until the transaction ends. */
  async #claim(tx: Tx, definition: D): Promise<readonly string[]> {
    const icon = this.software.iconId(definition);
    const ids = [...new Set([...this.software.contentIds(definition), ...(icon === null ? [] : [icon])])];
    const found = await this.options.contents.claim(tx, ids);
    const size = icon === null ? 0 : (found.get(icon)?.size ?? 0);
    if (size > MAX_ICON_BYTES)
      throw libraryErrors.ESP_LIBRARY_CONTENT_INVALID({
        detail: `An icon may have ${MAX_ICON_BYTES} bytes; ${icon} has ${size}.`,
      });
    return ids;
  }
}

/** Applications: deployment types, of which a Mac uses the first that fits it. */
export class ApplicationService extends SoftwareService<ApplicationDefinition> {
  constructor(options: SoftwareServiceOptions) {
    super(options, {
      kind: 'application',
      contentIds: ({ deploymentTypes }) => deploymentTypes.map(({ contentId }) => contentId),
      iconId: ({ iconContentId }) => iconContentId,
      platforms: ({ deploymentTypes }) => [...new Set(deploymentTypes.flatMap(({ platforms }) => platforms))],
    });
  }
}

/** Packages: content, and programs that are run with it. */
export class PackageService extends SoftwareService<PackageDefinition> {
  constructor(options: SoftwareServiceOptions) {
    super(options, {
      kind: 'package',
      contentIds: ({ contentId }) => (contentId === null ? [] : [contentId]),
      iconId: () => null,
      platforms: ({ platforms }) => platforms,
    });
  }
}
