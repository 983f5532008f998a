import type { JobContract } from '@espalier/contracts';
import { AckPolicy, DeliverPolicy, jetstream, type ConsumerConfig } from '@nats-io/jetstream';
import type { z } from 'zod';

import { originHeaders, toMsgHeaders } from '../connection/message-headers.js';
import type { NatsConnector } from '../connection/nats-connector.js';
import { InvalidPayload, type DeliveryPlan } from '../jetstream/delivery-handler.js';
import { toMessagingError } from '../jetstream/jetstream.errors.js';
import type { EnqueueOptions, JobHandler, WorkOptions } from '../messaging.types.js';
import { checkStoredSize, encode, fieldErrors, toJson } from '../wire/codec.js';

const PUBLISH_TIMEOUT_MS = 5_000;

/** Stores a job; resolves with the server's acknowledgement. */
export async function enqueueJob<C extends JobContract>(
  connector: NatsConnector,
  contract: C,
  payload: z.input<C['payload']>,
  options: EnqueueOptions,
): Promise<void> {
  const what = `The job ${contract.subject}`;
  const text = encode(contract.payload, payload, what);
  const connection = connector.connection();
  checkStoredSize(text, what, connection.info?.max_payload);
  const stored = jetstream(connection).publish(contract.subject, text, {
    msgID: options.messageId,
    headers: toMsgHeaders(originHeaders(options)),
    timeout: PUBLISH_TIMEOUT_MS,
  });
  await connector.whileConnected(stored).catch((error: unknown) => {
    throw toMessagingError(error, contract.subject);
  });
}

/** The server's side of a work queue; its consumer is named like the queue. */
export const workerConfig = (contract: JobContract): Partial<ConsumerConfig> & { readonly name: string } => ({
  name: contract.queue,
  durable_name: contract.queue,
  filter_subject: contract.subject,
  ack_policy: AckPolicy.Explicit,
  ack_wait: contract.ackWaitMs * 1_000_000,
  // We count ourselves: see DeliveryHandler.
  max_deliver: -1,
  max_ack_pending: 1_000,
  deliver_policy: DeliverPolicy.All,
});

export function jobPlan<C extends JobContract>(
  contract: C,
  handler: JobHandler<C>,
  options: WorkOptions,
): DeliveryPlan {
  return {
    kind: 'job',
    source: contract.queue,
    maxDeliver: contract.maxDeliver,
    ackWaitMs: contract.ackWaitMs,
    retry: options.retry ?? {},
    handle: async (text, meta) => {
      await handler(decodeJob(contract, text), meta);
      return 'done';
    },
  };
}

function decodeJob<C extends JobContract>(contract: C, text: string): z.output<C['payload']> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InvalidPayload('the payload is not JSON');
  }
  const result = contract.payload.safeParse(value);
  if (result.success) return result.data as z.output<C['payload']>;
  throw new InvalidPayload(`the payload does not fit: ${toJson(fieldErrors(result.error))}`);
}
