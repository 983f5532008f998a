import type { ResourceSet, Universe } from './resource-set.js';
import type { GraphNode } from './collection-graph.js';

/** What an evaluation must know of a collection. */
export interface EvaluatedCollection extends GraphNode {
  /** Null for built-ins, whose members are all active resources. */
  readonly limitingId: string | null;
  readonly queries: readonly QueryRule[];
  readonly includes: readonly string[];
  readonly excludes: readonly string[];
}

/** A query rule, as the caller can evaluate it. */
export interface QueryRule {
  readonly ruleId: number;
}

/** What is known of the resources that are looked at. */
export interface ChunkFacts<Q extends QueryRule> {
  readonly universe: Universe;
  /** Those that can be a member of anything. */
  readonly active: ResourceSet;
  /** Members before. */
  readonly members: ReadonlyMap<string, ResourceSet>;
  /** Named by direct rules. */
  readonly direct: ReadonlyMap<string, ResourceSet>;
  /** Evaluates a query rule for the resources that are looked at. */
  select(collection: string, rule: Q): Promise<ResourceSet>;
}

/** How far a collection is evaluated. */
export interface Reach {
  /** Its rules are evaluated. */
  readonly runs: boolean;
  /** Its rules are evaluated where members of a collection that it depends on changed. */
  readonly follows: boolean;
}

/**
 * Members of every collection, for the resources that are looked at:
 * `(direct ∪ queries ∪ includes) \ excludes ∩ limiting`. Where the rules of a collection are not evaluated, its members
 * stay, as far as they are still in its limiting collection.
 * @param ordered every collection after those that it depends on
 */
export async function evaluateMembership<C extends EvaluatedCollection>(
  ordered: readonly C[],
  facts: ChunkFacts<C['queries'][number]>,
  reachOf: (collection: C) => Reach,
): Promise<Map<string, ResourceSet>> {
  const nobody = facts.universe.empty();
  const after = new Map<string, ResourceSet>();
  const changed = new Set<string>();
  const membersOf = (id: string): ResourceSet => after.get(id) ?? facts.members.get(id) ?? nobody;

  for (const collection of ordered) {
    const before = facts.members.get(collection.id) ?? nobody;
    const limit = collection.limitingId === null ? facts.active : membersOf(collection.limitingId);
    const { runs, follows } = reachOf(collection);
    const evaluates = runs || (follows && collection.dependsOn.some((id) => changed.has(id)));
    const members = evaluates ? await byRules(collection, limit, facts, membersOf) : before.intersect(limit);
    after.set(collection.id, members);
    if (!members.equals(before)) changed.add(collection.id);
  }
  return after;
}

async function byRules<C extends EvaluatedCollection>(
  { id, limitingId, queries, includes, excludes }: C,
  limit: ResourceSet,
  facts: ChunkFacts<C['queries'][number]>,
  membersOf: (id: string) => ResourceSet,
): Promise<ResourceSet> {
  if (limitingId === null) return limit;
  const candidates = excludes.reduce((rest, excluded) => rest.minus(membersOf(excluded)), limit);
  let members = (facts.direct.get(id) ?? facts.universe.empty()).intersect(candidates);
  for (const included of includes) members = members.union(membersOf(included).intersect(candidates));
  for (const rule of queries) {
    // Nobody is left whom a query could add: asking the database would be for nothing.
    if (candidates.minus(members).isEmpty) break;
    members = members.union((await facts.select(id, rule)).intersect(candidates));
  }
  return members;
}
