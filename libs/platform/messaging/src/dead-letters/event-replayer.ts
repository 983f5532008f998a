import { messagingErrors } from '@espalier/contracts';

import { readContext } from '../connection/message-headers.js';
import { runWithMessageContext } from '../connection/message-context.js';
import type { DeliveryPlan } from '../jetstream/delivery-handler.js';
import type { DeliveryMeta } from '../messaging.types.js';
import type { EventReplay } from './dead-letter.store.js';

/**
 * Handles buried events again. They cannot be published anew: every other consumer would get them a second time.
 */
export class EventReplayer {
  readonly #plans = new Map<string, DeliveryPlan>();

  constructor(private readonly shutdown: AbortSignal) {}

  add(plan: DeliveryPlan): void {
    this.#plans.set(plan.source, plan);
  }

  readonly replay: EventReplay = async (source, letter, stored) => {
    const plan = this.#plans.get(source);
    if (plan === undefined)
      throw messagingErrors.ESP_MESSAGING_UNDECLARED({
        detail: `No handler of "${source}" runs in this process.`,
      });
    const meta: DeliveryMeta = {
      ...readContext(stored.header),
      subject: letter.subject,
      messageId: letter.messageId,
      sequence: letter.sequence,
      publishedAt: letter.publishedAt,
      delivery: letter.deliveries + 1,
      signal: this.shutdown,
      working: () => undefined,
    };
    await runWithMessageContext(meta, () => plan.handle(letter.payload, meta));
  };
}
