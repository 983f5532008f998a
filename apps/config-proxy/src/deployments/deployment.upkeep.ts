import type { Database } from '@espalier/persistence';
import { NudgedLoop, type Logger } from '@espalier/service-kit';
import type { StateRetentionStore } from '../state-messages/state-retention.store.js';
import type { StatusMessageStore } from '../status-messages/status-message.store.js';
import type { DeploymentHistoryStore } from './deployment-history.store.js';
import type { DeploymentStore } from './deployment.store.js';
import type { DeploymentSummaryStore } from './deployment-summary.store.js';

export interface DeploymentUpkeepOptions {
  readonly db: Database;
  readonly deployments: DeploymentStore;
  readonly summaries: DeploymentSummaryStore;
  readonly history: DeploymentHistoryStore;
  readonly states: StateRetentionStore;
  readonly statusMessages: StatusMessageStore;
  /** How long status messages are kept, and how many at most. */
  readonly statusDays: number;
  readonly statusRows?: number;
  readonly logger: Logger;
  readonly now: () => Date;
  /** How often counters are checked and old rows looked for. */
  readonly pollMs?: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Longer than the event stream keeps: no older message can arrive. */
const GONE_DAYS = 10;
/** What the policy still reports gone by then is heard; a device that never comes back is not waited for. */
const ORPHAN_DAYS = 30;
const HISTORY_DAYS = 730;
const STATUS_ROWS = 2_000_000;
const ROWS_AT_ONCE = 500;
const POLL_MS = 30_000;

/** Checks counters by counting anew, and forgets what is old: a little at a time, by every replica. */
export class DeploymentUpkeep {
  readonly #loop: NudgedLoop;
  #prunedAt = 0;

  constructor(private readonly options: DeploymentUpkeepOptions) {
    const { logger, pollMs = POLL_MS } = options;
    this.#loop = new NudgedLoop({ name: 'deployment upkeep', logger, pollMs, run: () => this.step() });
  }

  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** One deployment, or one round of pruning; true where there is more to do at once. */
  async step(): Promise<boolean> {
    const now = this.options.now().getTime();
    if (await this.recountOne(now - HOUR_MS)) return true;
    if (now - this.#prunedAt < HOUR_MS) return false;
    const pruned = await this.#prune(now);
    if (pruned === 0) this.#prunedAt = now;
    return pruned > 0;
  }

  /** Counts the deployment anew that was counted longest ago; false where none was counted before `before`. */
  async recountOne(before: number): Promise<boolean> {
    const { db, deployments, summaries, logger, now } = this.options;
    const id = await deployments.leastCounted(before);
    if (id === undefined) return false;
    const healed = await db.transaction(async (tx) => {
      await deployments.counted(tx, id, now().getTime());
      return summaries.recount(tx, id);
    });
    if (healed) logger.warn({ deploymentId: id }, 'counters of a deployment were wrong and are corrected');
    return true;
  }

  async #prune(now: number): Promise<number> {
    const { history, states, statusMessages, statusDays, statusRows = STATUS_ROWS } = this.options;
    const deleted = await history.deletedBefore(now - ORPHAN_DAYS * DAY_MS);
    return (
      (await statusMessages.prune(now - statusDays * DAY_MS, statusRows, ROWS_AT_ONCE)) +
      (await states.pruneGone(now - GONE_DAYS * DAY_MS, ROWS_AT_ONCE)) +
      (await states.pruneOrphans(deleted, now - ORPHAN_DAYS * DAY_MS, ROWS_AT_ONCE)) +
      (await history.prune(now - HISTORY_DAYS * DAY_MS, ROWS_AT_ONCE))
    );
  }
}
