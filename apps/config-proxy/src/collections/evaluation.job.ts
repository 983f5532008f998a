import { collectionChanged, collectionIdSchema, type CollectionKind } from '@espalier/contracts';
import type { EventPublisher } from '@espalier/messaging';
import type { Database, Tx } from '@espalier/persistence';
import { z } from 'zod';
import type { JobKind, JobStepResult, RunningJob } from '../jobs/job.kind.js';
import { withDependents } from './collection-graph.js';
import { idRange } from './collection.rows.js';
import type { CollectionStateStore } from './collection-state.store.js';
import type { EvaluationLock } from './evaluation-lock.js';
import type { EvaluationPlan } from './evaluation-plan.js';
import type { EvaluationPlans } from './evaluation.plans.js';
import { COLLECTION_EVALUATION, type EvaluationService } from './evaluation.service.js';
import type { EvaluationStore } from './evaluation.store.js';

export { COLLECTION_EVALUATION } from './evaluation.service.js';

/** Null: all collections. */
export const evaluationParamsSchema = z.object({ collectionIds: z.array(collectionIdSchema).nullable() });
export type EvaluationParams = z.output<typeof evaluationParamsSchema>;

export interface EvaluationJobOptions {
  readonly db: Database;
  readonly states: CollectionStateStore;
  readonly store: EvaluationStore;
  readonly lock: EvaluationLock;
  readonly plans: EvaluationPlans;
  readonly evaluation: EvaluationService;
  readonly events: EventPublisher<Tx>;
  readonly now: () => Date;
  /** Resources of one transaction. */
  readonly chunkSize?: number;
}

/** Few enough that a change of one device does not wait for long behind them. */
const CHUNK_SIZE = 1_000;
const kinds: readonly CollectionKind[] = ['device', 'user'];

/** Evaluates all members of some collections, or of all: resource by resource, in ranges of their ids. */
export class EvaluationJob implements JobKind<EvaluationParams> {
  readonly kind = COLLECTION_EVALUATION;
  readonly params = evaluationParamsSchema;
  readonly cancelScope = 'collections:write';

  constructor(private readonly options: EvaluationJobOptions) {}

  async step({ params, cursor }: RunningJob<EvaluationParams>): Promise<JobStepResult> {
    const { db, store, evaluation } = this.options;
    const wanted = params.collectionIds === null ? undefined : new Set(params.collectionIds);
    if (cursor === null) return this.#begin(wanted);
    const { kind, from } = readCursor(cursor);
    const range = idRange[kind];
    const size = this.options.chunkSize ?? CHUNK_SIZE;
    // The last chunk reaches to the end of all ids: members whose resource is gone fall out.
    const to = (await store.endOfChunk(db, from, range.to, size)) ?? range.to;
    const { result: done, failures } = await evaluation.withoutFailures(() =>
      db.transaction(async (tx) => {
        const plan = await this.#plan(tx);
        if (concerned(plan, kind, wanted).size === 0) return 0;
        const chunk = { from, to };
        await evaluation.evaluateWhole(tx, plan[kind], kind, chunk, wanted);
        return (await store.active(tx, kind, chunk)).length;
      }),
    );
    const messages = failures.map(({ message }) => message);
    if (to < range.to) return { done, cursor: cursorOf(kind, to + 1), finished: false, messages };
    const following = kinds[kinds.indexOf(kind) + 1];
    if (following !== undefined)
      return { done, cursor: cursorOf(following, idRange[following].from), finished: false, messages };
    await this.#finish(wanted);
    return { done, cursor: null, finished: true, messages };
  }

  /** Who is a member is right for some resources only: the collections wait for another evaluation. */
  async abandoned(tx: Tx, { collectionIds }: EvaluationParams): Promise<void> {
    const wanted = collectionIds === null ? undefined : new Set(collectionIds);
    const plan = await this.#plan(tx);
    const ids = kinds.flatMap((kind) => [...concerned(plan, kind, wanted)]);
    await this.options.states.setStatus(tx, ids, 'awaiting');
  }

  async #begin(wanted: ReadonlySet<string> | undefined): Promise<JobStepResult> {
    const { db, store, states, evaluation } = this.options;
    const total = await db.transaction(async (tx) => {
      const plan = await this.#plan(tx);
      let count = 0;
      for (const kind of kinds) {
        const ids = concerned(plan, kind, wanted);
        evaluation.resume(ids);
        await states.setStatus(tx, ids, 'evaluating');
        if (ids.size > 0) count += await store.countActive(tx, kind);
      }
      return count;
    });
    return { done: 0, cursor: cursorOf('device', idRange.device.from), total, finished: false };
  }

  async #finish(wanted: ReadonlySet<string> | undefined): Promise<void> {
    const { db, states, events } = this.options;
    const now = this.options.now().getTime();
    await db.transaction(async (tx) => {
      const plan = await this.#plan(tx);
      const ids = kinds.flatMap((kind) => [...concerned(plan, kind, wanted)]);
      const results = await states.finish(tx, ids, now);
      await events.publishAll(
        tx,
        collectionChanged,
        results.map(({ id, memberCount, joined, left }) => ({
          collectionId: id,
          what: 'evaluated' as const,
          memberCount,
          joined,
          left,
          at: now,
        })),
      );
    });
  }

  async #plan(tx: Tx): Promise<EvaluationPlan> {
    const { lock, plans } = this.options;
    return plans.at(tx, await lock.take(tx));
  }
}

/** Those that exist of the wanted ones, with all that depend on them. */
function concerned(
  plan: EvaluationPlan,
  kind: CollectionKind,
  wanted: ReadonlySet<string> | undefined,
): Set<string> {
  const ids = new Set(plan[kind].map(({ id }) => id));
  if (wanted === undefined) return ids;
  return withDependents(
    plan[kind],
    [...wanted].filter((id) => ids.has(id)),
  );
}

const cursorOf = (kind: CollectionKind, from: number): string => `${kind}:${from}`;

function readCursor(cursor: string): { kind: CollectionKind; from: number } {
  const [kind, from] = cursor.split(':');
  return { kind: kind === 'user' ? 'user' : 'device', from: Number(from) };
}
