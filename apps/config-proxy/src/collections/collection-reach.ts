import { collectionErrors, type CollectionKind } from '@espalier/contracts';
import type { Queryable, Tx } from '@espalier/persistence';
import { withDependencies, withDependents } from './collection-graph.js';
import { idRange } from './collection.rows.js';
import type { CollectionStore } from './collection.store.js';
import { loadFacts } from './evaluation.facts.js';
import type { EvaluationLock } from './evaluation-lock.js';
import { planEvaluation, type PlannedCollection, type PlannedQuery } from './evaluation-plan.js';
import type { EvaluationPlans } from './evaluation.plans.js';
import type { EvaluationStore } from './evaluation.store.js';
import { evaluateMembership, type ChunkFacts } from './membership.algebra.js';
import type { QueryRuleBinder } from './query-rule.binder.js';
import type { ReachStore } from './reach.store.js';
import type { ResourceSet } from './resource-set.js';
import { isStatementsFault } from './rule-failure.js';

export interface CollectionReachOptions {
  readonly reach: ReachStore;
  readonly store: EvaluationStore;
  readonly definitions: CollectionStore;
  readonly plans: EvaluationPlans;
  readonly lock: EvaluationLock;
  readonly binder: QueryRuleBinder;
  readonly now: () => Date;
  /** How long members may be counted, in ms. */
  readonly limitMs?: number;
}

/** Collections that something is deployed to and whose members a change can move; how all stood before it. */
export interface BeforeChange {
  readonly kind: CollectionKind;
  readonly plan: readonly PlannedCollection[];
  readonly deployed: readonly string[];
}

type Members = ReadonlyMap<string, ResourceSet>;

/** So long after a change of direct rules the evaluator may not have come to all of them. */
const MOVING_MS = 900_000;
const CHUNK_SIZE = 2_000;
const LIMIT_MS = 8_000;

/**
 * Says how many devices collections reach, for whoever has to decide whether one person may change so many. It never
 * says less than there will be once all that was changed so far is evaluated.
 */
export class CollectionReach {
  constructor(private readonly options: CollectionReachOptions) {}

  /** Nobody changes members or definitions until the transaction ends. Before anything else is locked. */
  async hold(tx: Tx): Promise<void> {
    await this.options.lock.take(tx);
  }

  /**
   * Devices of collections, added up, but never more than there are. As counted; or, where members are about to
   * change, as they will be.
   * @throws EspalierError ESP_COLLECTION_RULE_INVALID where a rule cannot be evaluated
   */
  async devices(on: Queryable, ids: readonly string[]): Promise<number> {
    const { reach, store, now } = this.options;
    const { device, user } = await this.options.plans.current(on);
    let devices = 0;
    let collections = 0;
    for (const [kind, plan] of [['device', device] as const, ['user', user] as const]) {
      const bounds = new Map(ids.flatMap((id) => boundOf(plan, id)));
      if (bounds.size === 0) continue;
      // A device may be reached through each of its users.
      collections += kind === 'device' ? bounds.size : Infinity;
      const moving = await reach.moving(
        on,
        new Set([...bounds.values()].flatMap((all) => [...all])),
        now().getTime() - MOVING_MS,
      );
      const moves = (all: ReadonlySet<string>): boolean => [...all].some((other) => moving.has(other));
      const settled = [...bounds].filter(([, all]) => !moves(all)).map(([id]) => id);
      devices += await reach.counted(on, settled);
      for (const [id, all] of bounds)
        if (moves(all)) {
          const side = plan.filter((node) => all.has(node.id));
          devices += await this.#count(on, kind, [side], ([members]) => members?.get(id));
        }
    }
    const overlap = collections > 1 && collections < Infinity;
    return overlap ? Math.min(devices, await store.countActive(on, 'device')) : devices;
  }

  /** The definitions that decide about members of the collection, each with its version: equal while they stay. */
  async definitionsOf(
    on: Queryable,
    id: string,
  ): Promise<readonly (readonly [id: string, version: number])[]> {
    const { device, user } = await this.options.plans.current(on);
    const deciding = [...withDependencies([...device, ...user], [id])].sort();
    const versions = await this.options.reach.versions(on, deciding);
    return deciding.map((other) => [other, versions.get(other) ?? 0]);
  }

  /**
   * Before a collection is changed, under the evaluation lock; undefined where nothing is deployed that could reach
   * other devices by it.
   * @param version of the definitions, as the lock gave it
   */
  async before(tx: Tx, kind: CollectionKind, id: string, version: number): Promise<BeforeChange | undefined> {
    const plan = (await this.options.plans.at(tx, version))[kind];
    const deployed = await this.options.reach.deployed(tx, withDependents(plan, [id]));
    return deployed.length === 0 ? undefined : { kind, plan, deployed };
  }

