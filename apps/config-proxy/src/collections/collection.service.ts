import {
  collectionChanged,
  collectionErrors,
  type Collection,
  type CollectionDefinition,
  type CollectionDetail,
  type Job,
  type NewCollection,
} from '@espalier/contracts';
import type { EventPublisher } from '@espalier/messaging';
import type { Database, Queryable, Tx } from '@espalier/persistence';
import { listPage } from '@espalier/query';
import { restricting, unrestricted, type Restriction } from '../access/restrict.js';
import type { Weigh } from '../approvals/weigh.js';
import type { IdempotencyService } from '../idempotency/idempotency.service.js';
import type { NumberSeries } from '../number-series/number-series.js';
import { collectionModel, hintsOf, LISTED_COLLECTIONS, toCollection, toRule } from './collection.mapper.js';
import type { ListedCollection } from './collection.mapper.js';
import type { CollectionReach } from './collection-reach.js';
import type { CollectionRow } from './collection.rows.js';
import type { CollectionStore } from './collection.store.js';
import type { DefinitionEffect, DefinitionWriter } from './definition.writer.js';
import type { ListQuery } from './member.store.js';
import type { QueryRuleBinder } from './query-rule.binder.js';

export interface CollectionServiceOptions {
  readonly db: Database;
  readonly store: CollectionStore;
  readonly writer: DefinitionWriter;
  readonly reach: Pick<CollectionReach, 'before' | 'moved' | 'devicesOf'>;
  readonly numbers: NumberSeries;
  readonly idempotency: IdempotencyService;
  readonly binder: QueryRuleBinder;
  readonly events: EventPublisher<Tx>;
  /** Three letters or digits: ids of collections begin with them. */
  readonly siteCode: string;
  readonly now: () => Date;
  /** What else must go with a collection, or stands in the way of its deletion. */
  readonly dependants: readonly CollectionDependant[];
}

/** Something that belongs to collections and is kept elsewhere. */
export interface CollectionDependant {
  /** Says what stands in the way of the deletion, as in `has the deployment "Wi-Fi"`. */
  blockers?(tx: Tx, collectionId: string): Promise<string[]>;
  /** Deletes what belongs to the collection. */
  deleteWith?(tx: Tx, collectionId: string): Promise<void>;
}

/** Who asks. */
export interface Asker {
  readonly id: string;
  /** As shown to people. */
  readonly title: string;
}

/** Makes, shows, changes and deletes collections. */
export class CollectionService {
  constructor(private readonly options: CollectionServiceOptions) {}

  /** @throws EspalierError ESP_SITE_FILTER_INVALID */
  async list(
    query: ListQuery,
    within: Restriction = unrestricted,
  ): Promise<{ items: Collection[]; nextCursor?: string }> {
    const { rows, next } = await listPage<ListedCollection>(this.options.db, {
      model: collectionModel,
      sql: `${LISTED_COLLECTIONS}${restricting('WHERE', within)}`,
      params: within.params,
      defaultOrder: ['name', 'id'],
      ...query,
    });
    return { items: rows.map(toCollection), ...(next !== undefined && { nextCursor: next }) };
  }

  /** @throws EspalierError ESP_COLLECTION_UNKNOWN */
  get(id: string): Promise<CollectionDetail> {
    return this.read(this.options.db, id);
  }

  /** The stored row. @throws EspalierError ESP_COLLECTION_UNKNOWN */
  async require(on: Queryable, id: string): Promise<CollectionRow> {
    const row = await this.options.store.find(on, id);
    if (row === undefined) throw collectionErrors.ESP_COLLECTION_UNKNOWN({ detail: id });
    return row;
  }

  /** As `require`, and nobody else changes or deletes it until the transaction ends. */
  async hold(tx: Tx, id: string): Promise<CollectionRow> {
    const row = await this.options.store.hold(tx, id);
    if (row === undefined) throw collectionErrors.ESP_COLLECTION_UNKNOWN({ detail: id });
    return row;
  }

  /** @throws EspalierError ESP_COLLECTION_NAME_TAKEN, _RULE_INVALID, _REFERENCE_INVALID */
  create(collection: NewCollection, asker: Asker, key: string | undefined): Promise<CollectionDetail> {
    const { idempotency } = this.options;
    return idempotency.run({ callerId: asker.id, key, body: collection }, (tx) =>
      this.createIn(tx, collection, asker.title),
    );
  }

  /** As `create`, in the caller's transaction. */
  async createIn(tx: Tx, collection: NewCollection, by: string): Promise<CollectionDetail> {
    const { writer, numbers, siteCode } = this.options;
    await writer.lock(tx);
    const number = await numbers.take(tx, 'collection', 1);
    const id = `${siteCode}${number.toString(36).toUpperCase().padStart(5, '0')}`;
    await writer.insert(tx, id, collection, by);
    await this.#tell(tx, id, 'created');
    return this.read(tx, id);
  }

  /**
   * Replaces a definition; `check` gets the version that stands and may throw.
   * @throws EspalierError as `create`, ESP_COLLECTION_UNKNOWN, _BUILT_IN, _CIRCLE, and what `weigh` throws
   */
  replace(
    id: string,
    definition: CollectionDefinition,
    by: string,
    check: (version: number) => void,
    weigh?: Weigh,
  ): Promise<CollectionDetail> {
    return this.options.db.transaction((tx) => this.replaceIn(tx, id, definition, by, check, weigh));
  }

