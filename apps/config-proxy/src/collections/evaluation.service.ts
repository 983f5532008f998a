import { collectionChanged, type CollectionKind } from '@espalier/contracts';
import type { EventPublisher } from '@espalier/messaging';
import type { Database, Tx } from '@espalier/persistence';
import type { Logger } from '@espalier/service-kit';
import type { JobService } from '../jobs/job.service.js';
import { ScopeChanges } from '../scope/scope-changes.js';
import type { ScopeService } from '../scope/scope.service.js';
import type { ChangeLogStore, WaitingChange } from './change-log.store.js';
import { ENROLLMENTS, EVERY_CLASS } from './change-log.store.js';
import type { Chunk } from './chunk.js';
import { withDependents } from './collection-graph.js';
import { kindOfResource } from './collection.rows.js';
import type { CollectionStateStore } from './collection-state.store.js';
import type { EvaluationLock } from './evaluation-lock.js';
import type { PlannedCollection, PlannedQuery } from './evaluation-plan.js';
import type { EvaluationPlans } from './evaluation.plans.js';
import type { EvaluationStore, MemberWrite } from './evaluation.store.js';
import { loadFacts } from './evaluation.facts.js';
import { evaluateMembership, type ChunkFacts, type Reach } from './membership.algebra.js';
import { isStatementsFault, RuleFailure } from './rule-failure.js';

export interface EvaluationServiceOptions {
  readonly db: Database;
  readonly states: CollectionStateStore;
  readonly store: EvaluationStore;
  readonly lock: EvaluationLock;
  readonly plans: EvaluationPlans;
  readonly changes: ChangeLogStore;
  readonly scope: ScopeService;
  readonly events: EventPublisher<Tx>;
  readonly jobs: Pick<JobService, 'create'>;
  readonly logger: Logger;
  readonly now: () => Date;
}

export const COLLECTION_EVALUATION = 'collection-evaluation';

/** Stands among the classes of a change for: a direct rule of this collection names the resource, or no longer. */
export const directRuleOf = (collectionId: string): string => `#direct:${collectionId}`;

/** Changes that one transaction takes. */
const CHANGES_AT_ONCE = 1_000;
/** Each is of a batch of reports. Many, since what waits of a resource is evaluated together only once it is unpacked. */
const PACKS_AT_ONCE = 100;

/** So long changes are not evaluated for a collection with a rule that failed: each try may hold up all others. */
const SUSPENDED_MS = 600_000;

/** Keeps members in step with definitions and facts. */
export class EvaluationService {
  /** Collections with a rule that failed, and until when (epoch ms) they are left alone. */
  readonly #suspended = new Map<string, number>();

  constructor(private readonly options: EvaluationServiceOptions) {}

