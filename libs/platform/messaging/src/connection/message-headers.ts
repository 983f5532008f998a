import { actorSchema, type Actor } from '@espalier/contracts';
import { headers, type MsgHdrs } from '@nats-io/transport-node';

import type { MessageContext } from '../messaging.types.js';
import { currentMessageContext } from './message-context.js';

/** Names of the headers on the wire. */
export const HEADER = {
  messageId: 'Nats-Msg-Id',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
  /** JSON of `Actor`. */
  actor: 'esp-actor',
  /** How long the caller waits, in ms from sending: relative, so that clocks need not agree. */
  timeout: 'esp-timeout-ms',
  /** Present on a reply that is an error; the value is its code. */
  error: 'esp-error',
  subject: 'esp-dead-subject',
  reason: 'esp-dead-reason',
  detail: 'esp-dead-error',
  errorCode: 'esp-dead-error-code',
  sequence: 'esp-dead-sequence',
  deliveries: 'esp-dead-deliveries',
  replica: 'esp-dead-replica',
  originalId: 'esp-dead-message-id',
  publishedAt: 'esp-dead-published-at',
} as const;

export interface Origin {
  readonly actor?: Actor | undefined;
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

const MAX_HEADER_CHARS = 1_000;
/** A header value cannot hold line ends, and a long one eats into the payload's room. */
export const headerText = (value: string): string =>
  // oxlint-disable-next-line no-control-regex
  value.replaceAll(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, MAX_HEADER_CHARS);

/** Actor and trace headers: what is given, else what the message that is being handled came with. */
export function originHeaders(origin: Origin): Record<string, string> {
  const current = currentMessageContext();
  const actor = origin.actor ?? current?.actor;
  const inherits = origin.traceparent === undefined;
  const traceparent = origin.traceparent ?? current?.traceparent;
  const tracestate = origin.tracestate ?? (inherits ? current?.tracestate : undefined);
  return {
    ...(actor !== undefined && { [HEADER.actor]: JSON.stringify(actor) }),
    ...(traceparent !== undefined && { [HEADER.traceparent]: headerText(traceparent) }),
    ...(tracestate !== undefined && { [HEADER.tracestate]: headerText(tracestate) }),
  };
}

export function toMsgHeaders(values: Readonly<Record<string, string>>): MsgHdrs {
  const result = headers();
  for (const [name, value] of Object.entries(values)) result.set(name, value);
  return result;
}

export function headerValue(from: MsgHdrs | undefined, name: string): string | undefined {
  const value = from?.get(name);
  return value === undefined || value === '' ? undefined : value;
}

function readActor(text: string | undefined): Actor | undefined {
  if (text === undefined) return undefined;
  try {
    return actorSchema.parse(JSON.parse(text));
  } catch {
    // Unreadable means nobody: whoever checks the actor refuses.
    return undefined;
  }
}

export function readContext(from: MsgHdrs | undefined): MessageContext {
  return {
    actor: readActor(headerValue(from, HEADER.actor)),
    traceparent: headerValue(from, HEADER.traceparent),
    tracestate: headerValue(from, HEADER.tracestate),
  };
}