  /**
   * Devices that join or leave by a change of rules that was written in this transaction, each counted once.
   * @throws EspalierError ESP_COLLECTION_RULE_INVALID where a rule cannot be evaluated
   */
  async moved(tx: Tx, { kind, plan, deployed }: BeforeChange): Promise<number> {
    const { definitions, binder } = this.options;
    // Not from the known plans: what this transaction wrote may never be.
    const next = planEvaluation(await definitions.definitions(tx), binder)[kind];
    const [before, after] = [plan, next].map((side) => {
      const all = withDependencies(side, deployed);
      return side.filter(({ id }) => all.has(id));
    });
    const known = new Set(timely(before ?? []));
    if (timely(after ?? []).some((query) => !known.has(query))) {
      const bounds = [...new Map(deployed.flatMap((id) => boundOf(next, id))).keys()];
      const all = withDependencies(next, bounds);
      const side = next.filter(({ id }) => all.has(id));
      return this.#count(tx, kind, [side], ([is]) => unionOf(bounds.map((id) => is?.get(id))));
    }
    return this.#count(tx, kind, [before ?? [], after ?? []], ([was, is]) => {
      const moved = deployed.map((id) => {
        const [a, b] = [was?.get(id), is?.get(id)];
        return a && b && a.minus(b).union(b.minus(a));
      });
      return unionOf(moved);
    });
  }

  /** Devices of so many resources that a change of direct rules can move at most. */
  devicesOf(on: Queryable, kind: CollectionKind, resourceIds: readonly number[]): Promise<number> {
    return this.options.reach.devicesOf(on, kind, resourceIds);
  }

  /** Evaluates all that `sides` consist of, and counts the devices of those who are picked. */
  async #count(
    on: Queryable,
    kind: CollectionKind,
    sides: readonly (readonly PlannedCollection[])[],
    pick: (members: readonly Members[]) => ResourceSet | undefined,
  ): Promise<number> {
    const { store, reach } = this.options;
    const until = performance.now() + (this.options.limitMs ?? LIMIT_MS);
    const now = this.options.now().getTime();
    const range = idRange[kind];
    let devices = 0;
    for (let from = range.from; from <= range.to;) {
      // Whoever makes it take so long gets no less for it than all.
      if (performance.now() > until) return reach.devicesOfAll(on, kind);
      const to = (await store.endOfChunk(on, from, range.to, CHUNK_SIZE)) ?? range.to;
      const facts = refusing(
        await loadFacts(on, store, { kind, chunk: { from, to }, ordered: sides.flat(), now }),
        sides.flat(),
      );
      const members: Members[] = [];
      for (const side of sides) members.push(await evaluateMembership(side, facts, runs));
      devices += await reach.devicesOf(on, kind, pick(members)?.ids() ?? []);
      from = to + 1;
    }
    return devices;
  }
}

const unionOf = (sets: readonly (ResourceSet | undefined)[]): ResourceSet | undefined =>
  sets.reduce((all, set) => (all && set ? all.union(set) : (all ?? set)), undefined);

const runs = ({ broken }: PlannedCollection) => ({
  runs: broken === undefined,
  follows: broken === undefined,
});

/** Texts of queries whose answer changes with time by itself. */
const timely = (plan: readonly PlannedCollection[]): PlannedQuery['query'][] =>
  plan.flatMap(({ queries }) => queries.map(({ query }) => query).filter(({ usesRunTime }) => usesRunTime));

/**
 * The collection, with all that decides about its members. Where time decides, nobody can say whom it will select: then
 * the first of those that limit it where time does not. Nothing where it is not among the planned ones.
 */
function boundOf(plan: readonly PlannedCollection[], id: string): [id: string, all: ReadonlySet<string>][] {
  const node = plan.find((other) => other.id === id);
  if (node === undefined) return [];
  const all = withDependencies(plan, [id]);
  const isTimely = timely(plan.filter((other) => all.has(other.id))).length > 0;
  return isTimely && node.limitingId !== null ? boundOf(plan, node.limitingId) : [[id, all]];
}

/** A rule that fails must not hide whom it would select. */
const refusing = (
  facts: ChunkFacts<PlannedQuery>,
  plan: readonly PlannedCollection[],
): ChunkFacts<PlannedQuery> => ({
  ...facts,
  select: (collection, rule) =>
    facts.select(collection, rule).catch((error: unknown) => {
      if (!isStatementsFault(error)) throw error;
      const name = plan.find(({ id }) => id === collection)?.name ?? collection;
      throw collectionErrors.ESP_COLLECTION_RULE_INVALID({
        detail: `The query rule "${rule.name}" of the collection "${name}" takes too long or cannot be evaluated.`,
        cause: error,
      });
    }),
});
