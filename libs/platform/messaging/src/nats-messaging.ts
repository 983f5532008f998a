import {
  commonErrors,
  type EventContract,
  type JobContract,
  type OutboxMessage,
  type RpcContract,
  type ServiceInterface,
} from '@espalier/contracts';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { z } from 'zod';

import { BusSession } from './connection/bus-session.js';
import { toMsgHeaders } from './connection/message-headers.js';
import { NatsConnector } from './connection/nats-connector.js';
import { WorkTracker } from './connection/work-tracker.js';
import { DeadLetterSink } from './dead-letters/dead-letter.sink.js';
import { DeadLetterStore } from './dead-letters/dead-letter.store.js';
import { EventReplayer } from './dead-letters/event-replayer.js';
import { DeclaredGuard } from './declared.js';
import { batchPlan, consumerConfig, eventPlan } from './events/event-consumer.js';
import { durableName, eventFilter } from './events/event-filter.js';
import { EventTail } from './events/event-tail.js';
import { DeliveryHandler, type DeliveryPlan } from './jetstream/delivery-handler.js';
import { toMessagingError } from './jetstream/jetstream.errors.js';
import { PullLoop, type PullLoopOptions } from './jetstream/pull-loop.js';
import { DEFAULT_STREAM_LIMITS, EVENT_STREAM, JOB_STREAM } from './jetstream/stream.definitions.js';
import { enqueueJob, jobPlan, workerConfig } from './jobs/job-queue.js';
import type {
  CallOptions,
  ConsumeBatchOptions,
  ConsumeOptions,
  EnqueueOptions,
  JobHandler,
  Messaging,
  MessagingOptions,
  Registration,
  RequestHandler,
  ServeOptions,
  TailHandler,
  TailOptions,
  TailRegistration,
  WorkOptions,
} from './messaging.types.js';
import { createMessagingMetrics, type MessagingMetrics } from './metrics.js';
import { inboxPrefix } from './permissions/nats-permissions.js';
import { RpcClient } from './rpc/rpc-client.js';
import { RpcEndpoint } from './rpc/rpc-server.js';

const DEFAULT_SERVE_CONCURRENCY = 64;
const PUBLISH_TIMEOUT_MS = 5_000;

class NatsMessaging implements Messaging {
  readonly service: ServiceInterface;
  readonly deadLetters: DeadLetterStore;
  readonly #options: MessagingOptions;
  readonly #metrics: MessagingMetrics;
  readonly #connector: NatsConnector;
  readonly #session: BusSession;
  readonly #guard: DeclaredGuard;
  readonly #rpc: RpcClient;
  readonly #sink: DeadLetterSink;
  readonly #requests = new WorkTracker();
  readonly #deliveries = new WorkTracker();
  readonly #replayer = new EventReplayer(this.#deliveries.signal);
  readonly #taken = new Set<string>();

