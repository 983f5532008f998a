import type { evaluatePolicy, explainPolicy } from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import type { z } from 'zod';
import type { AgendaEntry, AgendaStore } from '../agenda/agenda.store.js';
import { plan } from '../planner/planner.js';
import { loadSurroundings, plannerInput, type SurroundingsStores } from '../reconcile/surroundings.js';

type Explanation = z.input<typeof explainPolicy.response>;

export interface ExplainServiceOptions {
  readonly db: Database;
  readonly agenda: AgendaStore;
  readonly stores: SurroundingsStores;
  readonly now: () => Date;
  readonly checkEveryMs: number;
  /** Wakes whoever looks at what is due. */
  readonly nudgeReconcile: () => void;
}

/** Says what the policy thinks of an enrolment, and has it think anew. */
export class ExplainService {
  constructor(private readonly options: ExplainServiceOptions) {}

  /** The planner's own words, as it would decide now; nothing is done. */
  async explain({
    enrollmentId,
    deploymentId,
  }: z.output<typeof explainPolicy.request>): Promise<Explanation> {
    const { db, agenda, stores, checkEveryMs } = this.options;
    const now = this.options.now().getTime();
    const entry = await agenda.get(enrollmentId);
    const [surroundings] = await loadSurroundings(db, stores, [entry ?? nothingPlanned(enrollmentId)]);
    const input = surroundings && plannerInput(surroundings, now, checkEveryMs);
    if (surroundings === undefined || input === undefined)
      return { known: false, inScope: [], evaluatedAt: null, dueAt: null, decisions: [] };
    const asked = (id: string): boolean => deploymentId === undefined || id === deploymentId;
    return {
      known: true,
      inScope: surroundings.deployments
        .filter((deployment) => asked(deployment.id))
        .map(({ id, collectionId }) => ({
          deploymentId: id,
          since: surroundings.memberSince.get(collectionId) ?? now,
        })),
      evaluatedAt: entry?.evaluated_at ?? null,
      dueAt: entry?.due_at ?? null,
      decisions: plan(input).decisions.filter((decision) => asked(decision.deploymentId)),
    };
  }

  /** Has devices asked what they have, and planned for anew; those that are not known are left out. */
  async evaluate({ enrollmentIds }: z.output<typeof evaluatePolicy.request>): Promise<number> {
    const { db, agenda, stores, nudgeReconcile } = this.options;
    const known = [...(await stores.enrollments.load(db, enrollmentIds)).keys()];
    if (known.length === 0) return 0;
    await db.transaction(async (tx) => {
      await agenda.want(tx, known, this.options.now().getTime());
      tx.afterCommit(nudgeReconcile);
    });
    return known.length;
  }
}

const nothingPlanned = (enrollmentId: string): AgendaEntry => ({
  enrollment_id: enrollmentId,
  due_at: null,
  evaluated_at: null,
  sequence: 0,
  profiles_asked_at: null,
  device_asked_at: null,
  is_wanted: 0,
});
