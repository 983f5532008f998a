import fc from 'fast-check';
import { CircleError, inDependencyOrder, withDependents } from './collection-graph.js';
import { evaluateMembership, type EvaluatedCollection } from './membership.algebra.js';
import { Universe } from './resource-set.js';

/** A rule by the residue of the ids that it selects: what a query does, without a database. */
interface Residue {
  readonly ruleId: number;
  readonly of: number;
  readonly rest: number;
}

interface Generated extends EvaluatedCollection {
  readonly queries: readonly Residue[];
  readonly direct: readonly number[];
}

const IDS = Array.from({ length: 80 }, (_, index) => 100 + index * 3);

/** Collections that refer to earlier ones only; `c0` is built in. */
const collections: fc.Arbitrary<Generated[]> = fc
  .array(
    fc.record({
      limiting: fc.nat(),
      includes: fc.array(fc.nat(), { maxLength: 2 }),
      excludes: fc.array(fc.nat(), { maxLength: 2 }),
      queries: fc.array(fc.tuple(fc.integer({ min: 1, max: 7 }), fc.nat(6)), { maxLength: 2 }),
      direct: fc.array(fc.constantFrom(...IDS), { maxLength: 10 }),
    }),
    { maxLength: 12 },
  )
  .map((specs) => {
    const made: Generated[] = [
      { id: 'c0', limitingId: null, dependsOn: [], includes: [], excludes: [], queries: [], direct: [] },
    ];
    for (const spec of specs) {
      const earlier = (n: number): string => `c${n % made.length}`;
      const limitingId = earlier(spec.limiting);
      const [includes, excludes] = [spec.includes.map(earlier), spec.excludes.map(earlier)];
      made.push({
        id: `c${made.length}`,
        limitingId,
        includes,
        excludes,
        dependsOn: [limitingId, ...includes, ...excludes],
        queries: spec.queries.map(([of, rest], ruleId) => ({ ruleId, of, rest })),
        direct: spec.direct,
      });
    }
    return made;
  });

/** What a collection is by its definition, one resource at a time. */
function isMember(
  all: readonly Generated[],
  id: string,
  resource: number,
  active: ReadonlySet<number>,
): boolean {
  const collection = all.find((candidate) => candidate.id === id);
  if (collection === undefined) return false;
  const isIn = (other: string): boolean => isMember(all, other, resource, active);
  if (collection.limitingId === null) return active.has(resource);
  if (!isIn(collection.limitingId) || collection.excludes.some(isIn)) return false;
  return (
    collection.direct.includes(resource) ||
    collection.includes.some(isIn) ||
    collection.queries.some(({ of, rest }) => resource % of === rest)
  );
}

async function evaluate(
  all: readonly Generated[],
  ids: readonly number[],
  active: ReadonlySet<number>,
  before: ReadonlyMap<string, readonly number[]>,
  reach: (collection: Generated) => { runs: boolean; follows: boolean },
): Promise<Map<string, number[]>> {
  const universe = new Universe(ids);
  const sets = (lists: Iterable<readonly [string, readonly number[]]>) =>
    new Map([...lists].map(([id, list]) => [id, universe.setOf(list)]));
  const after = await evaluateMembership(
    inDependencyOrder(all.toReversed()),
    {
      universe,
      active: universe.setOf(active),
      members: sets(before),
      direct: sets(all.map(({ id, direct }) => [id, direct] as const)),
      select: async (_id, { of, rest }) => universe.setOf(ids.filter((id) => id % of === rest)),
    },
    reach,
  );
  return new Map([...after].map(([id, set]) => [id, set.ids()]));
}

const whole = { runs: true, follows: true };

describe('membership', () => {
  it('is what a naive look at each resource by itself gives', async () => {
    await fc.assert(
      fc.asyncProperty(collections, fc.subarray(IDS), async (all, activeIds) => {
        const active = new Set(activeIds);
        const evaluated = await evaluate(all, IDS, active, new Map(), () => whole);
        for (const { id } of all)
          expect(evaluated.get(id)).toEqual(IDS.filter((resource) => isMember(all, id, resource, active)));
      }),
      { numRuns: 200 },
    );
  });

  it('is the same chunk by chunk, and whatever the members were before', async () => {
    await fc.assert(
      fc.asyncProperty(collections, fc.subarray(IDS), fc.subarray(IDS), async (all, part, stale) => {
        const active = new Set(IDS);
        const before = new Map(all.map(({ id }) => [id, stale] as const));
        const evaluated = await evaluate(all, part, active, before, () => whole);
        for (const { id } of all)
          expect(evaluated.get(id)).toEqual(part.filter((resource) => isMember(all, id, resource, active)));
      }),
      { numRuns: 200 },
    );
  });

  it('changes only as far as a change reaches, and then gives what a whole evaluation would', async () => {
    await fc.assert(
      fc.asyncProperty(collections, fc.nat(), fc.subarray(IDS), async (all, which, direct) => {
        const active = new Set(IDS);
        const before = await evaluate(all, IDS, active, new Map(), () => whole);
        const changedId = `c${which % all.length}`;
        const changed = all.map((collection) =>
          collection.id === changedId ? { ...collection, direct } : collection,
        );
        const reach = (collection: Generated) => ({ runs: collection.id === changedId, follows: true });
        expect(await evaluate(changed, IDS, active, before, reach)).toEqual(
          await evaluate(changed, IDS, active, new Map(), () => whole),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('never exceeds the limiting collection, also where nothing is evaluated', async () => {
    await fc.assert(
      fc.asyncProperty(collections, fc.subarray(IDS), async (all, stale) => {
        const before = new Map(all.map(({ id }) => [id, stale] as const));
        const after = await evaluate(all, IDS, new Set(IDS.slice(0, 40)), before, ({ limitingId }) =>
          limitingId === null ? whole : { runs: false, follows: false },
        );
        for (const { id, limitingId } of all) {
          const limit = limitingId === null ? IDS.slice(0, 40) : (after.get(limitingId) ?? []);
          expect(after.get(id)?.every((member) => limit.includes(member))).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('the graph of collections', () => {
  it('is ordered so that each comes after those that it depends on, also through a long chain', () => {
    const chain = Array.from({ length: 20_000 }, (_, n) => ({
      id: `c${n}`,
      dependsOn: n === 19_999 ? [] : [`c${n + 1}`],
    }));
    expect(inDependencyOrder(chain).map(({ id }) => id)).toEqual(chain.map(({ id }) => id).reverse());
    expect([...withDependents(inDependencyOrder(chain), ['c2'])].sort()).toEqual(['c0', 'c1', 'c2']);
  });

  it('with an edge that closes a circle is refused, with a path along real edges', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 30 }), (edges) => {
        const nodes = Array.from({ length: 10 }, (_, n) => ({
          id: `c${n}`,
          dependsOn: edges.filter(([from]) => from === n).map(([, to]) => `c${to}`),
        }));
        try {
          const order = inDependencyOrder(nodes).map(({ id }) => id);
          for (const [from, to] of edges)
            expect(order.indexOf(`c${to}`)).toBeLessThan(order.indexOf(`c${from}`));
        } catch (error) {
          if (!(error instanceof CircleError)) throw error;
          const { path } = error;
          expect(path.length).toBeGreaterThan(1);
          expect(path.at(-1)).toBe(path[0]);
          for (const [index, id] of path.slice(0, -1).entries())
            expect(nodes.find((node) => node.id === id)?.dependsOn).toContain(path[index + 1]);
        }
      }),
      { numRuns: 300 },
    );
  });
});
