import type { CollectionKind } from '@espalier/contracts';
import { inDependencyOrder } from './collection-graph.js';
import { isIncremental, type StoredDefinition } from './collection.rows.js';
import type { EvaluatedCollection, QueryRule } from './membership.algebra.js';
import type { BoundQuery, QueryRuleBinder } from './query-rule.binder.js';

export interface PlannedQuery extends QueryRule {
  readonly name: string;
  readonly query: BoundQuery;
}

export interface PlannedCollection extends EvaluatedCollection {
  readonly name: string;
  readonly kind: CollectionKind;
  readonly isIncremental: boolean;
  readonly queries: readonly PlannedQuery[];
  /** Changes of these classes can change its members. */
  readonly classes: ReadonlySet<string>;
  /** What is wrong with a rule that was valid once: its members then stay as they are. */
  readonly broken: string | undefined;
}

/** All collections of a site, those of each kind after those that they depend on. */
export type EvaluationPlan = Readonly<Record<CollectionKind, readonly PlannedCollection[]>>;

/** @throws CircleError */
export function planEvaluation(
  definitions: readonly StoredDefinition[],
  binder: QueryRuleBinder,
): EvaluationPlan {
  const ordered = inDependencyOrder(definitions.map((definition) => planned(definition, binder)));
  return {
    device: ordered.filter(({ kind }) => kind === 'device'),
    user: ordered.filter(({ kind }) => kind === 'user'),
  };
}

function planned(definition: StoredDefinition, binder: QueryRuleBinder): PlannedCollection {
  const { collection_id: id, kind, name, limiting_id: limitingId, rules } = definition;
  const targets = (wanted: 'include' | 'exclude'): string[] =>
    rules.flatMap(({ kind: rule, target_id }) => (rule === wanted && target_id !== null ? [target_id] : []));
  const [includes, excludes] = [targets('include'), targets('exclude')];
  const queries: PlannedQuery[] = [];
  let broken: string | undefined;
  for (const rule of rules) {
    if (rule.query === null) continue;
    try {
      queries.push({ ruleId: rule.rule_id, name: rule.name, query: binder.bind(kind, rule.query) });
    } catch (error) {
      broken = `${rule.name}: ${error instanceof Error ? error.message : 'not valid'}`;
    }
  }
  return {
    id,
    name,
    kind,
    limitingId,
    includes,
    excludes,
    queries,
    dependsOn: [...(limitingId === null ? [] : [limitingId]), ...includes, ...excludes],
    isIncremental: isIncremental(definition.refresh_type),
    classes: new Set(queries.flatMap(({ query }) => query.classes)),
    broken,
  };
}
