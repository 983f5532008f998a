import type { Delivery } from './delivery.js';

/** The time that the server gives one delivery; when it is over another replica gets the message. */
export class Lease {
  readonly #abort = new AbortController();
  readonly #delivery: Delivery;
  readonly #ackWaitMs: number;
  readonly #shutdown: AbortSignal;
  #timer: NodeJS.Timeout;

  constructor(delivery: Delivery, ackWaitMs: number, shutdown: AbortSignal) {
    this.#delivery = delivery;
    this.#ackWaitMs = ackWaitMs;
    this.#shutdown = shutdown;
    this.#timer = this.#start();
    shutdown.addEventListener('abort', this.#onShutdown);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Begins the time anew. */
  working(): void {
    if (this.#abort.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = this.#start();
    this.#delivery.working();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#shutdown.removeEventListener('abort', this.#onShutdown);
  }

  #start(): NodeJS.Timeout {
    return setTimeout(
      () => this.#abort.abort(new Error('the time for this delivery is over')),
      this.#ackWaitMs,
    );
  }

  readonly #onShutdown = (): void => this.#abort.abort(this.#shutdown.reason);
}
