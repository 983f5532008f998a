import type {
  Actor,
  EventContract,
  InboxStore,
  JobContract,
  OutboxMessage,
  RpcContract,
  ServiceInterface,
} from '@espalier/contracts';
import type { Registry } from 'prom-client';
import type { z } from 'zod';
import type { BatchedEvent } from './events/event-batcher.js';

import type { DeadLetters } from './dead-letters/dead-letters.types.js';
import type { StreamLimits } from './jetstream/stream.definitions.js';

/** What messaging needs of a logger; pino's fits. */
export interface MessagingLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** TLS towards nats-server; PEM text or file paths. */
export interface MessagingTls {
  readonly ca?: string;
  readonly caFile?: string;
  readonly cert?: string;
  readonly certFile?: string;
  readonly key?: string;
  readonly keyFile?: string;
}

export interface MessagingOptions {
  /** What the service says and hears; its name is the queue group and the inbox prefix. */
  readonly service: ServiceInterface;
  /** `nats://host:4222`, one or several of a cluster. With TLS a DNS name: the client checks no IP addresses. */
  readonly servers: readonly string[];
  /** Seed of the service's nkey (`SU…`). Without it the server must let anyone in: for tests only. */
  readonly nkeySeed?: string;
  readonly tls?: MessagingTls;
  readonly logger: MessagingLogger;
  readonly metrics?: Registry;
  /** Name of this replica: shown by the server's monitoring and in dead letters. */
  readonly replica: string;
  /** The same for all services: the last that starts applies its own. */
  readonly streams?: Partial<StreamLimits>;
  /** False where another user creates and updates the streams: this service then only waits for them. */
  readonly provisionStreams?: boolean;
}

/** What a request or message arrived with, and what a handler needs to behave well. */
export interface MessageContext {
  readonly actor: Actor | undefined;
  /** W3C trace context as it came in; outgoing calls made by the handler carry it on. */
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
}

export interface RequestContext extends MessageContext {
  /** Aborts when the caller no longer waits, or when shutdown can wait no longer. */
  readonly signal: AbortSignal;
}

export interface CallOptions {
  /** Overrides the contract's time-out, in ms. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** On whose behalf; without it the actor of the request that is being handled. */
  readonly actor?: Actor;
  readonly traceparent?: string;
  readonly tracestate?: string;
}

export interface ServeOptions {
  /** Requests handled at once by this replica; 64 unless told. */
  readonly concurrency?: number;
}

export type RequestHandler<C extends RpcContract> = (
  request: z.output<C['request']>,
  context: RequestContext,
) => Promise<z.input<C['response']>> | z.input<C['response']>;

/** A handler's registration; stopping it lets what is in flight finish. */
export interface Registration {
  /** Resolves once the server knows of it: what is sent from then on arrives. Never rejects. */
  readonly active: Promise<void>;
  stop(): Promise<void>;
}

export interface TailRegistration extends Registration {
  /** Resolves, before the first event comes, with where the tail begins. Never rejects. */
  readonly begun: Promise<TailStart>;
}

export interface TailStart {
  /** Position after which it reads. */
  readonly after: number;
  /** Events for it that the server had already. */
  readonly pending: number;
}

/** One event as a handler gets it, discriminated by `event`. */
export type ReceivedEvent<C extends EventContract = EventContract> = C extends EventContract
  ? { readonly contract: C; readonly event: C['event']; readonly payload: z.output<C['payload']> }
  : never;

export interface EventMeta extends MessageContext {
  readonly subject: string;
  /** Unique for the event; the same on every redelivery. */
  readonly messageId: string;
  /** Position in the event stream; resumes a tail. */
  readonly sequence: number;
  readonly publishedAt: Date;
}

export interface DeliveryMeta extends EventMeta {
  /** 1 on the first delivery. */
  readonly delivery: number;
  /** Aborts when the server will deliver the message to another replica, or when shutdown can wait no longer. */
  readonly signal: AbortSignal;
  /** Tells the server that the work goes on: the time for this delivery starts anew. */
  readonly working: () => void;
}

