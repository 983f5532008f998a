import type { Queryable } from '@espalier/persistence';
import type { Logger } from '@espalier/service-kit';
import type { CollectionStore } from './collection.store.js';
import type { EvaluationLock } from './evaluation-lock.js';
import { planEvaluation, type EvaluationPlan } from './evaluation-plan.js';
import type { QueryRuleBinder } from './query-rule.binder.js';

export interface EvaluationPlansOptions {
  readonly collections: CollectionStore;
  readonly lock: EvaluationLock;
  readonly binder: QueryRuleBinder;
  readonly logger: Logger;
}

/** The definitions, ready to be evaluated; read anew only when one of them has changed. */
export class EvaluationPlans {
  #known: { readonly version: number; readonly plan: EvaluationPlan } | undefined;

  constructor(private readonly options: EvaluationPlansOptions) {}

  /** As they stand; for whoever only looks. */
  async current(on: Queryable): Promise<EvaluationPlan> {
    return this.at(on, await this.options.lock.version(on));
  }

  /** At a version, which only the holder of the evaluation lock knows to be the last. */
  async at(on: Queryable, version: number): Promise<EvaluationPlan> {
    if (this.#known?.version === version) return this.#known.plan;
    const { collections, binder, logger } = this.options;
    const plan = planEvaluation(await collections.definitions(on), binder);
    for (const { id, broken } of [...plan.device, ...plan.user])
      if (broken !== undefined)
        logger.error({ collection: id, rule: broken }, 'a query rule is not valid any more; members stay');
    this.#known = { version, plan };
    return plan;
  }
}
