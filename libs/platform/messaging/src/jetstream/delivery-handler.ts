import { isEspalierError } from '@espalier/contracts';

import { backoffMs } from '../connection/backoff.js';
import { runWithMessageContext } from '../connection/message-context.js';
import { HEADER, headerValue, readContext } from '../connection/message-headers.js';
import type { WorkTracker } from '../connection/work-tracker.js';
import type { DeadLetterReason } from '../dead-letters/dead-letters.types.js';
import type { DeadLetterSink } from '../dead-letters/dead-letter.sink.js';
import type { DeliveryMeta, MessagingLogger, RetryOptions } from '../messaging.types.js';
import type { DeliveryOutcome, MessagingMetrics } from '../metrics.js';
import type { Delivery } from './delivery.js';
import { errorText } from './jetstream.errors.js';
import { Lease } from './lease.js';
import { PermanentFailure } from './permanent-failure.js';

/** A message's payload does not fit its contract: no attempt can succeed. */
export class InvalidPayload extends Error {
  override readonly name = 'InvalidPayload';
}

/** How one durable or queue treats its messages. */
export interface DeliveryPlan {
  readonly kind: 'event' | 'job';
  readonly source: string;
  readonly maxDeliver: number;
  readonly ackWaitMs: number;
  readonly retry: RetryOptions;
  /** @throws InvalidPayload, PermanentFailure, or anything else to be tried again */
  handle(data: string, meta: DeliveryMeta): Promise<'done' | 'duplicate' | 'skipped'>;
}

export interface DeliveryHandlerOptions {
  readonly plan: DeliveryPlan;
  readonly tracker: WorkTracker;
  readonly deadLetters: DeadLetterSink;
  readonly logger: MessagingLogger;
  readonly metrics: MessagingMetrics;
}

interface Failure {
  readonly reason: DeadLetterReason;
  readonly error: unknown;
}

const RETRY_BASE_MS = 500;
const RETRY_MAX_MS = 60_000;

export function deliveryMeta(delivery: Delivery, lease: Lease): DeliveryMeta {
  const { message, info } = delivery;
  return {
    ...readContext(message.headers),
    subject: message.subject,
    messageId: headerValue(message.headers, HEADER.messageId) ?? `${info.stream}:${info.streamSequence}`,
    sequence: info.streamSequence,
    publishedAt: info.storedAt,
    delivery: info.delivery,
    get signal() {
      return lease.signal;
    },
    working: () => lease.working(),
  };
}

/** Handles deliveries: acknowledges, tries again later, or makes a dead letter of them. */
export class DeliveryHandler {
  readonly #options: DeliveryHandlerOptions;

  constructor(options: DeliveryHandlerOptions) {
    this.#options = options;
  }

  async handle(delivery: Delivery): Promise<void> {
    const { tracker, metrics, plan } = this.#options;
    tracker.begin();
    try {
      metrics.delivery(plan.kind, plan.source, await this.#attempt(delivery));
    } finally {
      tracker.end();
    }
  }

  async #attempt(delivery: Delivery): Promise<DeliveryOutcome> {
    const { plan, tracker } = this.#options;
    // The server is told no limit: over one it would drop the message from sight and leave it in the stream.
    if (delivery.info.delivery > plan.maxDeliver) {
      const error = new Error(`none of ${plan.maxDeliver} deliveries ended: a crash, or the time ran out`);
      return this.#bury(delivery, { reason: 'retries-exhausted', error });
    }
    const lease = new Lease(delivery, plan.ackWaitMs, tracker.signal);
    try {
      const meta = deliveryMeta(delivery, lease);
      const outcome = await runWithMessageContext(meta, () => plan.handle(delivery.message.string(), meta));
      delivery.ack();
      return outcome;
    } catch (error) {
      return await this.#failed(delivery, error);
    } finally {
      lease.end();
    }
  }

  async #failed(delivery: Delivery, error: unknown): Promise<DeliveryOutcome> {
    const { plan, tracker, logger } = this.#options;
    const attempt = delivery.info.delivery;
    if (tracker.signal.aborted) {
      delivery.nak(0);
      return 'retry';
    }
    if (error instanceof InvalidPayload) return this.#bury(delivery, { reason: 'invalid-payload', error });
    if (error instanceof PermanentFailure)
      return this.#bury(delivery, { reason: 'permanent-failure', error });
    if (attempt >= plan.maxDeliver) return this.#bury(delivery, { reason: 'retries-exhausted', error });
    const delayMs = backoffMs(attempt, plan.retry.baseMs ?? RETRY_BASE_MS, plan.retry.maxMs ?? RETRY_MAX_MS);
    logger.warn(
      {
        err: error,
        kind: plan.kind,
        source: plan.source,
        sequence: delivery.info.streamSequence,
        attempt,
        delayMs,
      },
      'handling failed; trying again',
    );
    delivery.nak(delayMs);
    return 'retry';
  }

  async #bury(delivery: Delivery, failure: Failure): Promise<DeliveryOutcome> {
    const { plan, deadLetters, logger } = this.#options;
    const { error, reason } = failure;
    const errorCode = isEspalierError(error) ? error.code : error instanceof Error ? error.name : 'unknown';
    try {
      await deadLetters.store(delivery, { ...plan, reason, errorCode, error: errorText(error) });
    } catch (storeError) {
      logger.error({ err: storeError, source: plan.source }, 'cannot store a dead letter; trying again');
      delivery.nak(backoffMs(delivery.info.delivery, 1_000, RETRY_MAX_MS));
      return 'retry';
    }
    delivery.ack();
    logger.error(
      { err: error, kind: plan.kind, source: plan.source, reason, sequence: delivery.info.streamSequence },
      'a message became a dead letter',
    );
    return 'dead';
  }
}
