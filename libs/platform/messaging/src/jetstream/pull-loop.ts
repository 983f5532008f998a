import type { ConsumerConfig } from '@nats-io/jetstream';
import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';

import { backoffMs, pause } from '../connection/backoff.js';
import type { MessagingLogger } from '../messaging.types.js';
import { Delivery, parseDeliveryInfo } from './delivery.js';
import { errorText } from './jetstream.errors.js';

export interface PullLoopOptions {
  readonly stream: string;
  /** Messages that may be here unfinished at once. */
  readonly capacity: number;
  readonly inboxPrefix: string;
  readonly logger: MessagingLogger;
  /** The consumer to pull from; asked anew whenever the last one may be gone. Created or updated as told. */
  consumer(): Partial<ConsumerConfig> & { readonly name: string };
  /** Tells the stream sequence after which a consumer, just created, begins, and how many messages are for it. */
  onConsumer?(afterSequence: number, pending: number): void;
  /** Resolves when the message is finished with; must not reject. */
  onDelivery(delivery: Delivery): Promise<void>;
}

interface PullRequest {
  remaining: number;
  readonly expiresAt: number;
}

interface ConsumerCreated {
  readonly error?: { readonly description?: string };
  readonly delivered?: { readonly stream_seq?: number };
  readonly num_pending?: number;
}

const EXPIRES_MS = 15_000;
const EXPIRES_SLACK_MS = 5_000;
const API_TIMEOUT_MS = 5_000;
const nanos = (ms: number): number => ms * 1_000_000;

/**
 * Pulls from one JetStream consumer exactly as much as there is room for. The client library's own loop buffers
 * more than the handlers have begun, whose ack wait then runs out unseen, and needs rights that no service has.
 */
export class PullLoop {
  readonly #options: PullLoopOptions;
  readonly #requests = new Map<string, PullRequest>();
  readonly #activated = Promise.withResolvers<void>();
  readonly #stopping = new AbortController();
  #connection: NatsConnection | undefined;
  #subscription: Subscription | undefined;
  #inbox = '';
  #consumer = '';
  #busy = 0;
  #serial = 0;
  #generation = 0;
  #watchdog: NodeJS.Timeout | undefined;

  constructor(options: PullLoopOptions) {
    this.#options = options;
  }

  /** Resolves when the consumer exists and is pulled from for the first time. */
  get active(): Promise<void> {
    return this.#activated.promise;
  }

  /** Begins anew on a usable connection. */
  begin(connection: NatsConnection): void {
    this.#connection = connection;
    this.restart();
  }

  /** The connection is gone: what was asked for will not come. */
  pauseForConnection(): void {
    this.#generation += 1;
    this.#connection = undefined;
    this.#requests.clear();
  }