  /** Evaluates changed resources, and those collections only whose rules a change can touch. True: there may be more. */
  async evaluateChanges(): Promise<boolean> {
    const { db, changes, jobs } = this.options;
    if (!(await changes.isAnyWaiting(db))) return false;
    const { result, failures } = await this.withoutFailures(() => this.#evaluateOldest());
    for (const { collectionId } of failures)
      // Tries it once more for everybody, and shows what is wrong.
      await db.transaction((tx) =>
        jobs.create(tx, {
          kind: COLLECTION_EVALUATION,
          title: `Evaluation of ${collectionId}, one of whose rules failed`,
          params: { collectionIds: [collectionId] },
          createdBy: 'config-proxy',
        }),
      );
    return result;
  }

  /**
   * Works again without a collection whose rule the database cannot evaluate, for as long as one fails: one bad rule
   * must not keep all other collections from following.
   */
  async withoutFailures<T>(work: () => Promise<T>): Promise<{ result: T; failures: RuleFailure[] }> {
    const failures: RuleFailure[] = [];
    for (;;)
      try {
        return { result: await work(), failures };
      } catch (error) {
        if (!(error instanceof RuleFailure)) throw error;
        this.options.logger.error({ err: error, collection: error.collectionId }, 'a query rule failed');
        this.#suspended.set(error.collectionId, this.options.now().getTime() + SUSPENDED_MS);
        failures.push(error);
      }
  }

  /** Whoever asks for an evaluation by name wants the rules tried again. */
  resume(collectionIds: Iterable<string>): void {
    for (const id of collectionIds) this.#suspended.delete(id);
  }

  #evaluateOldest(): Promise<boolean> {
    const { db, lock, plans, changes } = this.options;
    return db.transaction(async (tx) => {
      const plan = await plans.at(tx, await lock.take(tx));
      const moreIsPacked = await changes.unpack(tx, PACKS_AT_ONCE, (classes) =>
        isOfConcern([...plan.device, ...plan.user], new Set(classes)),
      );
      const waiting = await changes.oldest(tx, CHANGES_AT_ONCE);
      if (waiting.length === 0) return moreIsPacked;
      const told = new ScopeChanges();
      for (const kind of ['device', 'user'] as const)
        await this.#evaluateChanged(
          tx,
          plan[kind],
          kind,
          waiting.filter(({ resourceId }) => kindOfResource(resourceId) === kind),
          told,
        );
      await this.options.scope.collectEnrollments(tx, resourcesOf(waiting, ENROLLMENTS), told);
      await this.options.scope.tell(tx, told);
      await changes.remove(tx, waiting);
      return moreIsPacked || waiting.length >= CHANGES_AT_ONCE;
    });
  }

  /**
   * Evaluates all resources of a chunk, for some collections and those that depend on them, or for all. In a
   * transaction that holds the evaluation lock.
   */
  async evaluateWhole(
    tx: Tx,
    plan: readonly PlannedCollection[],
    kind: CollectionKind,
    chunk: Chunk,
    wanted: ReadonlySet<string> | undefined,
  ): Promise<void> {
    const targets = wanted === undefined ? undefined : withDependents(plan, wanted);
    const ordered = targets === undefined ? plan : plan.filter(({ id }) => targets.has(id));
    const told = new ScopeChanges();
    await this.#evaluate(tx, ordered, kind, chunk, () => ({ runs: true, follows: true }), told, true);
    await this.options.scope.tell(tx, told);
  }

  async #evaluateChanged(
    tx: Tx,
    plan: readonly PlannedCollection[],
    kind: CollectionKind,
    waiting: readonly WaitingChange[],
    told: ScopeChanges,
  ): Promise<void> {
    // Facts that no rule asks about change nobody's membership.
    const concerns = new Map<ReadonlySet<string>, boolean>();
    const changed = new Map(
      [...classesByResource(waiting)].filter(([, classes]) => {
        const known = concerns.get(classes) ?? isOfConcern(plan, classes);
        concerns.set(classes, known);
        return known;
      }),
    );
    if (changed.size === 0) return;
    const ids = [...changed.keys()].sort((a, b) => a - b);
    const classes = new Set([...changed.values()].flatMap((names) => [...names]));
    await this.#evaluate(
      tx,
      plan,
      kind,
      { ids },
      (collection) => reachOfChange(classes, collection),
      told,
      false,
    );
  }

  async #evaluate(
    tx: Tx,
    ordered: readonly PlannedCollection[],
    kind: CollectionKind,
    chunk: Chunk,
    reachOf: (collection: PlannedCollection) => Reach,
    told: ScopeChanges,
    isWhole: boolean,
  ): Promise<void> {
    const { store, states, scope, events } = this.options;
    const now = this.options.now().getTime();
    const facts = await loadFacts(tx, store, { kind, chunk, ordered, now });
    const names = new Map(ordered.map(({ id, name }) => [id, name]));
    const select: ChunkFacts<PlannedQuery>['select'] = (id, rule) =>
      facts.select(id, rule).catch((error: unknown) => {
        if (!isStatementsFault(error)) throw error;
        throw new RuleFailure(id, { collection: names.get(id) ?? id, name: rule.name }, { cause: error });
      });
    const after = await evaluateMembership(ordered, { ...facts, select }, (collection) =>
      collection.broken === undefined && (this.#suspended.get(collection.id) ?? 0) <= now
        ? reachOf(collection)
        : { runs: false, follows: false },
    );
    const writes = ordered.flatMap(({ id }) => facts.writesFor(id, after.get(id)));
    await store.write(tx, writes, now);
    const changed = writes.map(changeOf).filter(({ joined, left }) => joined.length + left.length > 0);
    if (changed.length === 0) return;
    const counts = await states.addMembers(
      tx,
      changed.map(({ collectionId, joined, left }) => ({
        id: collectionId,
        joined: joined.length,
        left: left.length,
      })),
      now,
      isWhole,
    );
    await scope.collectMembers(tx, changed, told);
    // A whole evaluation tells once, at its end: not each collection with each chunk.
    if (isWhole) return;
    await events.publishAll(
      tx,
      collectionChanged,
      changed.map(({ collectionId, joined, left }) => ({
        collectionId,
        what: 'members' as const,
        memberCount: counts.get(collectionId) ?? 0,
        joined: joined.length,
        left: left.length,
        at: now,
      })),
    );
  }
}

/** How far a change of these classes reaches into a collection. */
const reachOfChange = (classes: ReadonlySet<string>, collection: PlannedCollection): Reach => ({
  runs:
    classes.has(directRuleOf(collection.id)) || (collection.isIncremental && touches(classes, collection)),
  follows: collection.isIncremental,
});

/** Whether anybody must hear of a change of these classes. */
const isOfConcern = (plan: readonly PlannedCollection[], classes: ReadonlySet<string>): boolean =>
  classes.has(ENROLLMENTS) || plan.some((collection) => reachOfChange(classes, collection).runs);

const touches = (classes: ReadonlySet<string>, collection: PlannedCollection): boolean =>
  classes.has(EVERY_CLASS) || [...collection.classes].some((name) => classes.has(name));

/** What changed of each resource; those that changed alike, nearly all, share one set. */
function classesByResource(waiting: readonly WaitingChange[]): Map<number, ReadonlySet<string>> {
  const names = new Map<number, Set<string>>();
  for (const { resourceId, classes } of waiting)
    for (const name of classes)
      if (name !== ENROLLMENTS) names.set(resourceId, (names.get(resourceId) ?? new Set()).add(name));
  const shared = new Map<string, ReadonlySet<string>>();
  return new Map(
    [...names].map(([resourceId, classes]) => {
      const key = [...classes].sort().join();
      const set = shared.get(key) ?? classes;
      shared.set(key, set);
      return [resourceId, set];
    }),
  );
}

const resourcesOf = (changes: readonly WaitingChange[], marker: string): number[] => [
  ...new Set(changes.filter(({ classes }) => classes.includes(marker)).map(({ resourceId }) => resourceId)),
];

const changeOf = (write: MemberWrite) => ({
  collectionId: write.collectionId,
  joined: [...write.joinedDirect, ...write.joinedOtherwise],
  left: write.left,
});
