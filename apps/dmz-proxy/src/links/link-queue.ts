import type { DmzSession } from '@espalier/link';

interface Waiter {
  readonly pick: () => DmzSession | undefined;
  readonly settle: (link: DmzSession | undefined) => void;
}

/** Requests that wait, in order, for a link that can take them: few, and not for long. */
export class LinkQueue {
  readonly #waiters = new Set<Waiter>();

  constructor(private readonly options: { readonly length: number; readonly waitMs: number }) {}

  get depth(): number {
    return this.#waiters.size;
  }

  /** Waits until `pick` gives a link. @returns undefined where the queue is full or that takes too long */
  wait(pick: Waiter['pick']): Promise<DmzSession | undefined> {
    if (this.#waiters.size >= this.options.length) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<DmzSession | undefined>();
    const timer = setTimeout(() => waiter.settle(undefined), this.options.waitMs);
    const waiter: Waiter = {
      pick,
      settle: (link) => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        resolve(link);
      },
    };
    this.#waiters.add(waiter);
    return promise;
  }

  /** A link came up or has room: serves whom it can, oldest first. */
  wake(): void {
    if (this.#waiters.size === 0) return;
    for (const waiter of this.#waiters) {
      const link = waiter.pick();
      if (link !== undefined) waiter.settle(link);
    }
  }

  /** Gives up all that wait. */
  clear(): void {
    for (const waiter of this.#waiters) waiter.settle(undefined);
  }
}