  /** As `replace`, in the caller's transaction. */
  async replaceIn(
    tx: Tx,
    id: string,
    definition: CollectionDefinition,
    by: string,
    check: (version: number) => void,
    weigh?: Weigh,
  ): Promise<CollectionDetail> {
    await this.changeIn(tx, id, check, weigh, (row) => this.options.writer.replace(tx, row, definition, by));
    await this.tellChanged(tx, id);
    return this.read(tx, id);
  }

  /**
   * Has a definition changed, and has weighed whom of those that something is deployed to this moves.
   * @throws EspalierError ESP_COLLECTION_UNKNOWN, _BUILT_IN, and what `change` and `weigh` throw
   */
  async changeIn(
    tx: Tx,
    id: string,
    check: (version: number) => void,
    weigh: Weigh | undefined,
    change: (row: CollectionRow) => Promise<DefinitionEffect>,
  ): Promise<DefinitionEffect> {
    const { reach } = this.options;
    const { row, definitions } = await this.#changeable(tx, id, check);
    const before = weigh && (await reach.before(tx, row.kind, id, definitions));
    const effect = await change(row);
    if (weigh === undefined || before === undefined) return effect;
    const named = await reach.devicesOf(tx, row.kind, effect.named);
    const devices = named + (effect.rulesChanged ? await reach.moved(tx, before) : 0);
    await weigh(tx, { devices, summary: `Change the collection "${row.name}"`, seen: row.version });
    return effect;
  }

  /** @throws EspalierError ESP_COLLECTION_UNKNOWN, _BUILT_IN, _IN_USE */
  async delete(id: string, check: (version: number) => void): Promise<void> {
    const { db, store, writer, dependants } = this.options;
    await db.transaction(async (tx) => {
      await this.#changeable(tx, id, check);
      const blockers = (await store.references(tx, id)).map(
        ({ kind, name }) => `${referenceWords[kind]} the collection "${name}"`,
      );
      for (const dependant of dependants) blockers.push(...((await dependant.blockers?.(tx, id)) ?? []));
      if (blockers.length > 0)
        throw collectionErrors.ESP_COLLECTION_IN_USE({ detail: `It ${namesOf(blockers)}.` });
      await this.#tell(tx, id, 'deleted');
      for (const dependant of dependants) await dependant.deleteWith?.(tx, id);
      await writer.delete(tx, id);
    });
  }

  /** Begins an evaluation of all members, of those collections that depend on it too. */
  evaluate(id: string, by: string): Promise<Job> {
    const { db, writer } = this.options;
    return db.transaction(async (tx) => {
      await writer.lock(tx);
      const row = await this.require(tx, id);
      return writer.evaluate(tx, row.collection_id, `Evaluation of ${row.name}`, by);
    });
  }

  /** Begins an evaluation of all members of all collections. */
  evaluateAll(by: string): Promise<Job> {
    const { db, writer } = this.options;
    return db.transaction(async (tx) => {
      await writer.lock(tx);
      return writer.evaluate(tx, null, 'Evaluation of all collections', by);
    });
  }

  /** The row, held, if it can be changed; and the version of all definitions. */
  async #changeable(
    tx: Tx,
    id: string,
    check: (version: number) => void,
  ): Promise<{ row: CollectionRow; definitions: number }> {
    const definitions = await this.options.writer.lock(tx);
    const row = await this.hold(tx, id);
    if (row.is_built_in === 1) throw collectionErrors.ESP_COLLECTION_BUILT_IN({ detail: row.name });
    check(row.version);
    return { row, definitions };
  }

  /** As it stands in a transaction. @throws EspalierError ESP_COLLECTION_UNKNOWN */
  async read(on: Queryable, id: string): Promise<CollectionDetail> {
    const { store, binder } = this.options;
    const row = await this.require(on, id);
    const rules = await store.rules(on, id);
    const targets = rules.flatMap(({ target_id }) => (target_id === null ? [] : [target_id]));
    const limiting = row.limiting_id === null ? [] : [row.limiting_id];
    const names = await store.names(on, [...targets, ...limiting]);
    return {
      ...toCollection({ ...row, limiting_name: names.get(row.limiting_id ?? '')?.name ?? null }),
      rules: rules.map((rule) => toRule(rule, names)),
      hints: hintsOf(row, rules, binder),
    };
  }

  /** In the transaction of a change that `changeIn` made. */
  tellChanged(tx: Tx, id: string): Promise<void> {
    return this.#tell(tx, id, 'updated');
  }

  async #tell(tx: Tx, id: string, what: 'created' | 'updated' | 'deleted'): Promise<void> {
    const row = await this.require(tx, id);
    await this.options.events.publish(tx, collectionChanged, {
      collectionId: id,
      what,
      memberCount: row.member_count,
      joined: 0,
      left: 0,
      at: this.options.now().getTime(),
    });
  }
}

const referenceWords = { limiting: 'limits', include: 'is included by', exclude: 'is excluded by' } as const;

const NAMED = 5;

/** The first ones, and how many more. */
function namesOf(blockers: readonly string[]): string {
  const more = blockers.length - NAMED;
  return `${blockers.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
