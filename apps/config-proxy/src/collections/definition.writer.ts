import {
  collectionErrors,
  type CollectionDefinition,
  type CollectionKind,
  type Job,
  type NewCollection,
} from '@espalier/contracts';
import { foldText } from '@espalier/conditions';
import type { Tx } from '@espalier/persistence';
import type { JobService } from '../jobs/job.service.js';
import { refreshTypes, type CollectionRow, type RuleRow, type StoredDefinition } from './collection.rows.js';
import type { CollectionStateStore } from './collection-state.store.js';
import type { CollectionStore, DefinitionRow } from './collection.store.js';
import { checkReferences, storedRules } from './definition.check.js';
import type { DirectRuleService } from './direct-rule.service.js';
import { COLLECTION_EVALUATION } from './evaluation.job.js';
import type { EvaluationLock } from './evaluation-lock.js';
import type { QueryRuleBinder } from './query-rule.binder.js';
import { nextEvaluation } from './refresh-schedule.js';

export interface DefinitionWriterOptions {
  readonly store: CollectionStore;
  readonly states: CollectionStateStore;
  readonly directRules: DirectRuleService;
  readonly lock: EvaluationLock;
  readonly binder: QueryRuleBinder;
  readonly jobs: Pick<JobService, 'create'>;
  readonly now: () => Date;
}

/** What a change did to a definition. */
export interface DefinitionEffect {
  /** Whose direct rules were added or removed. */
  readonly named: readonly number[];
  /** True where rules or the limiting collection changed. */
  readonly rulesChanged: boolean;
}

/** Writes definitions, checked as a whole, and has members evaluated where they may have changed. */
export class DefinitionWriter {
  constructor(private readonly options: DefinitionWriterOptions) {}

  /** Before anything is read that a change depends on. Gives the version of the definitions. */
  lock(tx: Tx): Promise<number> {
    return this.options.lock.take(tx);
  }

  async insert(tx: Tx, id: string, collection: NewCollection, by: string): Promise<void> {
    const { store, directRules, binder, lock, now } = this.options;
    const { kind, rules, directResourceIds = [] } = collection;
    const row = this.#definitionRow(collection);
    const stored = storedRules({ id, kind, nextRuleId: 1 }, rules, [], binder);
    await this.#check(tx, { ...definitionOf(id, kind, row), rules: stored.rows });
    await store.insert(tx, id, kind, row, { at: now().getTime(), by });
    await store.replaceRules(tx, id, stored.rows, stored.nextRuleId);
    await directRules.write(tx, { id, kind }, directResourceIds, 'add', by);
    await lock.definitionsChange(tx);
    await this.evaluate(tx, id, `Evaluation of ${collection.name}`, by);
  }

  async replace(
    tx: Tx,
    before: CollectionRow,
    definition: CollectionDefinition,
    by: string,
  ): Promise<DefinitionEffect> {
    const { store, directRules, binder, lock, now } = this.options;
    const { collection_id: id, kind } = before;
    const row = this.#definitionRow(definition);
    const known = await store.rules(tx, id);
    const stored = storedRules(
      { id, kind, nextRuleId: before.next_rule_id },
      definition.rules,
      known,
      binder,
    );
    await this.#check(tx, { ...definitionOf(id, kind, row), rules: stored.rows });
    await store.update(tx, id, row);
    await store.replaceRules(tx, id, stored.rows, stored.nextRuleId);
    await store.changed(tx, id, now().getTime(), by);
    await lock.definitionsChange(tx);
    const named =
      definition.directResourceIds === undefined
        ? []
        : await directRules.write(tx, { id, kind }, definition.directResourceIds, 'replace', by);
    const rulesChanged = row.limitingId !== before.limiting_id || idsOf(stored.rows) !== idsOf(known);
    if (rulesChanged || row.refreshType !== before.refresh_type)
      await this.evaluate(tx, id, `Evaluation of ${definition.name}`, by);
    return { named, rulesChanged };
  }

  /** Nothing may refer to it any more. */
  async delete(tx: Tx, id: string): Promise<void> {
    const { store, directRules, lock } = this.options;
    await directRules.deleteAll(tx, id);
    await store.delete(tx, id);
    await lock.definitionsChange(tx);
  }

  /** @param id null for all collections */
  async evaluate(tx: Tx, id: string | null, title: string, by: string): Promise<Job> {
    const { states, jobs } = this.options;
    if (id !== null) await states.setStatus(tx, [id], 'awaiting');
    return jobs.create(tx, {
      kind: COLLECTION_EVALUATION,
      title,
      params: { collectionIds: id === null ? null : [id] },
      createdBy: by,
    });
  }

  async #check(tx: Tx, changed: StoredDefinition): Promise<void> {
    const others = (await this.options.store.definitions(tx)).filter(
      ({ collection_id }) => collection_id !== changed.collection_id,
    );
    const taken = others.find(
      ({ kind, name }) => kind === changed.kind && foldText(name) === foldText(changed.name),
    );
    if (taken !== undefined)
      throw collectionErrors.ESP_COLLECTION_NAME_TAKEN({
        detail: `${taken.name} (${taken.collection_id}).`,
      });
    checkReferences(changed, others);
  }

  #definitionRow(definition: CollectionDefinition): DefinitionRow {
    const { name, comment, limitingId, refresh, schedule } = definition;
    return {
      name,
      comment,
      limitingId,
      refreshType: refreshTypes[refresh],
      schedule: schedule === null ? null : JSON.stringify(schedule),
      dueAt: schedule === null ? null : nextEvaluation(schedule, this.options.now().getTime()),
    };
  }
}

const definitionOf = (id: string, kind: CollectionKind, row: DefinitionRow): StoredDefinition => ({
  collection_id: id,
  kind,
  name: row.name,
  limiting_id: row.limitingId,
  refresh_type: row.refreshType,
  rules: [],
});

const idsOf = (rules: readonly RuleRow[]): string =>
  rules
    .map(({ rule_id }) => rule_id)
    .sort((a, b) => a - b)
    .join();
