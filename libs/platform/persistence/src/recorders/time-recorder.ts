import type { Logger } from 'pino';

export interface TimeRecorderOptions {
  /** What is recorded, for logs: `last-seen times of devices`. */
  readonly what: string;
  /** Writes epoch milliseconds by id. */
  write(times: ReadonlyMap<string, number>): Promise<void>;
  readonly logger: Logger;
  readonly now: () => Date;
  /** Time between writes, in ms: a kill -9 loses at most so much, and nothing else. */
  readonly flushMs: number;
}

/** Keeps "last used" and "last seen" times in memory and writes them in batches, so that a request writes nothing. */
export class TimeRecorder {
  readonly #options: TimeRecorderOptions;
  readonly #timer: NodeJS.Timeout;
  #times = new Map<string, number>();
  #writing: Promise<void> = Promise.resolve();

  constructor(options: TimeRecorderOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.flush(), options.flushMs);
    this.#timer.unref();
  }

  /** Notes that it was used, or heard of, just now. */
  touch(id: string): void {
    this.#times.set(id, this.#options.now().getTime());
  }

  /** Writes what was noted; what cannot be written stays for the next time. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  async #write(): Promise<void> {
    if (this.#times.size === 0) return;
    const batch = this.#times;
    this.#times = new Map();
    const { logger, what } = this.#options;
    try {
      await this.#options.write(batch);
    } catch (error) {
      logger.warn({ err: error, count: batch.size }, `${what} could not be written; trying later`);
      for (const [id, time] of batch) if (!this.#times.has(id)) this.#times.set(id, time);
    }
  }
}
