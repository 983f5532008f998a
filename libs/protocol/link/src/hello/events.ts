import { LinkError } from '../link-error.js';
import { MAX_MESSAGE_BYTES } from '../link-limits.js';
import { asInteger, asText, parseObject } from './fields.js';

/**
 * One line on the events stream. The DMZ's first is `accepted` or `refused`. `drain` says that the sender wants no
 * new requests; `drained` answers it once no more will come, so that a drain loses nothing.
 */
export type LinkEvent =
  | { readonly type: 'accepted' }
  | { readonly type: 'refused'; readonly status: number; readonly detail: string }
  | { readonly type: 'drain'; readonly deadlineMs: number }
  | { readonly type: 'drained' };

export function encodeEvent(event: LinkEvent): string {
  return `${JSON.stringify(event)}\n`;
}

/**
 * Reads one line. Events of types that this version does not know are undefined: a newer peer may send them.
 * @throws LinkError PROTOCOL
 */
export function parseEvent(line: string): LinkEvent | undefined {
  const event = parseObject(line, 'the event');
  switch (event['type']) {
    case 'accepted':
    case 'drained':
      return { type: event['type'] };
    case 'refused':
      return {
        type: 'refused',
        status: asInteger(event['status'], 'status', 400, 599),
        detail: asText(event['detail'], 'detail', /^[\x20-\x7e]{0,1000}$/),
      };
    case 'drain':
      return { type: 'drain', deadlineMs: asInteger(event['deadlineMs'], 'deadlineMs', 0, 86_400_000) };
    default:
      asText(event['type'], 'type');
      return undefined;
  }
}

/** Splits what arrives into lines, of which none may be longer than {@link MAX_MESSAGE_BYTES}. */
export class EventDecoder {
  #pending = '';

  /** @throws LinkError PROTOCOL */
  push(chunk: string): LinkEvent[] {
    const lines = (this.#pending + chunk).split('\n');
    this.#pending = lines.pop() ?? '';
    if (this.#pending.length > MAX_MESSAGE_BYTES) throw new LinkError('PROTOCOL', 'an event is too long');
    return lines.map(parseEvent).filter((event) => event !== undefined);
  }
}
