import type { EventContract } from '@espalier/contracts';
import { eventMessage, type OutboxRelay } from '@espalier/messaging';
import type { Outbox, Tx } from '@espalier/persistence';
import type { z } from 'zod';

/** Publishes facts with the transaction that makes them true. */
export class EventPublisher {
  constructor(
    private readonly outbox: Pick<Outbox, 'append'>,
    private readonly relay: Pick<OutboxRelay, 'nudge'>,
  ) {}

  /** Appends the event to the outbox; it leaves after the commit. */
  async publish<C extends EventContract>(tx: Tx, contract: C, payload: z.input<C['payload']>): Promise<void> {
    await this.outbox.append(tx, eventMessage(contract, payload));
    tx.afterCommit(() => this.relay.nudge());
  }
}
