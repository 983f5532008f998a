import { collectionErrors, type CollectionDetail, type NewCollectionRule } from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
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

/** Adds and removes rules one by one, and direct rules by the thousand. */
export class RuleService {
  constructor(private readonly options: RuleServiceOptions) {}

  /** Rules that are there already stay as they are. @throws as `CollectionService.replace` */
  add(change: RuleChange, ...added: readonly NewCollectionRule[]): Promise<CollectionDetail> {
    return this.#change(change, (rules) => [...rules, ...added]);
  }

  /** @throws EspalierError ESP_COLLECTION_RULE_UNKNOWN, and as `CollectionService.replace` */
  remove(change: RuleChange, ...ruleIds: readonly number[]): Promise<CollectionDetail> {
    return this.#change(change, (_rules, rows) => {
      const unknown = ruleIds.find((ruleId) => !rows.some((row) => row.rule_id === ruleId));
      if (unknown !== undefined)
        throw collectionErrors.ESP_COLLECTION_RULE_UNKNOWN({ detail: `Rule ${unknown}.` });
      return rows.filter((row) => !ruleIds.includes(row.rule_id)).map(givenRule);
    });
  }

  /** All of them in one transaction. @throws EspalierError ESP_COLLECTION_RULE_INVALID, _UNKNOWN, _BUILT_IN */
  async writeDirect(
    { id, by, check }: RuleChange,
    resourceIds: readonly number[],
    how: 'add' | 'remove',
  ): Promise<{ changed: number; version: number }> {
    const { db, store, collections, writer, directRules, now } = this.options;
    return db.transaction(async (tx) => {
      await writer.lock(tx);
      const row = await collections.require(tx, id);
      refuseBuiltIn(row);
      check(row.version);
      const changed = await directRules.write(tx, { id, kind: row.kind }, resourceIds, how, by);
      if (changed === 0) return { changed, version: row.version };
      await store.changed(tx, id, now().getTime(), by);
      return { changed, version: row.version + 1 };
    });
  }

  async #change(
    { id, by, check }: RuleChange,
    edit: (rules: NewCollectionRule[], rows: readonly RuleRow[]) => NewCollectionRule[],
  ): Promise<CollectionDetail> {
    const { db, store, collections, writer } = this.options;
    return db.transaction(async (tx) => {
      await writer.lock(tx);
      const row = await collections.require(tx, id);
      const rows = await store.rules(tx, id);
      return collections.replaceIn(
        tx,
        id,
        {
          name: row.name,
          comment: row.comment,
          limitingId: row.limiting_id ?? '',
          refresh: refreshOf(row.refresh_type),
          schedule: scheduleOf(row),
          rules: edit(rows.map(givenRule), rows),
        },
        by,
        check,
      );
    });
  }
}

function refuseBuiltIn(row: CollectionRow): void {
  if (row.is_built_in === 1) throw collectionErrors.ESP_COLLECTION_BUILT_IN({ detail: row.name });
}

const givenRule = ({ kind, name, query, target_id }: RuleRow): NewCollectionRule =>
  kind === 'query' ? { kind, name, query: query ?? '' } : { kind, collectionId: target_id ?? '' };
