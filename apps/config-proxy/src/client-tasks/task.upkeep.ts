import type { Database } from '@espalier/persistence';
import { NudgedLoop, type Logger } from '@espalier/service-kit';
import type { TaskStore } from './task.store.js';

export interface TaskUpkeepOptions {
  readonly db: Database;
  readonly tasks: TaskStore;
  readonly logger: Logger;
  readonly now: () => Date;
  readonly pollMs?: number;
}

const POLL_MS = 30_000;
const EXPIRED_AT_ONCE = 500;

/** Ends tasks that were not fetched, or not reported, in time: a little at a time, by every replica. */
export class TaskUpkeep {
  readonly #loop: NudgedLoop;

  constructor(private readonly options: TaskUpkeepOptions) {
    const { logger, pollMs = POLL_MS } = options;
    this.#loop = new NudgedLoop({ name: 'client tasks', logger, pollMs, run: () => this.step() });
  }

  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** True where there is more to do at once. */
  async step(): Promise<boolean> {
    const { db, tasks, now } = this.options;
    return (await tasks.expire(db, now().getTime(), EXPIRED_AT_ONCE)) > 0;
  }
}
