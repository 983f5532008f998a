import { isEspalierError, type EventContract } from '@espalier/contracts';
import type { DeliveryMeta, InboxOptions, ReceivedEvent } from '../messaging.types.js';

/** One event of a batch. */
export interface BatchedEvent<C extends EventContract> {
  readonly event: ReceivedEvent<C>;
  readonly meta: DeliveryMeta;
}

export interface EventBatcherOptions<C extends EventContract, Tx> {
  readonly durable: string;
  readonly max: number;
  readonly inbox: InboxOptions<Tx>;
  readonly handleBatch: (events: readonly BatchedEvent<C>[], tx: Tx) => Promise<void>;
}

type Outcome = 'done' | 'duplicate';

interface Waiting<C extends EventContract> extends BatchedEvent<C> {
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Group commit: what arrives while a transaction is under way is handled together in the next one. Alone, an event
 * waits for nobody; under load, one transaction serves many.
 */
export class EventBatcher<C extends EventContract, Tx> {
  readonly #options: EventBatcherOptions<C, Tx>;
  #waiting: Waiting<C>[] = [];
  #running = false;

  constructor(options: EventBatcherOptions<C, Tx>) {
    this.#options = options;
  }

  /** Resolves when the event's transaction is committed. */
  add(event: ReceivedEvent<C>, meta: DeliveryMeta): Promise<Outcome> {
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
    this.#waiting.push({ event, meta, resolve, reject });
    if (!this.#running) void this.#run();
    return promise;
  }

  async #run(): Promise<void> {
    this.#running = true;
    // Those that arrived in the same turn of the loop go together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, this.#options.max);
      this.#waiting = this.#waiting.slice(batch.length);
      await this.#settle(batch);
    }
    this.#running = false;
  }

  async #settle(batch: readonly Waiting<C>[]): Promise<void> {
    try {
      const fresh = await this.#handle(batch);
      for (const item of batch) item.resolve(fresh.has(item.meta.messageId) ? 'done' : 'duplicate');
    } catch (error) {
      // Where the database is away, trying each by itself would only wait once for each.
      if (batch.length === 1 || (isEspalierError(error) && error.retryable))
        for (const item of batch) item.reject(error);
      // One that cannot be handled must not hold up the others: each for itself.
      else for (const item of batch) await this.#settle([item]);
    }
  }

  /** Gives the ids that were not handled before. */
  #handle(batch: readonly Waiting<C>[]): Promise<ReadonlySet<string>> {
    const { inbox, durable, handleBatch } = this.#options;
    const byId = new Map(batch.map((item) => [item.meta.messageId, item]));
    return inbox.transaction(async (tx) => {
      const fresh = await inbox.store.claimAll(tx, durable, [...byId.keys()]);
      const events = [...byId.values()].filter(({ meta }) => fresh.has(meta.messageId));
      if (events.length > 0) await handleBatch(events, tx);
      return fresh;
    });
  }
}
