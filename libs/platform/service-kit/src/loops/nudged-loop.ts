export interface NudgedLoopOptions {
  /** For logs, as in `pushes`. */
  readonly name: string;
  readonly logger: { error(fields: object, message: string): void };
  /** Looks for work; true where there may be more at once. What it throws is logged, and it is tried again. */
  readonly run: (signal: AbortSignal) => Promise<boolean>;
  /** Longest time between two looks, in ms. Default 1000. */
  readonly pollMs?: number;
}

/**
 * Does work that waits in a database: at once when nudged by whoever put it there, and by itself now and then, for
 * what another replica put there or what has become due.
 */
export class NudgedLoop {
  readonly #options: NudgedLoopOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #nudged = false;
  #wake: () => void = () => undefined;

  constructor(options: NudgedLoopOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#loop();
  }

  /** Call after the commit that made work: the loop looks at once. */
  nudge(): void {
    this.#nudged = true;
    this.#wake();
  }

  /** Resolves when what is being done is done. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await this.#running;
  }

  async #loop(): Promise<void> {
    const { name, logger, run } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#nudged = false;
      try {
        while ((await run(signal)) && !signal.aborted);
      } catch (error) {
        logger.error({ err: error, loop: name }, 'work failed; trying again');
      }
      await this.#sleep();
    }
  }

  async #sleep(): Promise<void> {
    if (this.#nudged || this.#stopping.signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, this.#options.pollMs ?? 1_000);
    await promise;
    clearTimeout(timer);
  }
}
