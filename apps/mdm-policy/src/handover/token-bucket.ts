const MINUTE = 60_000;
/** What may go at once after a quiet time, as a part of what goes in a minute: small deployments never wait. */
const BURST = 1 / 4;

/** Limits how much goes out per minute. What is taken may exceed what is there; the next one waits for longer then. */
export class TokenBucket {
  #tokens: number;
  #at: number;

  constructor(
    private readonly perMinute: number,
    private readonly now: () => Date,
  ) {
    this.#tokens = perMinute * BURST;
    this.#at = now().getTime();
  }

  /** True while something may go. */
  get open(): boolean {
    const now = this.now().getTime();
    const gained = (Math.max(0, now - this.#at) / MINUTE) * this.perMinute;
    this.#tokens = Math.min(this.perMinute * BURST, this.#tokens + gained);
    this.#at = now;
    return this.#tokens > 0;
  }

  take(count: number): void {
    this.#tokens -= count;
  }
}