  /** Asks for the consumer anew and pulls from it. */
  restart(delayMs = 0): void {
    if (this.#stopping.signal.aborted) return;
    this.#generation += 1;
    this.#requests.clear();
    void this.#setUp(this.#generation, delayMs);
  }

  /** Takes nothing more; what the server has already sent goes back to it at once. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#generation += 1;
    clearInterval(this.#watchdog);
    const connected = this.#connection !== undefined;
    const subscription = this.#subscription;
    this.#subscription = undefined;
    if (subscription === undefined || subscription.isClosed()) return;
    if (connected) await subscription.drain().catch(() => undefined);
    else subscription.unsubscribe();
  }

  async #setUp(generation: number, delayMs: number): Promise<void> {
    const isCurrent = (): boolean => generation === this.#generation && this.#connection !== undefined;
    if (delayMs > 0) await pause(delayMs, this.#stopping.signal);
    for (let attempt = 1; isCurrent(); attempt += 1) {
      try {
        await this.#createConsumer();
        if (!isCurrent()) return;
        this.#listen();
        this.#pull();
        this.#activated.resolve();
        return;
      } catch (error) {
        if (!isCurrent()) return;
        this.#options.logger.warn(
          { err: error, stream: this.#options.stream, attempt },
          'cannot set up a JetStream consumer; trying again',
        );
        await pause(backoffMs(attempt, 200, 5_000), this.#stopping.signal);
      }
    }
  }

  async #createConsumer(): Promise<void> {
    const { stream } = this.#options;
    const config = this.#options.consumer();
    const filter = config.filter_subject === undefined ? '' : `.${config.filter_subject}`;
    // No "action": create, or update to this configuration (and all that 2.9 knows).
    const reply = await this.#connection?.request(
      `$JS.API.CONSUMER.CREATE.${stream}.${config.name}${filter}`,
      JSON.stringify({ stream_name: stream, config }),
      { timeout: API_TIMEOUT_MS },
    );
    const answer = reply?.json<ConsumerCreated>();
    if (answer?.error !== undefined) throw new Error(`consumer ${config.name}: ${answer.error.description}`);
    this.#consumer = config.name;
    this.#options.onConsumer?.(answer?.delivered?.stream_seq ?? 0, answer?.num_pending ?? 0);
  }

  #listen(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#subscription?.unsubscribe();
    this.#inbox = createInbox(this.#options.inboxPrefix);
    this.#subscription = connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => this.#receive(error, message),
    });
    clearInterval(this.#watchdog);
    this.#watchdog = setInterval(() => this.#dropExpired(), EXPIRES_MS).unref();
  }

  /** A request whose end the server never reported (it failed over, say) must not hold its room for ever. */
  #dropExpired(): void {
    const now = Date.now();
    for (const [id, request] of this.#requests) if (request.expiresAt < now) this.#requests.delete(id);
    this.#pull();
  }

  #pull(): void {
    const { capacity, stream } = this.#options;
    const connection = this.#connection;
    if (connection === undefined || this.#subscription === undefined || this.#stopping.signal.aborted) return;
    let asked = 0;
    for (const request of this.#requests.values()) asked += request.remaining;
    const room = capacity - this.#busy - asked;
    // Few large requests instead of one for each message that is finished.
    if (room < 1 || (asked > 0 && room < capacity / 2)) return;
    this.#serial += 1;
    const id = String(this.#serial);
    this.#requests.set(id, { remaining: room, expiresAt: Date.now() + EXPIRES_MS + EXPIRES_SLACK_MS });
    try {
      connection.publish(
        `$JS.API.CONSUMER.MSG.NEXT.${stream}.${this.#consumer}`,
        JSON.stringify({ batch: room, expires: nanos(EXPIRES_MS) }),
        { reply: `${this.#inbox}.${id}` },
      );
    } catch {
      // Closed under our hands; a new connection begins anew.
      this.#requests.clear();
    }
  }

  #receive(error: Error | null, message: Msg): void {
    if (error !== null) {
      this.#options.logger.error({ err: error, stream: this.#options.stream }, 'a pull was refused');
      this.restart(backoffMs(5, 200, 5_000));
      return;
    }
    const info = parseDeliveryInfo(message.reply);
    if (info === undefined) return this.#receiveStatus(message);
    // Of an ephemeral consumer that another has replaced.
    if (info.consumer !== this.#consumer) return;
    const delivery = new Delivery(message, info);
    if (this.#stopping.signal.aborted) return delivery.nak(0);
    this.#countDown();
    this.#busy += 1;
    this.#options
      .onDelivery(delivery)
      .catch((failure: unknown) =>
        this.#options.logger.error({ err: failure, detail: errorText(failure) }, 'a delivery handler threw'),
      )
      .finally(() => {
        this.#busy -= 1;
        this.#pull();
      });
  }

  /** The server fills requests oldest first. */
  #countDown(): void {
    for (const [id, request] of this.#requests) {
      request.remaining -= 1;
      if (request.remaining === 0) this.#requests.delete(id);
      return;
    }
  }

  #receiveStatus(message: Msg): void {
    const id = message.subject.slice(this.#inbox.length + 1);
    if (!this.#requests.delete(id)) return;
    const code = message.headers?.code;
    // 408: expired; 404: no messages. Anything else: deleted, moved, not there (yet) or refused.
    if (code === 408 || code === 404) return this.#pull();
    const description = message.headers?.description ?? '';
    this.#options.logger.info(
      { stream: this.#options.stream, consumer: this.#consumer, code, description },
      'a pull ended; setting the consumer up anew',
    );
    this.restart(backoffMs(1, 250, 5_000));
  }
}
