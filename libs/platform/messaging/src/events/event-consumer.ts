import type { EventContract } from '@espalier/contracts';
import { AckPolicy, DeliverPolicy, type ConsumerConfig } from '@nats-io/jetstream';

import { InvalidPayload, type DeliveryPlan } from '../jetstream/delivery-handler.js';
import type { ConsumeBatchOptions, ConsumeOptions, DeliveryMeta, ReceivedEvent } from '../messaging.types.js';
import { EventBatcher } from './event-batcher.js';
import { fieldErrors, toJson } from '../wire/codec.js';

const DEFAULT_MAX_DELIVER = 8;
const DEFAULT_ACK_WAIT_MS = 30_000;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidPayload('the payload is not JSON');
  }
}

/** A received message as its contract's event; undefined where none of the contracts is meant. */
export function decodeEvent<C extends EventContract>(
  contracts: readonly C[],
  subject: string,
  text: string,
): ReceivedEvent<C> | undefined {
  const contract = contracts.find((candidate) => candidate.subject === subject);
  if (contract === undefined) return undefined;
  const result = contract.payload.safeParse(parse(text));
  if (!result.success)
    throw new InvalidPayload(`the payload does not fit: ${toJson(fieldErrors(result.error))}`);
  return { contract, event: contract.event, payload: result.data } as ReceivedEvent<C>;
}

/** The server's side of a durable subscription. */
export function consumerConfig(
  name: string,
  filter: string,
  options: Pick<ConsumeOptions<EventContract>, 'ackWaitMs' | 'ordered' | 'startFrom'>,
): Partial<ConsumerConfig> & { readonly name: string } {
  return {
    name,
    durable_name: name,
    filter_subject: filter,
    ack_policy: AckPolicy.Explicit,
    ack_wait: (options.ackWaitMs ?? DEFAULT_ACK_WAIT_MS) * 1_000_000,
    // We count ourselves: see DeliveryHandler.
    max_deliver: -1,
    max_ack_pending: options.ordered === true ? 1 : 1_000,
    deliver_policy: options.startFrom === 'new' ? DeliverPolicy.New : DeliverPolicy.All,
  };
}

const DEFAULT_BATCH = 200;

/** How a durable subscription treats events that share transactions. */
export function batchPlan<C extends EventContract, Tx>(
  contracts: readonly C[],
  options: ConsumeBatchOptions<C, Tx>,
): DeliveryPlan & { readonly capacity: number } {
  const { durable, inbox, max = DEFAULT_BATCH } = options;
  const batcher = new EventBatcher<C, Tx>({
    durable,
    inbox,
    max,
    handleBatch: (events, tx) => options.handleBatch(events, tx),
  });
  return {
    kind: 'event',
    source: durable,
    // One transaction runs while the next one fills.
    capacity: 2 * max,
    maxDeliver: options.maxDeliver ?? DEFAULT_MAX_DELIVER,
    ackWaitMs: options.ackWaitMs ?? DEFAULT_ACK_WAIT_MS,
    retry: options.retry ?? {},
    handle: async (text, meta) => {
      const event = decodeEvent(contracts, meta.subject, text);
      return event === undefined ? 'skipped' : batcher.add(event, meta);
    },
  };
}

/** How a durable subscription treats one event: inbox first, then the handler, in one transaction. */
export function eventPlan<C extends EventContract, Tx>(
  contracts: readonly C[],
  options: ConsumeOptions<C, Tx>,
): DeliveryPlan {
  const { durable, inbox } = options;
  const run = async (event: ReceivedEvent<C>, meta: DeliveryMeta): Promise<'done' | 'duplicate'> => {
    if (inbox === undefined) {
      // Without an inbox Tx is undefined by its default.
      await options.handler(event, meta, undefined as Tx);
      return 'done';
    }
    return inbox.transaction(async (tx) => {
      if (!(await inbox.store.claim(tx, durable, meta.messageId))) return 'duplicate';
      await options.handler(event, meta, tx);
      return 'done';
    });
  };
  return {
    kind: 'event',
    source: durable,
    maxDeliver: options.maxDeliver ?? DEFAULT_MAX_DELIVER,
    ackWaitMs: options.ackWaitMs ?? DEFAULT_ACK_WAIT_MS,
    retry: options.retry ?? {},
    handle: async (text, meta) => {
      const event = decodeEvent(contracts, meta.subject, text);
      // A later version's event under the same aggregate: not ours to handle.
      return event === undefined ? 'skipped' : run(event, meta);
    },
  };
}
