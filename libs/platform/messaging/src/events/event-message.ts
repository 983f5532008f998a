import { randomUUID } from 'node:crypto';

import type { Actor, EventContract, OutboxMessage } from '@espalier/contracts';
import type { z } from 'zod';

import { originHeaders } from '../connection/message-headers.js';
import { checkStoredSize, encode } from '../wire/codec.js';

/**
 * An event as the outbox keeps it; actor and trace are those of the request that is being handled unless told.
 * @throws EspalierError ESP_BAD_REQUEST against the contract, ESP_MESSAGING_TOO_LARGE
 */
export function eventMessage<C extends EventContract>(
  contract: C,
  payload: z.input<C['payload']>,
  options: { readonly messageId?: string; readonly actor?: Actor; readonly traceparent?: string } = {},
): OutboxMessage {
  const what = `The event ${contract.subject}`;
  const text = encode(contract.payload, payload, what);
  checkStoredSize(text, what);
  return {
    subject: contract.subject,
    messageId: options.messageId ?? randomUUID(),
    payload: text,
    headers: originHeaders(options),
  };
}
