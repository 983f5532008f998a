import type { EventContract, OutboxMessage, OutboxStore } from '@espalier/contracts';
import type { z } from 'zod';
import { eventMessage } from '../events/event-message.js';
import type { OutboxRelay } from './outbox-relay.js';

/** What is needed of a transaction. */
interface Committing {
  afterCommit(callback: () => void): void;
}

/** Publishes facts with the transaction that makes them true; they leave after the commit. */
export class EventPublisher<Tx extends Committing> {
  constructor(
    private readonly outbox: Pick<OutboxStore<Tx>, 'appendAll'>,
    private readonly relay: Pick<OutboxRelay, 'nudge'>,
  ) {}

  /** @throws EspalierError ESP_BAD_REQUEST against the contract, ESP_MESSAGING_TOO_LARGE */
  publish<C extends EventContract>(tx: Tx, contract: C, payload: z.input<C['payload']>): Promise<void> {
    return this.publishAll(tx, contract, [payload]);
  }

  /** Several of a kind by one statement. @throws as `publish` */
  async publishAll<C extends EventContract>(
    tx: Tx,
    contract: C,
    payloads: readonly z.input<C['payload']>[],
  ): Promise<void> {
    await this.publishEach(
      tx,
      payloads.map((payload) => eventMessage(contract, payload)),
    );
  }

  /** Facts of different kinds by one statement: each made by `eventMessage`. */
  async publishEach(tx: Tx, messages: readonly OutboxMessage[]): Promise<void> {
    if (messages.length === 0) return;
    await this.outbox.appendAll(tx, messages);
    tx.afterCommit(() => this.relay.nudge());
  }
}
