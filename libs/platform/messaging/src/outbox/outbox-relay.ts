import type { OutboxRow, OutboxStore } from '@espalier/contracts';
import { Gauge, type Registry } from 'prom-client';

import { backoffMs, pause } from '../connection/backoff.js';
import type { Messaging, MessagingLogger } from '../messaging.types.js';

export interface OutboxRelayOptions {
  readonly messaging: Pick<Messaging, 'publishOutboxMessage' | 'ready' | 'onReady'>;
  readonly store: Pick<OutboxStore, 'takeBatch' | 'remove' | 'depth' | 'release'>;
  readonly logger: MessagingLogger;
  readonly metrics?: Registry;
  /** Messages under way to the server at once; 256 unless told. */
  readonly batchSize?: number;
  /** How long a message whose `nudge` was lost waits at most, in ms; 1,000 unless told. */
  readonly pollMs?: number;
}

const MAX_RETRY_MS = 5_000;

/**
 * Carries messages from the outbox to NATS: in order, each until the server has acknowledged it. Several relays
 * on one outbox are safe: the server drops what it has by its id, and consumers know repeats by the same id.
 */
export class OutboxRelay {
  readonly #options: OutboxRelayOptions;
  readonly #stopping = new AbortController();
  readonly #depth: Gauge | undefined;
  #wake: () => void = () => undefined;
  #nudged = false;
  #running: Promise<void> | undefined;

  constructor(options: OutboxRelayOptions) {
    this.#options = options;
    if (options.metrics !== undefined)
      this.#depth = new Gauge({
        name: 'espalier_outbox_depth',
        help: 'Messages that wait to be published',
        registers: [options.metrics],
      });
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Call after a commit that appended: the message leaves at once. */
  nudge(): void {
    this.#nudged = true;
    this.#wake();
  }

  /** Publishes once more what is there, where NATS is; what remains stays in the store. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const stopListening = this.#options.messaging.onReady(() => this.nudge());
    for (let failures = 0; !this.#stopping.signal.aborted;) {
      try {
        this.#nudged = false;
        const complete = await this.#relayAll();
        failures = complete ? 0 : failures + 1;
        this.#depth?.set(await this.#options.store.depth());
      } catch (error) {
        failures += 1;
        this.#options.logger.error({ err: error, failures }, 'the outbox cannot be read; trying again');
      }
      if (failures > 0) await pause(backoffMs(failures, 100, MAX_RETRY_MS), this.#stopping.signal);
      else await this.#sleep();
    }
    stopListening();
    try {
      await this.#relayAll();
      await this.#options.store.release?.();
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'the outbox was not emptied; the next start goes on');
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

  /** False where something could not be published; without NATS there is nothing to do until it is back. */
  async #relayAll(): Promise<boolean> {
    const limit = this.#options.batchSize ?? 256;
    while (this.#options.messaging.ready()) {
      const rows = await this.#options.store.takeBatch(limit);
      if (rows.length === 0) return true;
      const stored = await this.#publish(rows);
      if (stored.length > 0) await this.#options.store.remove(stored);
      if (stored.length < rows.length) return false;
      if (rows.length < limit) return true;
    }
    return true;
  }

  /**
   * All acknowledgements of a batch are awaited together. The order holds: one connection carries them in turn,
   * and where it breaks, nothing behind the break arrives.
   */
  async #publish(rows: readonly OutboxRow[]): Promise<string[]> {
    const { messaging, logger } = this.#options;
    const results = await Promise.allSettled(rows.map((row) => messaging.publishOutboxMessage(row)));
    const failed = results.findIndex((result) => result.status === 'rejected');
    const failure = results[failed];
    if (failure?.status === 'rejected')
      logger.warn(
        { err: failure.reason, subject: rows[failed]?.subject, messageId: rows[failed]?.messageId },
        'an outbox message could not be published; it stays',
      );
    return rows.filter((_, index) => results[index]?.status === 'fulfilled').map((row) => row.id);
  }
}
