import { pause } from './backoff.js';

/** After the deadline, handlers get this long to notice their aborted signal. */
const ABORT_GRACE_MS = 250;

/** Knows what is in flight, so that shutdown can wait for it. */
export class WorkTracker {
  #count = 0;
  #onIdle: (() => void) | undefined;
  readonly #abort = new AbortController();

  /** Aborts when shutdown can wait no longer. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get size(): number {
    return this.#count;
  }

  begin(): void {
    this.#count += 1;
  }

  end(): void {
    this.#count -= 1;
    if (this.#count === 0) this.#onIdle?.();
  }

  /** Waits for everything in flight; at the deadline aborts what is left. Returns how much did not finish. */
  async settle(deadline: AbortSignal): Promise<number> {
    if (this.#count === 0) return 0;
    const { promise: idle, resolve } = Promise.withResolvers<void>();
    this.#onIdle = resolve;
    deadline.addEventListener('abort', () => resolve(), { once: true });
    if (!deadline.aborted) await idle;
    if (this.#count === 0) return 0;
    const finished = new AbortController();
    this.#onIdle = () => finished.abort();
    this.#abort.abort(new Error('shutdown can wait no longer'));
    await pause(ABORT_GRACE_MS, finished.signal);
    return this.#count;
  }
}
