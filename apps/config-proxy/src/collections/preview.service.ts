import type { CollectionPreview, NewCollection } from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import type { CollectionService } from './collection.service.js';
import type { CollectionStore } from './collection.store.js';
import { hintsOf } from './collection.mapper.js';
import { idRange, refreshTypes, type StoredDefinition } from './collection.rows.js';
import { checkReferences, storedRules } from './definition.check.js';
import { loadFacts } from './evaluation.facts.js';
import { planEvaluation, type PlannedCollection } from './evaluation-plan.js';
import type { EvaluationStore } from './evaluation.store.js';
import { evaluateMembership } from './membership.algebra.js';
import type { QueryRuleBinder } from './query-rule.binder.js';

export interface PreviewServiceOptions {
  readonly db: Database;
  readonly collections: CollectionService;
  readonly definitions: CollectionStore;
  readonly store: EvaluationStore;
  readonly binder: QueryRuleBinder;
  readonly now: () => Date;
  /** How long a preview may take, in ms. */
  readonly limitMs?: number;
}

/** Stands for a collection that is not made yet. */
const NOT_MADE = '--------';
const SHOWN = 100;
const CHUNK_SIZE = 2_000;
const LIMIT_MS = 8_000;

interface Side {
  count: number;
  readonly first: number[];
}

/** Shows who would join and leave if a definition were saved; changes nothing, and waits for no evaluation. */
export class PreviewService {
  constructor(private readonly options: PreviewServiceOptions) {}

  /** @throws EspalierError as saving would: ESP_COLLECTION_UNKNOWN, _RULE_INVALID, _REFERENCE_INVALID, _CIRCLE */
  async preview(collectionId: string | undefined, definition: NewCollection): Promise<CollectionPreview> {
    const { db, definitions, binder } = this.options;
    const stored = await this.#definition(collectionId, definition);
    const others = (await definitions.definitions(db)).filter(
      ({ collection_id }) => collection_id !== stored.collection_id,
    );
    checkReferences(stored, others);
    const planned = planEvaluation([stored], binder)[definition.kind];
    const named = definition.directResourceIds && new Set(definition.directResourceIds);
    const { joins, leaves, evaluated, isComplete } = await this.#evaluate(planned, definition.kind, named);
    return {
      joins: { count: joins.count, first: await definitions.resourceNames(db, joins.first) },
      leaves: { count: leaves.count, first: await definitions.resourceNames(db, leaves.first) },
      evaluated,
      isComplete,
      hints: hintsOf({ kind: stored.kind, refresh_type: stored.refresh_type }, stored.rules, binder),
    };
  }

  async #definition(collectionId: string | undefined, definition: NewCollection): Promise<StoredDefinition> {
    const { db, collections, binder } = this.options;
    if (collectionId !== undefined) await collections.require(db, collectionId);
    const id = collectionId ?? NOT_MADE;
    const { kind, name, limitingId, refresh } = definition;
    const { rows } = storedRules({ id, kind, nextRuleId: 1 }, definition.rules, [], binder);
    return {
      collection_id: id,
      kind,
      name,
      limiting_id: limitingId,
      refresh_type: refreshTypes[refresh],
      rules: rows,
    };
  }

  async #evaluate(
    planned: readonly PlannedCollection[],
    kind: NewCollection['kind'],
    named: ReadonlySet<number> | undefined,
  ): Promise<{ joins: Side; leaves: Side; evaluated: number; isComplete: boolean }> {
    const { db, store } = this.options;
    const id = planned[0]?.id ?? NOT_MADE;
    const range = idRange[kind];
    const until = performance.now() + (this.options.limitMs ?? LIMIT_MS);
    const joins: Side = { count: 0, first: [] };
    const leaves: Side = { count: 0, first: [] };
    let evaluated = 0;
    for (let from = range.from; from <= range.to;) {
      if (performance.now() > until) return { joins, leaves, evaluated, isComplete: false };
      const to = (await store.endOfChunk(db, from, range.to, CHUNK_SIZE)) ?? range.to;
      const chunk = { from, to };
      const now = this.options.now().getTime();
      const facts = await loadFacts(db, store, { kind, chunk, ordered: planned, now });
      const direct =
        named === undefined
          ? facts.direct
          : new Map([[id, facts.universe.setOf([...named].filter((item) => item >= from && item <= to))]]);
      const after = await evaluateMembership(planned, { ...facts, direct }, () => ({
        runs: true,
        follows: true,
      }));
      for (const write of facts.writesFor(id, after.get(id))) {
        add(joins, [...write.joinedDirect, ...write.joinedOtherwise]);
        add(leaves, write.left);
      }
      evaluated += facts.active.ids().length;
      from = to + 1;
    }
    return { joins, leaves, evaluated, isComplete: true };
  }
}

function add(side: Side, ids: readonly number[]): void {
  side.count += ids.length;
  const missing = SHOWN - side.first.length;
  if (missing > 0) side.first.push(...ids.toSorted((a, b) => a - b).slice(0, missing));
}
