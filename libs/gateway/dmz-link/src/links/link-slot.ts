import { setTimeout as delay } from 'node:timers/promises';
import { LinkError, type InsideSession } from '@espalier/link';
import type { Logger } from 'pino';
import { Backoff, RESET_AFTER_MS } from './backoff.js';

export interface LinkSlotOptions {
  /** Dials and exchanges hellos; the session it gives is up. */
  readonly open: (signal: AbortSignal) => Promise<InsideSession>;
  /** A link ended, or did not come up. */
  readonly onDown: (error: LinkError) => void;
  readonly logger: Logger;
  readonly random: () => number;
}

/** Keeps one link to one DMZ up: dials, waits until it ends, waits a little, dials again. */
export class LinkSlot {
  #session: InsideSession | undefined;
  #lastError: string | undefined;
  readonly #stop = new AbortController();
  readonly #backoff: Backoff;

  constructor(private readonly options: LinkSlotOptions) {
    this.#backoff = new Backoff(options.random);
  }

  get session(): InsideSession | undefined {
    return this.#session;
  }

  get lastError(): string | undefined {
    return this.#lastError;
  }

  async run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#keepOnce();
      if (this.#stop.signal.aborted) return;
      await delay(this.#backoff.next(), undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  /** Finishes what is in flight on the link and does not dial again. */
  async drain(deadlineMs: number): Promise<void> {
    this.#stop.abort();
    await this.#session?.drain(deadlineMs);
  }

  /** Closes at once and does not dial again. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#session?.close();
  }

  async #keepOnce(): Promise<void> {
    const { open, onDown, logger } = this.options;
    try {
      const session = await open(this.#stop.signal);
      const since = performance.now();
      this.#session = session;
      this.#lastError = undefined;
      logger.info({ dmzId: session.dmz.dmzId }, 'link up');
      // Stopped while the hello was under way: nobody else would close it.
      if (this.#stop.signal.aborted) void session.close();
      const reason = await session.closed;
      this.#session = undefined;
      if (performance.now() - since >= RESET_AFTER_MS) this.#backoff.reset();
      throw reason;
    } catch (error) {
      const reason =
        error instanceof LinkError ? error : new LinkError('CLOSED', String(error), { cause: error });
      if (this.#stop.signal.aborted) return;
      this.#lastError = reason.message;
      logger.warn({ code: reason.code, status: reason.status, reason: reason.message }, 'link down');
      onDown(reason);
    }
  }
}
