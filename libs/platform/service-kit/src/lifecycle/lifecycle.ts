import type { Logger } from '../logging/logger.js';

/**
 * The order in which a service stops. `intake`: take nothing new in (listeners, subscriptions, links drain).
 * `work`: finish what is in flight and flush what is buffered. `connections`: close NATS, databases, ports.
 */
export type ShutdownPhase = 'intake' | 'work' | 'connections';
const PHASES: readonly ShutdownPhase[] = ['intake', 'work', 'connections'];

interface Step {
  readonly phase: ShutdownPhase;
  readonly name: string;
  readonly run: (deadline: AbortSignal) => Promise<void> | void;
}

/** Stops a service in phases; the steps of one phase run at the same time. */
export class Lifecycle {
  readonly #steps: Step[] = [];
  readonly #logger: Logger;
  readonly #graceMs: number;
  #stopped: Promise<void> | undefined;

  constructor(options: { readonly logger: Logger; readonly graceMs: number }) {
    this.#logger = options.logger;
    this.#graceMs = options.graceMs;
  }

  /** @param run gets a signal that aborts when the grace time is over */
  onShutdown(phase: ShutdownPhase, name: string, run: Step['run']): void {
    this.#steps.push({ phase, name, run });
  }

  /** Runs all steps once; later calls wait for the first. A step that fails is logged and holds up nothing. */
  shutdown(reason: string): Promise<void> {
    this.#stopped ??= this.#run(reason);
    return this.#stopped;
  }

  async #run(reason: string): Promise<void> {
    this.#logger.info({ reason }, 'shutting down');
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(new Error('the grace time is over')), this.#graceMs);
    timer.unref();
    for (const phase of PHASES) {
      const steps = this.#steps.filter((step) => step.phase === phase).reverse();
      await Promise.all(steps.map((step) => this.#runStep(step, deadline.signal)));
    }
    clearTimeout(timer);
    this.#logger.info('stopped');
  }

  async #runStep(step: Step, deadline: AbortSignal): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(deadline.reason as Error);
    deadline.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.race([Promise.resolve(step.run(deadline)), late]);
    } catch (error) {
      this.#logger.error({ err: error, step: step.name, phase: step.phase }, 'a shutdown step failed');
    } finally {
      deadline.removeEventListener('abort', onAbort);
    }
  }
}
