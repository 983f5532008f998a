import type { ServiceName } from '@espalier/contracts';
import { jetstream } from '@nats-io/jetstream';

import { HEADER, headerText, headerValue, toMsgHeaders } from '../connection/message-headers.js';
import type { NatsConnector } from '../connection/nats-connector.js';
import type { Delivery } from '../jetstream/delivery.js';
import type { DeadLetterReason } from './dead-letters.types.js';

export interface Burial {
  readonly kind: 'event' | 'job';
  readonly source: string;
  readonly reason: DeadLetterReason;
  readonly error: string;
  readonly errorCode: string;
}

/** Subject under which a service's dead letters of one durable or queue are kept. */
export const deadLetterSubject = (service: ServiceName, kind: 'event' | 'job', source: string): string =>
  `esp.v1.dlq.${service}.${kind}.${source}`;

const PUBLISH_TIMEOUT_MS = 5_000;

/** Stores what could not be handled. */
export class DeadLetterSink {
  constructor(
    private readonly connector: NatsConnector,
    private readonly service: ServiceName,
    private readonly replica: string,
  ) {}

  /** Resolves when the server has stored it; a second time is no second dead letter. */
  async store(delivery: Delivery, burial: Burial): Promise<void> {
    const { message, info } = delivery;
    const original = message.headers;
    const kept = [HEADER.actor, HEADER.traceparent, HEADER.tracestate].flatMap((name) => {
      const value = headerValue(original, name);
      return value === undefined ? [] : [[name, value] as const];
    });
    const headers = toMsgHeaders({
      ...Object.fromEntries(kept),
      [HEADER.subject]: message.subject,
      [HEADER.originalId]: headerValue(original, HEADER.messageId) ?? `${info.stream}:${info.streamSequence}`,
      [HEADER.reason]: burial.reason,
      [HEADER.detail]: headerText(burial.error),
      [HEADER.errorCode]: headerText(burial.errorCode),
      [HEADER.sequence]: String(info.streamSequence),
      [HEADER.deliveries]: String(info.delivery),
      [HEADER.replica]: headerText(this.replica),
      [HEADER.publishedAt]: info.storedAt.toISOString(),
    });
    await this.connector.whileConnected(
      jetstream(this.connector.connection()).publish(
        deadLetterSubject(this.service, burial.kind, burial.source),
        message.data,
        {
          headers,
          msgID: `${info.consumer}:${info.streamSequence}:${info.storedAt.getTime()}`,
          timeout: PUBLISH_TIMEOUT_MS,
        },
      ),
    );
  }
}
