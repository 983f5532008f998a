import { randomUUID } from 'node:crypto';

import type { EventContract } from '@espalier/contracts';
import { AckPolicy, DeliverPolicy, type ConsumerConfig } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

import { HEADER, headerValue, readContext } from '../connection/message-headers.js';
import { PullLoop } from '../jetstream/pull-loop.js';
import type { Delivery } from '../jetstream/delivery.js';
import { EVENT_STREAM } from '../jetstream/stream.definitions.js';
import type { MessagingLogger, TailHandler, TailOptions, TailStart } from '../messaging.types.js';
import { decodeEvent } from './event-consumer.js';
import { eventFilter } from './event-filter.js';

/** What a slow reader may have in memory; the rest waits on the server. */
const CAPACITY = 64;
/** The server forgets the consumer of a process that has gone, or of a reader that stalls. */
const INACTIVE_NS = 60_000 * 1_000_000;

export interface EventTailOptions<C extends EventContract> extends TailOptions {
  readonly contracts: readonly C[];
  readonly onEvent: TailHandler<C>;
  readonly service: string;
  readonly inboxPrefix: string;
  readonly logger: MessagingLogger;
}

/** Reads events in stream order from a position, over reconnects and lost consumers, without gap or repeat. */
export class EventTail<C extends EventContract> {
  readonly #options: EventTailOptions<C>;
  readonly #loop: PullLoop;
  readonly #begun = Promise.withResolvers<TailStart>();
  #received: number | undefined;
  #consumerSequence = 0;
  #queue: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: EventTailOptions<C>) {
    this.#options = options;
    this.#received = options.afterSequence;
    this.#loop = new PullLoop({
      stream: EVENT_STREAM,
      capacity: CAPACITY,
      inboxPrefix: options.inboxPrefix,
      logger: options.logger,
      consumer: () => this.#consumer(),
      onConsumer: (afterSequence, pending) => {
        this.#consumerSequence = 0;
        // From here on a lost connection costs no event, even before the first has come.
        this.#received ??= afterSequence;
        this.#begun.resolve({ after: this.#received, pending });
      },
      onDelivery: (delivery) => this.#receive(delivery),
    });
  }

  get active(): Promise<void> {
    return this.#loop.active;
  }

  /** Resolves, before the first event comes, with where it begins. */
  get begun(): Promise<TailStart> {
    return this.#begun.promise;
  }

  begin(connection: NatsConnection): void {
    this.#loop.begin(connection);
  }

  pauseForConnection(): void {
    this.#loop.pauseForConnection();
  }

  /** Begins no more handlers; does not wait for one that a slow reader holds up. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop.stop();
  }

  #consumer(): Partial<ConsumerConfig> & { readonly name: string } {
    const start =
      this.#received === undefined
        ? { deliver_policy: DeliverPolicy.New }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: this.#received + 1 };
    return {
      name: `${this.#options.service}_tail-${randomUUID()}`,
      filter_subject: eventFilter(this.#options.contracts),
      ack_policy: AckPolicy.None,
      max_deliver: 1,
      inactive_threshold: INACTIVE_NS,
      num_replicas: 1,
      mem_storage: true,
      ...start,
    };
  }

  /** Resolves when the handler is done with it, which is when the next may be asked for. */
  #receive(delivery: Delivery): Promise<void> {
    const { consumerSequence, streamSequence } = delivery.info;
    if (consumerSequence !== this.#consumerSequence + 1) {
      // One was lost on the way: read again from after the last that came.
      this.#loop.restart();
      return Promise.resolve();
    }
    this.#consumerSequence = consumerSequence;
    if (this.#received !== undefined && streamSequence <= this.#received) return Promise.resolve();
    this.#received = streamSequence;
    const shown = this.#queue.then(() => this.#show(delivery));
    this.#queue = shown;
    return shown;
  }

  async #show({ message, info }: Delivery): Promise<void> {
    if (this.#stopped) return;
    const { contracts, onEvent, onPassed, logger } = this.#options;
    try {
      const event = decodeEvent(contracts, message.subject, message.string());
      if (event !== undefined)
        await onEvent(event, {
          ...readContext(message.headers),
          subject: message.subject,
          messageId:
            headerValue(message.headers, HEADER.messageId) ?? `${info.stream}:${info.streamSequence}`,
          sequence: info.streamSequence,
          publishedAt: info.storedAt,
        });
    } catch (error) {
      logger.warn({ err: error, sequence: info.streamSequence }, 'a live event could not be shown');
    }
    onPassed?.(info.streamSequence, info.pending);
  }
}
