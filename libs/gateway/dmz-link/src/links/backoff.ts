const FIRST_MS = 500;
const MOST_MS = 30_000;
/** A link that was up for this long was a good one: the next attempt waits little. */
export const RESET_AFTER_MS = 60_000;

/** Waiting times with full jitter, so that replicas that lost a DMZ together do not come back together. */
export class Backoff {
  #ceiling = FIRST_MS;

  constructor(private readonly random: () => number) {}

  /** Milliseconds to wait before the next attempt; each may be up to twice the one before. */
  next(): number {
    const wait = this.random() * this.#ceiling;
    this.#ceiling = Math.min(MOST_MS, this.#ceiling * 2);
    return wait;
  }

  reset(): void {
    this.#ceiling = FIRST_MS;
  }
}
