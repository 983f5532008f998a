import { Counter, Gauge, Histogram, type Registry } from '@espalier/service-kit';
import type { Handover } from './handover/handover.store.js';

/** What operators see of the policy. */
export class PolicyMetrics {
  readonly #rounds: Histogram;
  readonly #enrollments: Counter;
  readonly #actions: Counter<'action'>;
  readonly #failures: Counter<'action' | 'code'>;

  /** @param countDue how many enrolments wait to be looked at; asked for when metrics are read */
  constructor(registry: Registry, countDue: () => Promise<number>) {
    const registers = [registry];
    this.#rounds = new Histogram({
      name: 'espalier_policy_round_seconds',
      help: 'Duration of one round of planning',
      buckets: [0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
      registers,
    });
    this.#enrollments = new Counter({
      name: 'espalier_policy_enrollments_planned_total',
      help: 'Enrolments that were looked at',
      registers,
    });
    this.#actions = new Counter({
      name: 'espalier_policy_actions_total',
      help: 'What was planned, counted per enrolment',
      labelNames: ['action'],
      registers,
    });
    this.#failures = new Counter({
      name: 'espalier_policy_handover_failures_total',
      help: 'Calls to mdm that failed, by error code',
      labelNames: ['action', 'code'],
      registers,
    });
    new Gauge({
      name: 'espalier_policy_due_enrollments',
      help: 'Enrolments that wait to be looked at, over all replicas',
      registers,
      async collect() {
        this.set(await countDue().catch(() => Number.NaN));
      },
    });
  }

  /** Starts a round; call what it gives with the number of enrolments at the end. */
  timeRound(): (enrollments: number) => void {
    const end = this.#rounds.startTimer();
    return (enrollments) => {
      end();
      this.#enrollments.inc(enrollments);
    };
  }

  planned(handovers: readonly Pick<Handover, 'spec' | 'enrollmentIds'>[]): void {
    for (const { spec, enrollmentIds } of handovers)
      this.#actions.inc({ action: spec.type }, enrollmentIds.length);
  }

  failed(action: string, code: string): void {
    this.#failures.inc({ action, code });
  }
}