/** The inbox makes handling idempotent: the claim and the handler's writes share one transaction. */
export interface InboxOptions<Tx> {
  readonly store: InboxStore<Tx>;
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

export interface ConsumeOptions<C extends EventContract, Tx = undefined> {
  /** Declared in the service's interface. */
  readonly durable: string;
  /** `tx` is the inbox's transaction; undefined without an inbox. */
  handler(event: ReceivedEvent<C>, meta: DeliveryMeta, tx: Tx): Promise<void>;
  readonly inbox?: InboxOptions<Tx>;
  /** Events handled at once by this replica; 1 unless told. */
  readonly concurrency?: number;
  /** One event at a time over all replicas, in stream order, a failing one holding up the rest. */
  readonly ordered?: boolean;
  /** Deliveries before the event is a dead letter; 8 unless told. */
  readonly maxDeliver?: number;
  /** How long one delivery may take, in ms; 30,000 unless told. */
  readonly ackWaitMs?: number;
  /** Where a new durable starts: with events from now on, or with all that are kept (the default). */
  readonly startFrom?: 'all' | 'new';
  readonly retry?: RetryOptions;
}

/** Waiting time before delivery n+1: `baseMs * 2^(n-1)`, at most `maxMs`, with jitter. */
export interface RetryOptions {
  readonly baseMs?: number;
  readonly maxMs?: number;
}

/** Like {@link ConsumeOptions}, for events that come by the thousand: many share one transaction. */
export interface ConsumeBatchOptions<C extends EventContract, Tx> extends Pick<
  ConsumeOptions<C, Tx>,
  'durable' | 'maxDeliver' | 'ackWaitMs' | 'startFrom' | 'retry'
> {
  readonly inbox: InboxOptions<Tx>;
  /** Events of one transaction at most; 200 unless told. What arrives during one is handled together in the next. */
  readonly max?: number;
  /** Gets only events that were not handled before. Where it fails, each event is tried by itself. */
  handleBatch(events: readonly BatchedEvent<C>[], tx: Tx): Promise<void>;
}

export interface TailOptions {
  /** Resume after this position; without it only events from now on. */
  readonly afterSequence?: number;
  /** Ends the tail. */
  readonly signal?: AbortSignal;
  /**
   * Called whenever an event is done with, in order: also after one that could not be shown, and after those between
   * that nobody asked for, which come where one subject does not tell them apart. Must not throw.
   * @param pending further events that the server had for this tail when it sent this one
   */
  readonly onPassed?: (sequence: number, pending: number) => void;
}

export type TailHandler<C extends EventContract> = (
  event: ReceivedEvent<C>,
  meta: EventMeta,
) => Promise<void> | void;

export interface EnqueueOptions {
  /** The server drops a second job with the same id within the stream's duplicate window. */
  readonly messageId: string;
  readonly actor?: Actor;
  readonly traceparent?: string;
}

export interface WorkOptions {
  /** Jobs done at once by this replica; 1 unless told. */
  readonly concurrency?: number;
  readonly retry?: RetryOptions;
}

export type JobMeta = DeliveryMeta;

export type JobHandler<C extends JobContract> = (
  payload: z.output<C['payload']>,
  meta: JobMeta,
) => Promise<void>;

/** A service's side of the bus. */
export interface Messaging {
  readonly service: ServiceInterface;
  /** True while connected and the streams that the service needs exist. */
  ready(): boolean;
  /** Throws saying why it is not ready: for a readiness check. */
  check(): void;
  /** Resolves when ready, rejects when the time is over. For tests and tools; services just start. */
  whenReady(timeoutMs: number): Promise<void>;

  /**
   * Asks another service.
   * @throws EspalierError as the service answered; ESP_TIMEOUT, ESP_SERVICE_UNAVAILABLE (nobody listens),
   * ESP_MESSAGING_UNAVAILABLE (NATS away), ESP_BAD_REQUEST (request against the contract)
   */
  call<C extends RpcContract>(
    contract: C,
    request: z.input<C['request']>,
    options?: CallOptions,
  ): Promise<z.output<C['response']>>;
  /** Answers requests; replicas share them. */
  serve<C extends RpcContract>(contract: C, handler: RequestHandler<C>, options?: ServeOptions): Registration;

  /** Handles events durably: each at least once, once with an inbox; replicas share them. */
  consume<C extends EventContract, Tx = undefined>(
    contracts: C | readonly C[],
    options: ConsumeOptions<C, Tx>,
  ): Registration;
  /** Handles events durably, many in one transaction; replicas share them. In no order. */
  consumeBatches<C extends EventContract, Tx>(
    contracts: C | readonly C[],
    options: ConsumeBatchOptions<C, Tx>,
  ): Registration;
  /**
   * Sequence of the oldest event that is still kept: what came before cannot be read any more.
   * @throws EspalierError ESP_MESSAGING_UNAVAILABLE
   */
  oldestEvent(): Promise<number>;
  /** Shows events as they come, in stream order, at the pace of the handler; nothing is kept on the server. */
  tail<C extends EventContract>(
    contracts: C | readonly C[],
    options: TailOptions,
    onEvent: TailHandler<C>,
  ): TailRegistration;

  /**
   * Puts a job into its queue; resolves when the server has stored it.
   * @throws EspalierError ESP_MESSAGING_BACKLOG_FULL (503) where the queue is full
   */
  enqueue<C extends JobContract>(
    contract: C,
    payload: z.input<C['payload']>,
    options: EnqueueOptions,
  ): Promise<void>;
  /** Works on a queue; replicas share it. */
  work<C extends JobContract>(contract: C, handler: JobHandler<C>, options?: WorkOptions): Registration;

  /** Stores a message of the outbox in the event stream; for `OutboxRelay` only. */
  publishOutboxMessage(message: OutboxMessage): Promise<{ readonly duplicate: boolean }>;
  /** Calls back whenever the connection is usable again. */
  onReady(listener: () => void): () => void;

  /** Messages of this service that could not be handled. */
  readonly deadLetters: DeadLetters;

  /** Takes nothing new: subscriptions end, other replicas get what comes. Replies still leave. */
  stopIntake(): Promise<void>;
  /** Waits for handlers in flight; aborts their signals when the time (in ms, or a signal) is over. */
  finishWork(deadline: AbortSignal | number): Promise<void>;
  close(): Promise<void>;
  /** `stopIntake`, `finishWork`, `close`. */
  drain(deadlineMs: number): Promise<void>;
}
