import type { Logger } from '@espalier/service-kit';
import type { ApiTokenStore } from './api-token.store.js';

export interface LastUsedOptions {
  readonly store: Pick<ApiTokenStore, 'writeLastUsed'>;
  readonly logger: Logger;
  readonly now: () => Date;
  /** Time between writes, in ms. */
  readonly flushMs?: number;
}

/** Keeps when tokens were last used in memory and writes it in batches, so that a request writes nothing. */
export class LastUsedRecorder {
  readonly #options: LastUsedOptions;
  readonly #timer: NodeJS.Timeout;
  #uses = new Map<string, number>();
  #writing: Promise<void> = Promise.resolve();

  constructor(options: LastUsedOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.flush(), options.flushMs ?? 30_000);
    this.#timer.unref();
  }

  used(tokenId: string): void {
    this.#uses.set(tokenId, this.#options.now().getTime());
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
    if (this.#uses.size === 0) return;
    const batch = this.#uses;
    this.#uses = new Map();
    try {
      await this.#options.store.writeLastUsed(batch);
    } catch (error) {
      this.#options.logger.warn(
        { err: error, count: batch.size },
        'last uses of tokens could not be written yet',
      );
      for (const [id, at] of batch) if (!this.#uses.has(id)) this.#uses.set(id, at);
    }
  }
}
