import type { CollectionKind } from '@espalier/contracts';
import type { Queryable } from '@espalier/persistence';
import type { Chunk } from './chunk.js';
import type { PlannedCollection, PlannedQuery } from './evaluation-plan.js';
import type { EvaluationStore, IdsByCollection, MemberWrite } from './evaluation.store.js';
import type { ChunkFacts } from './membership.algebra.js';
import { Universe, type ResourceSet } from './resource-set.js';

/** What is known of the resources of a chunk, and what a new set of members means for the stored one. */
export interface LoadedFacts extends ChunkFacts<PlannedQuery> {
  /** Nothing where members stay as they are. */
  writesFor(collectionId: string, after: ResourceSet | undefined): MemberWrite[];
}

/** Reads what an evaluation needs; queries are asked for as they are needed. */
export async function loadFacts(
  on: Queryable,
  store: EvaluationStore,
  wanted: {
    readonly kind: CollectionKind;
    readonly chunk: Chunk;
    readonly ordered: readonly PlannedCollection[];
    readonly now: number;
  },
): Promise<LoadedFacts> {
  const { kind, chunk, ordered, now } = wanted;
  const active = await store.active(on, kind, chunk);
  const concerned = new Set(ordered.flatMap(({ id, dependsOn }) => [id, ...dependsOn]));
  const members = await store.members(on, chunk, [...concerned]);
  const direct = await store.directRules(on, chunk);
  // Those who are members though their resource is gone are looked at too: they leave.
  const universe = new Universe([...new Set([active, ...members.all.values()].flat())].sort((a, b) => a - b));
  const sets = (ids: IdsByCollection): Map<string, ResourceSet> =>
    new Map([...ids].map(([collection, list]) => [collection, universe.setOf(list)]));
  const nobody = universe.empty();
  const before = sets(members.all);
  const beforeDirect = sets(members.direct);
  const directSets = sets(direct);
  const activeSet = universe.setOf(active);
  // Rules with the same text share what it selects.
  const selected = new Map<PlannedQuery['query'], ResourceSet>();
  return {
    universe,
    active: activeSet,
    members: before,
    direct: directSets,
    select: async (_collection, { query }) => {
      const known = selected.get(query);
      if (known !== undefined) return known;
      const found = universe.setOf(await store.select(on, query.typed, chunk, now));
      selected.set(query, found);
      return found;
    },
    writesFor: (collectionId, after = nobody) => {
      const was = before.get(collectionId) ?? nobody;
      const named = directSets.get(collectionId) ?? nobody;
      const wasNamed = beforeDirect.get(collectionId) ?? nobody;
      const [joined, stays] = [after.minus(was), after.intersect(was)];
      const sameFlags = stays.intersect(named).equals(stays.intersect(wasNamed));
      if (after.equals(was) && sameFlags) return [];
      return [
        {
          collectionId,
          joinedDirect: joined.intersect(named).ids(),
          joinedOtherwise: joined.minus(named).ids(),
          left: was.minus(after).ids(),
          nowDirect: stays.intersect(named).minus(wasNamed).ids(),
          nowOtherwise: stays.intersect(wasNamed).minus(named).ids(),
        },
      ];
    },
  };
}
