import {
  collectionErrors,
  type CollectionKind,
  type EspalierError,
  type NewCollectionRule,
} from '@espalier/contracts';
import { foldText } from '@espalier/conditions';
import { WqlError } from '@espalier/wql';
import { CircleError, inDependencyOrder } from './collection-graph.js';
import type { RuleRow, StoredDefinition } from './collection.rows.js';
import type { QueryRuleBinder } from './query-rule.binder.js';

/**
 * Rules as they are stored. A rule that was there before keeps its id.
 * @throws EspalierError ESP_COLLECTION_RULE_INVALID
 */
export function storedRules(
  collection: { readonly id: string; readonly kind: CollectionKind; readonly nextRuleId: number },
  rules: readonly NewCollectionRule[],
  before: readonly RuleRow[],
  binder: QueryRuleBinder,
): { readonly rows: RuleRow[]; readonly nextRuleId: number } {
  const known = new Map(before.map((row) => [contentOf(row), row.rule_id]));
  const rows = new Map<string, RuleRow>();
  let { nextRuleId } = collection;
  const names = new Set<string>();
  for (const [index, rule] of rules.entries()) {
    if (rule.kind === 'query') {
      if (names.has(foldText(rule.name)))
        throw collectionErrors.ESP_COLLECTION_RULE_INVALID({
          detail: `Two query rules have the name "${rule.name}".`,
        });
      names.add(foldText(rule.name));
      checkQuery(collection.kind, rule.name, rule.query, index, binder);
    }
    const content = {
      kind: rule.kind,
      name: rule.kind === 'query' ? rule.name : '',
      query: rule.kind === 'query' ? rule.query : null,
      target_id: rule.kind === 'query' ? null : rule.collectionId,
    };
    const key = contentOf(content);
    if (rows.has(key)) continue;
    let ruleId = known.get(key);
    if (ruleId === undefined) {
      ruleId = nextRuleId;
      nextRuleId += 1;
    }
    rows.set(key, { collection_id: collection.id, rule_id: ruleId, ...content });
  }
  return { rows: [...rows.values()], nextRuleId };
}

const contentOf = ({ kind, name, query, target_id }: Omit<RuleRow, 'collection_id' | 'rule_id'>): string =>
  JSON.stringify([kind, name, query, target_id]);

function checkQuery(
  kind: CollectionKind,
  name: string,
  text: string,
  index: number,
  binder: QueryRuleBinder,
): void {
  try {
    binder.bind(kind, text);
  } catch (error) {
    if (!(error instanceof WqlError)) throw error;
    throw collectionErrors.ESP_COLLECTION_RULE_INVALID({
      detail: `Rule "${name}": ${error.message}`,
      fields: { [`rules.${index}.query`]: error.message },
    });
  }
}

/**
 * Refuses references to what is missing, to another kind, and those that would form a circle.
 * @throws EspalierError ESP_COLLECTION_REFERENCE_INVALID, ESP_COLLECTION_CIRCLE
 */
export function checkReferences(changed: StoredDefinition, others: readonly StoredDefinition[]): void {
  // The changed one first: it is where the path of a circle begins.
  const all = [changed, ...others];
  const byId = new Map(all.map((definition) => [definition.collection_id, definition]));
  for (const id of targetsOf(changed)) {
    const target = byId.get(id);
    if (target === undefined)
      throw collectionErrors.ESP_COLLECTION_REFERENCE_INVALID({ detail: `There is no collection ${id}.` });
    if (target.kind !== changed.kind)
      throw collectionErrors.ESP_COLLECTION_REFERENCE_INVALID({
        detail: `${target.name} (${id}) is a collection of ${target.kind}s.`,
      });
  }
  try {
    inDependencyOrder(
      all.map((definition) => ({ id: definition.collection_id, dependsOn: targetsOf(definition) })),
    );
  } catch (error) {
    if (!(error instanceof CircleError)) throw error;
    throw circleError(error, byId);
  }
}

function circleError({ path }: CircleError, byId: ReadonlyMap<string, StoredDefinition>): EspalierError {
  return collectionErrors.ESP_COLLECTION_CIRCLE({
    detail: `${path.map((id) => byId.get(id)?.name ?? id).join(' → ')}.`,
  });
}

const targetsOf = ({ limiting_id, rules }: StoredDefinition): string[] =>
  [limiting_id, ...rules.map(({ target_id }) => target_id)].filter((id) => id !== null);