  constructor(options: MessagingOptions) {
    const { service, servers, nkeySeed, tls, logger, replica } = options;
    this.#options = options;
    this.service = service;
    this.#metrics = createMessagingMetrics(options.metrics);
    this.#connector = new NatsConnector({
      name: `${service.service}/${replica}`,
      inboxPrefix: inboxPrefix(service.service),
      servers,
      nkeySeed,
      tls,
      logger,
    });
    this.#session = new BusSession({
      connector: this.#connector,
      declared: service,
      limits: { ...DEFAULT_STREAM_LIMITS, ...options.streams },
      provision: options.provisionStreams ?? true,
      logger,
      onConnected: (up) => this.#metrics.connected(up),
    });
    this.#guard = new DeclaredGuard(service);
    this.#rpc = new RpcClient(this.#connector, this.#metrics);
    this.#sink = new DeadLetterSink(this.#connector, service.service, replica);
    this.deadLetters = new DeadLetterStore(this.#connector, service, this.#replayer.replay);
    this.#connector.start();
  }

  ready(): boolean {
    return this.#session.ready;
  }

  check(): void {
    if (!this.ready()) throw commonErrors.ESP_MESSAGING_UNAVAILABLE({ detail: this.#session.problem });
  }

  onReady(listener: () => void): () => void {
    return this.#session.onReady(listener);
  }

  async whenReady(timeoutMs: number): Promise<void> {
    if (this.ready()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stopListening = this.onReady(resolve);
    const timer = setTimeout(() => {
      const detail = `Not ready in ${timeoutMs} ms: ${this.#session.problem}.`;
      reject(commonErrors.ESP_MESSAGING_UNAVAILABLE({ detail }));
    }, timeoutMs);
    await promise.finally(() => {
      clearTimeout(timer);
      stopListening();
    });
  }

  async call<C extends RpcContract>(
    contract: C,
    request: z.input<C['request']>,
    options: CallOptions = {},
  ): Promise<z.output<C['response']>> {
    this.#guard.calls(contract);
    return this.#rpc.call(contract, request, options);
  }

  serve<C extends RpcContract>(
    contract: C,
    handler: RequestHandler<C>,
    options: ServeOptions = {},
  ): Registration {
    this.#guard.serves(contract);
    this.#take(contract.subject);
    const endpoint = new RpcEndpoint({
      contract,
      // The endpoint hands over what the contract's schema let through.
      handler: (request, context) => handler(request as z.output<C['request']>, context),
      concurrency: options.concurrency ?? DEFAULT_SERVE_CONCURRENCY,
      tracker: this.#requests,
      logger: this.#options.logger,
      metrics: this.#metrics,
    });
    return this.#registration(contract.subject, this.#session.addListener(endpoint));
  }

  consume<C extends EventContract, Tx = undefined>(
    contracts: C | readonly C[],
    options: ConsumeOptions<C, Tx>,
  ): Registration {
    const events = toList<C>(contracts);
    const declared = this.#guard.consumes(options.durable, events);
    const name = durableName(this.service, options.durable);
    this.#take(name);
    const plan = eventPlan(events, options);
    this.#replayer.add(plan);
    const concurrency = options.ordered === true ? 1 : (options.concurrency ?? 1);
    return this.#read(name, plan, {
      stream: EVENT_STREAM,
      capacity: concurrency,
      consumer: () => consumerConfig(name, eventFilter(declared.events), options),
    });
  }

  consumeBatches<C extends EventContract, Tx>(
    contracts: C | readonly C[],
    options: ConsumeBatchOptions<C, Tx>,
  ): Registration {
    const events = toList<C>(contracts);
    const declared = this.#guard.consumes(options.durable, events);
    const name = durableName(this.service, options.durable);
    this.#take(name);
    const plan = batchPlan(events, options);
    this.#replayer.add(plan);
    return this.#read(name, plan, {
      stream: EVENT_STREAM,
      capacity: plan.capacity,
      consumer: () => consumerConfig(name, eventFilter(declared.events), options),
    });
  }

  async oldestEvent(): Promise<number> {
    const manager = await jetstreamManager(this.#connector.connection(), { checkAPI: false });
    const info = this.#connector.whileConnected(manager.streams.info(EVENT_STREAM));
    const { state } = await info.catch((error: unknown) => {
      throw toMessagingError(error, EVENT_STREAM);
    });
    return state.first_seq;
  }

  tail<C extends EventContract>(
    contracts: C | readonly C[],
    options: TailOptions,
    onEvent: TailHandler<C>,
  ): TailRegistration {
    const events = toList<C>(contracts);
    this.#guard.tails(events);
    const tail = new EventTail<C>({
      ...options,
      contracts: events,
      onEvent,
      service: this.service.service,
      inboxPrefix: this.#connector.inboxPrefix,
      logger: this.#options.logger,
    });
    const registration = this.#session.addReader(tail);
    options.signal?.addEventListener('abort', () => void registration.stop(), { once: true });
    return { ...registration, begun: tail.begun };
  }

  async enqueue<C extends JobContract>(
    contract: C,
    payload: z.input<C['payload']>,
    options: EnqueueOptions,
  ): Promise<void> {
    this.#guard.enqueues(contract);
    await enqueueJob(this.#connector, contract, payload, options);
  }

  work<C extends JobContract>(contract: C, handler: JobHandler<C>, options: WorkOptions = {}): Registration {
    this.#guard.works(contract);
    this.#take(contract.subject);
    return this.#read(contract.subject, jobPlan(contract, handler, options), {
      stream: JOB_STREAM,
      capacity: options.concurrency ?? 1,
      consumer: () => workerConfig(contract),
    });
  }

  async publishOutboxMessage(message: OutboxMessage): Promise<{ readonly duplicate: boolean }> {
    this.#guard.publishes(message.subject);
    const stored = jetstream(this.#connector.connection()).publish(message.subject, message.payload, {
      msgID: message.messageId,
      headers: toMsgHeaders(message.headers ?? {}),
      timeout: PUBLISH_TIMEOUT_MS,
    });
    return this.#connector.whileConnected(stored).catch((error: unknown) => {
      throw toMessagingError(error, message.subject);
    });
  }

  stopIntake(): Promise<void> {
    return this.#session.stop();
  }

  async finishWork(deadline: AbortSignal | number): Promise<void> {
    const signal = typeof deadline === 'number' ? AbortSignal.timeout(deadline) : deadline;
    const left = await Promise.all([this.#requests.settle(signal), this.#deliveries.settle(signal)]);
    const [requests, deliveries] = left;
    if (requests + deliveries > 0)
      this.#options.logger.warn({ requests, deliveries }, 'shutdown did not wait for all that was in flight');
  }

  close(): Promise<void> {
    return this.#connector.close();
  }

  async drain(deadlineMs: number): Promise<void> {
    const deadline = AbortSignal.timeout(deadlineMs);
    await this.stopIntake();
    await this.finishWork(deadline);
    await this.close();
  }

  #read(
    name: string,
    plan: DeliveryPlan,
    source: Pick<PullLoopOptions, 'stream' | 'capacity' | 'consumer'>,
  ): Registration {
    const { logger } = this.#options;
    const handler = new DeliveryHandler({
      plan,
      tracker: this.#deliveries,
      deadLetters: this.#sink,
      logger,
      metrics: this.#metrics,
    });
    const loop = new PullLoop({
      ...source,
      inboxPrefix: this.#connector.inboxPrefix,
      logger,
      onDelivery: (delivery) => handler.handle(delivery),
    });
    return this.#registration(name, this.#session.addReader(loop));
  }

  #take(name: string): void {
    if (this.#taken.has(name)) throw new Error(`${name} has a handler already`);
    this.#taken.add(name);
  }

  #registration(name: string, registration: Registration): Registration {
    return {
      active: registration.active,
      stop: async () => {
        await registration.stop();
        this.#taken.delete(name);
      },
    };
  }
}

function toList<C extends EventContract>(contracts: C | readonly C[]): readonly C[] {
  return Array.isArray(contracts) ? (contracts as readonly C[]) : [contracts as C];
}

/**
 * Joins the bus. Never throws because NATS is away: it connects in the background, for ever, and what needs the
 * server fails at once with ESP_MESSAGING_UNAVAILABLE until then.
 */
export const connectMessaging = (options: MessagingOptions): Messaging => new NatsMessaging(options);
