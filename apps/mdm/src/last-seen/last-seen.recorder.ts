import type { Logger } from '@espalier/service-kit';
import type { LastSeenStore } from './last-seen.store.js';

export interface LastSeenOptions {
  readonly store: LastSeenStore;
  readonly logger: Logger;
  readonly now: () => Date;
  /** Time between writes, in ms. A kill -9 loses at most so much of "last seen", and nothing else. */
  readonly flushMs?: number;
}

/** Keeps last-seen times in memory and writes them in batches, so that an idle check-in writes nothing. */
export class LastSeenRecorder {
  readonly #options: LastSeenOptions;
  readonly #timer: NodeJS.Timeout;
  #seen = new Map<string, number>();
  #writing: Promise<void> = Promise.resolve();

  constructor(options: LastSeenOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.flush(), options.flushMs ?? 10_000);
    this.#timer.unref();
  }

  /** Notes that the enrolment was heard of just now. */
  saw(enrollmentId: string): void {
    this.#seen.set(enrollmentId, this.#options.now().getTime());
  }

  /** Writes what was noted. What cannot be written stays for the next time. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  async #write(): Promise<void> {
    if (this.#seen.size === 0) return;
    const batch = this.#seen;
    this.#seen = new Map();
    try {
      await this.#options.store.write(batch);
    } catch (error) {
      this.#options.logger.warn(
        { err: error, count: batch.size },
        'last-seen times could not be written; trying later',
      );
      for (const [id, time] of batch) if (!this.#seen.has(id)) this.#seen.set(id, time);
    }
  }
}
