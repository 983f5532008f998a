import { collectionErrors, type CollectionKind, type DirectRule } from '@espalier/contracts';
import type { Database, Tx } from '@espalier/persistence';
import { unrestricted, type Restriction } from '../access/restrict.js';
import type { ChangeSink } from './change-log.store.js';
import { kindOfResource } from './collection.rows.js';
import type { CollectionStore } from './collection.store.js';
import type { DirectRuleStore } from './direct-rule.store.js';
import { directRuleOf } from './evaluation.service.js';

export interface DirectRuleServiceOptions {
  readonly db: Database;
  readonly store: DirectRuleStore;
  readonly collections: CollectionStore;
  readonly changes: ChangeSink;
  readonly now: () => Date;
}

type Collection = { readonly id: string; readonly kind: CollectionKind };

/** Direct rules, many at once. Those whom they name are evaluated at once, whatever the collection's refresh is. */
export class DirectRuleService {
  constructor(private readonly options: DirectRuleServiceOptions) {}

  /** @throws EspalierError ESP_COLLECTION_UNKNOWN */
  async list(
    collectionId: string,
    request: { readonly limit: number; readonly cursor?: string | undefined },
    within: Restriction = unrestricted,
  ): Promise<{ items: DirectRule[]; nextCursor?: string }> {
    const { db, store, collections } = this.options;
    if ((await collections.find(db, collectionId)) === undefined)
      throw collectionErrors.ESP_COLLECTION_UNKNOWN({ detail: collectionId });
    const { rows, next } = await store.list(db, collectionId, request, within);
    return { items: rows, ...(next !== undefined && { nextCursor: next }) };
  }

  /**
   * Adds or removes rules, or makes them all that there are. Under the evaluation lock; gives those whose rules changed.
   * @throws EspalierError ESP_COLLECTION_RULE_INVALID
   */
  async write(
    tx: Tx,
    collection: Collection,
    resourceIds: readonly number[],
    how: 'add' | 'remove' | 'replace',
    by: string,
  ): Promise<number[]> {
    const { store, changes, now } = this.options;
    const { id, kind } = collection;
    const given = new Set(resourceIds);
    const before = how === 'replace' ? await store.all(tx, id) : await store.among(tx, id, [...given]);
    const added = how === 'remove' ? [] : [...given].filter((resource) => !before.has(resource));
    const removed =
      how === 'add' ? [] : [...before].filter((resource) => (how === 'remove') === given.has(resource));
    await this.#checkExist(tx, kind, added);
    await store.insert(tx, id, added, now().getTime(), by);
    if (removed.length > 0) await store.delete(tx, id, removed);
    const changed = [...added, ...removed];
    await changes.record(
      tx,
      changed.map((resourceId) => ({ resourceId, classes: [directRuleOf(id)] })),
    );
    return changed;
  }

  async deleteAll(tx: Tx, collectionId: string): Promise<void> {
    await this.options.store.deleteAll(tx, collectionId);
  }

  async #checkExist(tx: Tx, kind: CollectionKind, resourceIds: readonly number[]): Promise<void> {
    const found = new Set(
      (await this.options.collections.resourceNames(tx, resourceIds)).map(({ resourceId }) => resourceId),
    );
    const wrong = resourceIds.filter((id) => !found.has(id) || kindOfResource(id) !== kind);
    if (wrong.length === 0) return;
    const more = wrong.length > NAMED ? ` and ${wrong.length - NAMED} more` : '';
    throw collectionErrors.ESP_COLLECTION_RULE_INVALID({
      detail: `There is no ${kind} ${wrong.slice(0, NAMED).join(', ')}${more}.`,
    });
  }
}

const NAMED = 5;
