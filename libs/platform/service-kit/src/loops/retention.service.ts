import type { Logger } from '../logging/logger.js';

/** Deletes what is older than a time (epoch ms), at most so much at once that nobody waits; how much went. */
export type Pruner = (before: number) => Promise<number>;

export interface RetentionOptions {
  readonly pruners: Readonly<Record<string, { readonly prune: Pruner; readonly keepMs: number }>>;
  readonly logger: Logger;
  readonly now: () => Date;
  readonly everyMs?: number;
}

/** Keeps tables from growing for ever, in small steps. */
export class RetentionService {
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(private readonly options: RetentionOptions) {
    this.#timer = setInterval(() => void this.run(), options.everyMs ?? 10 * 60_000);
    this.#timer.unref();
  }

  run(): Promise<void> {
    this.#running = this.#running.then(() => this.#pruneAll());
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  async #pruneAll(): Promise<void> {
    for (const [what, { prune, keepMs }] of Object.entries(this.options.pruners)) {
      try {
        const before = this.options.now().getTime() - keepMs;
        let total = 0;
        for (let gone = -1; gone !== 0 && !this.#stopped; total += gone) gone = await prune(before);
        if (total > 0) this.options.logger.info({ what, total }, 'old rows were deleted');
      } catch (error) {
        this.options.logger.warn({ err: error, what }, 'old rows could not be deleted; trying later');
      }
    }
  }
}
