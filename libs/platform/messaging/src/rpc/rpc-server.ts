import { randomUUID } from 'node:crypto';

import {
  commonErrors,
  isEspalierError,
  messagingErrors,
  type ErrorBody,
  type EspalierError,
  type RpcContract,
} from '@espalier/contracts';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';

import { runWithMessageContext } from '../connection/message-context.js';
import { HEADER, headerValue, readContext, toMsgHeaders } from '../connection/message-headers.js';
import type { WorkTracker } from '../connection/work-tracker.js';
import { errorText } from '../jetstream/jetstream.errors.js';
import type { MessagingLogger, RequestContext } from '../messaging.types.js';
import type { MessagingMetrics, RpcOutcome } from '../metrics.js';
import { fieldErrors, toJson } from '../wire/codec.js';
import { RequestContextImpl, waitMs } from './request-deadline.js';

export interface RpcEndpointOptions {
  readonly contract: RpcContract;
  /** Already bound to the contract's types. */
  readonly handler: (request: unknown, context: RequestContext) => unknown;
  readonly concurrency: number;
  readonly tracker: WorkTracker;
  readonly logger: MessagingLogger;
  readonly metrics: MessagingMetrics;
}

interface Waiting {
  readonly message: Msg;
  readonly arrivedAt: number;
  readonly deadlineAt: number;
}

/** Requests waiting for one that runs, per place. More are refused: their callers would time out in the queue. */
const WAITING_PER_PLACE = 16;
const INBOX = '_INBOX_';

/** Answers one kind of request. */
export class RpcEndpoint {
  readonly #options: RpcEndpointOptions;
  readonly #waiting: Waiting[] = [];
  readonly #activated = Promise.withResolvers<void>();
  #running = 0;
  #subscription: Subscription | undefined;
  #stopped = false;

  constructor(options: RpcEndpointOptions) {
    this.#options = options;
  }

  get active(): Promise<void> {
    return this.#activated.promise;
  }

  /** Listens on a new connection. */
  attach(connection: NatsConnection): void {
    if (this.#stopped) return;
    const { contract } = this.#options;
    this.#subscription = connection.subscribe(contract.subject, {
      queue: contract.service,
      callback: (error, message) => this.#receive(error, message),
    });
    connection.flush().then(this.#activated.resolve, () => undefined);
  }

  /** Takes no more requests; those that have arrived are still answered. */
  async stop(connected: boolean): Promise<void> {
    this.#stopped = true;
    const subscription = this.#subscription;
    if (subscription === undefined || subscription.isClosed()) return;
    if (connected) await subscription.drain().catch(() => undefined);
    else subscription.unsubscribe();
  }

  #receive(error: Error | null, message: Msg): void {
    const { contract, logger, tracker, concurrency } = this.#options;
    if (error !== null) {
      logger.error({ err: error, subject: contract.subject }, 'NATS does not let this service listen');
      return;
    }
    // The server lets us answer anywhere: a reply subject of someone's choosing must not become a publish.
    if (message.reply?.startsWith(INBOX) !== true) {
      logger.warn({ subject: contract.subject }, 'dropped a request without a reply inbox');
      return;
    }
    const arrivedAt = performance.now();
    const wait = waitMs(headerValue(message.headers, HEADER.timeout), contract.timeoutMs);
    tracker.begin();
    if (this.#running < concurrency) return this.#start({ message, arrivedAt, deadlineAt: arrivedAt + wait });
    if (this.#waiting.length < concurrency * WAITING_PER_PLACE) {
      this.#waiting.push({ message, arrivedAt, deadlineAt: arrivedAt + wait });
      return;
    }
    this.#replyError(message, messagingErrors.ESP_MESSAGING_OVERLOADED().toBody());
    this.#finish('refused', arrivedAt);
  }

  #start(request: Waiting): void {
    this.#running += 1;
    void this.#answer(request).then((outcome) => {
      this.#running -= 1;
      this.#finish(outcome, request.arrivedAt);
      const next = this.#waiting.shift();
      if (next !== undefined) this.#start(next);
    });
  }

  #finish(outcome: RpcOutcome, arrivedAt: number): void {
    const { contract, metrics, tracker } = this.#options;
    metrics.rpcServer(contract.verb, outcome, (performance.now() - arrivedAt) / 1_000);
    tracker.end();
  }

  async #answer({ message, deadlineAt }: Waiting): Promise<RpcOutcome> {
    if (performance.now() >= deadlineAt) return 'expired';
    const context = new RequestContextImpl(
      readContext(message.headers),
      deadlineAt,
      this.#options.tracker.signal,
    );
    try {
      const request = this.#decode(message);
      const response = await runWithMessageContext(context, async () =>
        this.#options.handler(request, context),
      );
      this.#reply(message, response);
      return 'ok';
    } catch (error) {
      this.#replyError(message, this.#toBody(error));
      return 'error';
    }
  }

  #decode(message: Msg): unknown {
    const { contract } = this.#options;
    let value: unknown;
    try {
      value = JSON.parse(message.string());
    } catch {
      throw commonErrors.ESP_BAD_REQUEST({ detail: 'The request is not JSON.' });
    }
    const result = contract.request.safeParse(value);
    if (result.success) return result.data;
    throw commonErrors.ESP_BAD_REQUEST({
      detail: `The request ${contract.subject} does not fit its contract.`,
      fields: fieldErrors(result.error),
    });
  }

  #reply(message: Msg, response: unknown): void {
    const { contract } = this.#options;
    const result = contract.response.safeParse(response);
    if (!result.success)
      throw new Error(`the answer does not fit ${contract.subject}: ${toJson(fieldErrors(result.error))}`);
    const payload = toJson(result.data);
    try {
      message.respond(payload);
    } catch (error) {
      if (!errorText(error).includes('max_payload')) throw error;
      throw messagingErrors.ESP_MESSAGING_REPLY_TOO_LARGE({
        detail: `The answer to ${contract.subject} has ${Buffer.byteLength(payload)} bytes.`,
      });
    }
  }

  #replyError(message: Msg, body: ErrorBody): void {
    try {
      message.respond(toJson(body), { headers: toMsgHeaders({ [HEADER.error]: body.code }) });
    } catch (error) {
      this.#options.logger.warn({ err: error, code: body.code }, 'cannot send an error reply');
    }
  }

  /** What the caller may see; the cause of an unexpected error stays in our log, under an id. */
  #toBody(error: unknown): ErrorBody {
    const { contract, logger } = this.#options;
    if (isEspalierError(error)) {
      logger[error.level](
        { err: error, code: error.code, subject: contract.subject },
        'a request was refused',
      );
      return error.toBody();
    }
    const errorId = randomUUID();
    logger.error({ err: error, errorId, subject: contract.subject }, 'a request failed');
    const internal: EspalierError = commonErrors.ESP_INTERNAL({ detail: `Error id ${errorId}.` });
    return { ...internal.toBody(), errorId };
  }
}
