import type { Msg } from '@nats-io/transport-node';

/** What the server says about one delivery, from the reply subject. */
export interface DeliveryInfo {
  readonly stream: string;
  readonly consumer: string;
  /** 1 on the first delivery. */
  readonly delivery: number;
  readonly streamSequence: number;
  readonly consumerSequence: number;
  readonly storedAt: Date;
  /** Further messages for the consumer when this one was sent. */
  readonly pending: number;
}

const NANOS_PER_MS = 1_000_000n;

/**
 * Reads `$JS.ACK.<stream>.<consumer>.<delivery>.<stream seq>.<consumer seq>.<time>.<pending>`, or the longer
 * form with `<domain>.<account>` before the stream (NATS ADR-15). Undefined where it is neither.
 */
export function parseDeliveryInfo(reply: string | undefined): DeliveryInfo | undefined {
  const tokens = reply?.split('.') ?? [];
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK' || (tokens.length !== 9 && tokens.length < 11))
    return undefined;
  const rest = tokens.length === 9 ? tokens.slice(2) : tokens.slice(4);
  const [stream, consumer, delivery, streamSequence, consumerSequence, time, pending] = rest;
  if (stream === undefined || consumer === undefined || time === undefined) return undefined;
  return {
    stream,
    consumer,
    delivery: Number(delivery),
    streamSequence: Number(streamSequence),
    consumerSequence: Number(consumerSequence),
    storedAt: new Date(Number(BigInt(time) / NANOS_PER_MS)),
    pending: Number(pending),
  };
}

/** One message as a consumer delivered it. */
export class Delivery {
  constructor(
    readonly message: Msg,
    readonly info: DeliveryInfo,
  ) {}

  ack(): void {
    this.#say('+ACK');
  }

  /** Offers it again after `delayMs`. */
  nak(delayMs: number): void {
    this.#say(delayMs > 0 ? `-NAK {"delay":${Math.round(delayMs) * 1_000_000}}` : '-NAK');
  }

  working(): void {
    this.#say('+WPI');
  }

  #say(text: string): void {
    try {
      this.message.respond(text);
    } catch {
      // The connection is closed: the server offers the message again after the ack wait.
    }
  }
}
