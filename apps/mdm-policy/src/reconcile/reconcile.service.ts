import { policyStatesReported, type StateMessage } from '@espalier/contracts';
import type { EventPublisher } from '@espalier/messaging';
import type { Database, Tx } from '@espalier/persistence';
import type { Logger } from '@espalier/service-kit';
import type { AgendaStore } from '../agenda/agenda.store.js';
import type { HandoverStore } from '../handover/handover.store.js';
import type { PolicyMetrics } from '../mdm-policy.metrics.js';
import type { ConflictNotices } from '../rollouts/conflict-notices.js';
import { playRound } from './round.js';
import { loadSurroundings, type SurroundingsStores } from './surroundings.js';

export interface ReconcileServiceOptions {
  readonly db: Database;
  readonly agenda: AgendaStore;
  readonly stores: SurroundingsStores;
  readonly handovers: HandoverStore;
  readonly events: EventPublisher<Tx>;
  readonly conflicts: ConflictNotices;
  readonly metrics: PolicyMetrics;
  readonly logger: Logger;
  readonly now: () => Date;
  readonly uuid: () => string;
  /** How often an enrolment with managed profiles is asked what it has. */
  readonly checkEveryMs: number;
  /** Wakes whoever calls mdm. */
  readonly nudgeHandover: () => void;
}

const ENROLLMENTS_PER_ROUND = 500;
const MESSAGES_PER_EVENT = 500;

/**
 * Looks at the enrolments that are due: plans, notes what mdm is to be asked, and tells what is news, all in one
 * transaction. Replicas share the work: an enrolment that one looks at is locked for the others.
 */
export class ReconcileService {
  constructor(private readonly options: ReconcileServiceOptions) {}

  /** One round; true where there may be more that is due. */
  async round(): Promise<boolean> {
    const { db, metrics } = this.options;
    const done = metrics.timeRound();
    const size = await db.transaction((tx) => this.#round(tx));
    if (size > 0) done(size);
    return size === ENROLLMENTS_PER_ROUND;
  }

  async #round(tx: Tx): Promise<number> {
    const {
      agenda,
      stores,
      handovers,
      events,
      conflicts,
      checkEveryMs,
      uuid,
      metrics,
      logger,
      nudgeHandover,
    } = this.options;
    const now = this.options.now().getTime();
    const due = await agenda.claim(tx, now, ENROLLMENTS_PER_ROUND);
    if (due.length === 0) return 0;
    const enrollments = await loadSurroundings(tx, stores, due);
    const result = playRound(enrollments, {
      now,
      checkEveryMs,
      uuid,
      failed: (enrollmentId, err) =>
        logger.error({ err, enrollmentId }, 'an enrolment cannot be planned for'),
    });
    const before = new Map(enrollments.map(({ agenda: { enrollment_id }, items }) => [enrollment_id, items]));
    await stores.items.replace(tx, before, result.items);
    await stores.assignments.save(tx, result.assignments);
    await stores.assignments.remove(tx, result.goneAssignments);
    await handovers.add(tx, result.handovers, now);
    await events.publishAll(tx, policyStatesReported, packed(result.messages));
    await conflicts.tell(tx, result.decisions, now);
    await agenda.save(tx, result.agenda);
    tx.afterCommit(() => {
      metrics.planned(result.handovers);
      if (result.handovers.length > 0) nudgeHandover();
    });
    return due.length;
  }
}

function packed(messages: readonly StateMessage[]): { messages: StateMessage[] }[] {
  const events: { messages: StateMessage[] }[] = [];
  for (let from = 0; from < messages.length; from += MESSAGES_PER_EVENT)
    events.push({ messages: messages.slice(from, from + MESSAGES_PER_EVENT) });
  return events;
}
