import type { Delivery } from './delivery.js';

/**
 * The time that the server gives one delivery; when it is over another replica gets the message. Watched only once
 * somebody asks for the signal: most handlers never do, and events come by the thousand.
 */
export class Lease {
  readonly #delivery: Delivery;
  readonly #ackWaitMs: number;
  readonly #shutdown: AbortSignal;
  #until: number;
  #abort: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(delivery: Delivery, ackWaitMs: number, shutdown: AbortSignal) {
    this.#delivery = delivery;
    this.#ackWaitMs = ackWaitMs;
    this.#shutdown = shutdown;
    this.#until = performance.now() + ackWaitMs;
  }

  get signal(): AbortSignal {
    this.#abort ??= this.#watched();
    return this.#abort.signal;
  }

  /** Begins the time anew. */
  working(): void {
    if (this.#abort?.signal.aborted ?? (this.#shutdown.aborted || performance.now() >= this.#until)) return;
    this.#until = performance.now() + this.#ackWaitMs;
    if (this.#abort !== undefined) this.#startTimer(this.#abort);
    this.#delivery.working();
  }

  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#shutdown.removeEventListener('abort', this.#onShutdown);
  }

  #watched(): AbortController {
    const abort = new AbortController();
    if (this.#shutdown.aborted) abort.abort(this.#shutdown.reason);
    else if (!this.#isOver) {
      this.#shutdown.addEventListener('abort', this.#onShutdown);
      this.#startTimer(abort);
    }
    return abort;
  }

  #startTimer(abort: AbortController): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => abort.abort(new Error('the time for this delivery is over')),
      Math.max(0, this.#until - performance.now()),
    );
  }

  readonly #onShutdown = (): void => this.#abort?.abort(this.#shutdown.reason);
}
