/** Waits that double with every failure in a row, with full jitter, so that replicas do not dial together. */
export class Backoff {
  #failures = 0;

  constructor(
    private readonly minMs: number,
    private readonly maxMs: number,
    private readonly random: () => number,
  ) {}

  fail(): void {
    this.#failures += 1;
  }

  reset(): void {
    this.#failures = 0;
  }

  /** Milliseconds to wait before the next try; 0 while nothing has failed. */
  next(): number {
    if (this.#failures === 0) return 0;
    const ceiling = Math.min(this.maxMs, this.minMs * 2 ** Math.min(this.#failures - 1, 30));
    return Math.round(this.random() * ceiling);
  }
}

/** What a caller should wait before a push is tried again: doubled per attempt, 50–150 % of it by chance. */
export function retryAfter(firstMs: number, attempt: number, random: () => number): number {
  const MAX_MS = 15 * 60_000;
  return Math.round(Math.min(MAX_MS, firstMs * 2 ** Math.min(attempt, 20)) * (0.5 + random()));
}
