import type { Database } from '@espalier/persistence';
import { NudgedLoop, type Logger } from '@espalier/service-kit';
import type { ActionCountStore } from './action-count.store.js';
import type { ApprovalClock } from './approval.clock.js';
import type { ApprovalJournal } from './approval.journal.js';
import type { ApprovalStore } from './approval.store.js';

export interface ApprovalUpkeepOptions {
  readonly db: Database;
  readonly store: ApprovalStore;
  readonly counts: ActionCountStore;
  readonly clock: ApprovalClock;
  readonly journal: ApprovalJournal;
  readonly logger: Logger;
  readonly pollMs?: number;
}

const POLL_MS = 30_000;
const DAY_MS = 86_400_000;
/** An auditor asks for a year, and a little later. */
const KEPT_DAYS = 400;
const PRUNED_AT_ONCE = 500;

/** Ends what has lapsed, keeps the time of the database up with the clock, and forgets what is old. */
export class ApprovalUpkeep {
  readonly #loop: NudgedLoop;

  constructor(private readonly options: ApprovalUpkeepOptions) {
    const { logger, pollMs = POLL_MS } = options;
    this.#loop = new NudgedLoop({ name: 'approvals', logger, pollMs, run: () => this.step() });
  }

  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** True where there is more to do at once. */
  async step(): Promise<boolean> {
    const { db, store, counts, clock, journal } = this.options;
    const at = await db.transaction((tx) => clock.tick(tx));
    await journal.lapse();
    await counts.prune(db, at - DAY_MS);
    const pruned = await store.prune(db, at - KEPT_DAYS * DAY_MS, PRUNED_AT_ONCE);
    return pruned > 0;
  }
}
