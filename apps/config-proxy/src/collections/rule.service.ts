import { collectionErrors, type CollectionDetail, type NewCollectionRule } from '@espalier/contracts';
import type { Database, Tx } from '@espalier/persistence';
import type { Weigh } from '../approvals/weigh.js';
import { refreshOf, type CollectionRow, type RuleRow } from './collection.rows.js';
import { scheduleOf } from './collection.mapper.js';
import type { CollectionService } from './collection.service.js';
import type { CollectionStore } from './collection.store.js';
import type { DefinitionWriter } from './definition.writer.js';
import type { DirectRuleService } from './direct-rule.service.js';

export interface RuleServiceOptions {
  readonly db: Database;
  readonly store: CollectionStore;
  readonly collections: CollectionService;
  readonly writer: DefinitionWriter;
  readonly directRules: DirectRuleService;
  readonly now: () => Date;
}

/** A change of one collection: which, by whom, and what `check` says of the version that stands. */
export interface RuleChange {
  readonly id: string;
  readonly by: string;
  readonly check: (version: number) => void;
}

/** Rules that come and go. Those that are there already stay as they are; direct rules that are not do not matter. */
export interface RuleEdit {
  readonly add?: NewCollectionRule[] | undefined;
  /** Numbers of rules. */
  readonly remove?: number[] | undefined;
  /** Devices or users. */
  readonly addDirect?: number[] | undefined;
  readonly removeDirect?: number[] | undefined;
}

/** Adds and removes rules one by one, and direct rules by the thousand. */
export class RuleService {
  constructor(private readonly options: RuleServiceOptions) {}

  /**
   * All of it in one transaction.
   * @throws EspalierError ESP_COLLECTION_RULE_UNKNOWN, and as `CollectionService.replace`
   */
  edit(change: RuleChange, edit: RuleEdit, weigh?: Weigh): Promise<CollectionDetail> {
    return this.options.db.transaction(async (tx) => {
      await this.editIn(tx, change, edit, weigh);
      return this.options.collections.read(tx, change.id);
    });
  }

  /** As `edit` of direct rules alone; gives how many changed. */
  async writeDirect(
    change: RuleChange,
    resourceIds: number[],
    how: 'add' | 'remove',
    weigh?: Weigh,
  ): Promise<{ changed: number; version: number }> {
    const { db, collections } = this.options;
    const edit = how === 'add' ? { addDirect: resourceIds } : { removeDirect: resourceIds };
    return db.transaction(async (tx) => {
      const changed = await this.editIn(tx, change, edit, weigh);
      return { changed, version: (await collections.require(tx, change.id)).version };
    });
  }

  /** As `edit`, in the caller's transaction; gives how many direct rules changed. */
  async editIn(tx: Tx, { id, by, check }: RuleChange, edit: RuleEdit, weigh?: Weigh): Promise<number> {
    const { collections, store, now } = this.options;
    const { add = [], remove = [] } = edit;
    const { named } = await collections.changeIn(tx, id, check, weigh, async (row) => {
      const isEdited = add.length > 0 || remove.length > 0;
      const rules = isEdited && (await this.#editRules(tx, row, add, remove, by));
      return { named: await this.#writeDirect(tx, row, edit, by), rulesChanged: rules };
    });
    if (add.length > 0 || remove.length > 0) await collections.tellChanged(tx, id);
    else if (named.length > 0) await store.changed(tx, id, now().getTime(), by);
    return named.length;
  }

  async #editRules(
    tx: Tx,
    row: CollectionRow,
    add: readonly NewCollectionRule[],
    remove: readonly number[],
    by: string,
  ): Promise<boolean> {
    const { store, writer } = this.options;
    const rows = await store.rules(tx, row.collection_id);
    const unknown = remove.find((ruleId) => !rows.some((rule) => rule.rule_id === ruleId));
    if (unknown !== undefined)
      throw collectionErrors.ESP_COLLECTION_RULE_UNKNOWN({ detail: `Rule ${unknown}.` });
    const kept = rows.filter((rule) => !remove.includes(rule.rule_id)).map(givenRule);
    const definition = {
      name: row.name,
      comment: row.comment,
      limitingId: row.limiting_id ?? '',
      refresh: refreshOf(row.refresh_type),
      schedule: scheduleOf(row),
      rules: [...kept, ...add],
    };
    return (await writer.replace(tx, row, definition, by)).rulesChanged;
  }

  async #writeDirect(tx: Tx, row: CollectionRow, edit: RuleEdit, by: string): Promise<number[]> {
    const { directRules } = this.options;
    const collection = { id: row.collection_id, kind: row.kind };
    const { addDirect = [], removeDirect = [] } = edit;
    return [
      ...(addDirect.length === 0 ? [] : await directRules.write(tx, collection, addDirect, 'add', by)),
      ...(removeDirect.length === 0
        ? []
        : await directRules.write(tx, collection, removeDirect, 'remove', by)),
    ];
  }
}

const givenRule = ({ kind, name, query, target_id }: RuleRow): NewCollectionRule =>
  kind === 'query' ? { kind, name, query: query ?? '' } : { kind, collectionId: target_id ?? '' };
