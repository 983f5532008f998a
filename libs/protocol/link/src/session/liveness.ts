import type { Http2Session } from 'node:http2';
import type { LinkTimings } from '../link-limits.js';

export interface LivenessOptions {
  readonly timings: LinkTimings;
  /** Whether somebody waits for the peer now: then it is asked every second. */
  readonly isBusy: () => boolean;
  /** A PING was not answered in time. */
  readonly onDead: () => void;
}

const BUSY_INTERVAL_MS = 1_000;

/**
 * Sends a PING now and then. TCP alone would notice a peer that vanished after a quarter of an hour, and Node's http2
 * does not notice one that resets the connection while a write is under way: it has stopped reading then, and drops
 * the error of the write.
 */
export class Liveness {
  readonly #interval: NodeJS.Timeout;
  #deadline: NodeJS.Timeout | undefined;
  #rttMs: number | undefined;
  #probedAt = 0;

  constructor(
    private readonly session: Http2Session,
    private readonly options: LivenessOptions,
  ) {
    const { pingIntervalMs } = options.timings;
    const tick = Math.min(BUSY_INTERVAL_MS, pingIntervalMs);
    this.#interval = setInterval(() => {
      const due = performance.now() - this.#probedAt > pingIntervalMs - tick;
      if (due || options.isBusy()) this.probe();
    }, tick);
    this.#interval.unref();
  }

  /** Round trip of the latest PING in milliseconds. */
  get rttMs(): number | undefined {
    return this.#rttMs;
  }

  /** Sends a PING at once, unless one is under way. */
  probe(): void {
    if (this.#deadline !== undefined || this.session.destroyed) return;
    this.#probedAt = performance.now();
    this.#deadline = setTimeout(this.options.onDead, this.options.timings.pingTimeoutMs);
    this.#deadline.unref();
    this.session.ping((error, durationMs) => {
      if (error !== null) return;
      clearTimeout(this.#deadline);
      this.#deadline = undefined;
      this.#rttMs = durationMs;
    });
  }

  stop(): void {
    clearInterval(this.#interval);
    clearTimeout(this.#deadline);
  }
}
