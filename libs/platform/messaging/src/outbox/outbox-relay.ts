import type { OutboxRow, OutboxStore } from '@espalier/contracts';
import { NudgedLoop } from '@espalier/service-kit';
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
  readonly #depth: Gauge | undefined;
  readonly #loop: NudgedLoop;
  #failures = 0;
  #stopListening: () => void = () => undefined;

  constructor(options: OutboxRelayOptions) {
    this.#options = options;
    if (options.metrics !== undefined)
      this.#depth = new Gauge({
        name: 'espalier_outbox_depth',
        help: 'Messages that wait to be published',
        registers: [options.metrics],
      });
    this.#loop = new NudgedLoop({
      name: 'outbox',
      logger: options.logger,
      pollMs: options.pollMs ?? 1_000,
      run: (signal) => this.#turn(signal),
    });
  }

  start(): void {
    this.#stopListening = this.#options.messaging.onReady(() => this.nudge());
    this.#loop.start();
  }

  /** Call after a commit that appended: the message leaves at once. */
  nudge(): void {
    this.#loop.nudge();
  }

  /** Publishes once more what is there, where NATS is; what remains stays in the store. */
  async stop(): Promise<void> {
    this.#stopListening();
    await this.#loop.stop();
    try {
      await this.#relayAll();
      await this.#options.store.release?.();
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'the outbox was not emptied; the next start goes on');
    }
  }

  /** True where it must be tried again, which it is after a while. */
  async #turn(signal: AbortSignal): Promise<boolean> {
    const { store, logger } = this.#options;
    try {
      const complete = await this.#relayAll();
      this.#failures = complete ? 0 : this.#failures + 1;
      this.#depth?.set(await store.depth());
    } catch (error) {
      this.#failures += 1;
      logger.error({ err: error, failures: this.#failures }, 'the outbox cannot be read; trying again');
    }
    if (this.#failures === 0) return false;
    await pause(backoffMs(this.#failures, 100, MAX_RETRY_MS), signal);
    return true;
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
