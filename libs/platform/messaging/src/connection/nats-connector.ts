import { commonErrors } from '@espalier/contracts';
import {
  connect,
  nkeyAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node';

import type { MessagingLogger, MessagingTls } from '../messaging.types.js';
import { backoffMs, pause } from './backoff.js';

export interface ConnectorOptions {
  readonly name: string;
  readonly inboxPrefix: string;
  readonly servers: readonly string[];
  readonly nkeySeed?: string | undefined;
  readonly tls?: MessagingTls | undefined;
  readonly logger: MessagingLogger;
}

export interface ConnectionListener {
  /** The connection is usable; `fresh` where it is a new one without the subscriptions of the last. */
  connected(connection: NatsConnection, fresh: boolean): void;
  lost(): void;
}

const CONNECT_TIMEOUT_MS = 5_000;
const PING_INTERVAL_MS = 15_000;
const MAX_RETRY_MS = 4_000;
const FLUSH_TIMEOUT_MS = 1_000;

/** Waits until the server has what was sent, but not for a server that has just gone. */
async function flushed(connection: NatsConnection): Promise<void> {
  const timer = new AbortController();
  await Promise.race([connection.flush().catch(() => undefined), pause(FLUSH_TIMEOUT_MS, timer.signal)]);
  timer.abort();
}

/** Keeps one connection to NATS for the life of the process, whether or not the server is there. */
export class NatsConnector {
  readonly #options: ConnectorOptions;
  readonly #listeners: ConnectionListener[] = [];
  readonly #waiting = new Set<(error: Error) => void>();
  readonly #stopping = new AbortController();
  #connection: NatsConnection | undefined;
  #connected = false;
  #lastError = 'no connection has been made yet';
  #running: Promise<void> | undefined;
  #retryingSince: number | undefined;

  constructor(options: ConnectorOptions) {
    this.#options = options;
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Why there is no connection. */
  get lastError(): string {
    return this.#lastError;
  }

  get inboxPrefix(): string {
    return this.#options.inboxPrefix;
  }

  listen(listener: ConnectionListener): void {
    this.#listeners.push(listener);
  }

  start(): void {
    this.#running ??= this.#keepConnected();
  }

  /** @throws EspalierError ESP_MESSAGING_UNAVAILABLE: nothing is buffered for a server that is away */
  connection(): NatsConnection {
    if (this.#connected && this.#connection !== undefined) return this.#connection;
    throw commonErrors.ESP_MESSAGING_UNAVAILABLE({ detail: this.#lastError });
  }

  /** The result of work that needs the connection; rejects as soon as that is lost or the signal aborts. */
  whileConnected<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        work.catch(() => undefined);
        return reject(signal.reason as Error);
      }
      const onAbort = (): void => fail(signal?.reason as Error);
      const settle = (): void => {
        this.#waiting.delete(fail);
        signal?.removeEventListener('abort', onAbort);
      };
      const fail = (error: Error): void => {
        settle();
        reject(error);
      };
      this.#waiting.add(fail);
      signal?.addEventListener('abort', onAbort, { once: true });
      work.then((value) => {
        settle();
        resolve(value);
      }, fail);
    });
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    const connection = this.#connection;
    const usable = this.#connected;
    this.#markLost('closed');
    // An attempt under way ends by itself, and closes what it gets.
    if (connection === undefined || connection.isClosed()) return;
    // Without a server there is nobody to flush to, and flush would wait for one.
    if (usable) await flushed(connection);
    await connection.close();
    await this.#running;
  }

  #natsOptions(): NodeConnectionOptions {
    const { name, inboxPrefix, servers, nkeySeed, tls } = this.#options;
    return {
      name,
      inboxPrefix,
      servers: [...servers],
      timeout: CONNECT_TIMEOUT_MS,
      pingInterval: PING_INTERVAL_MS,
      maxReconnectAttempts: -1,
      // A key that is being rotated is refused for a while; that is no reason to give up.
      ignoreAuthErrorAbort: true,
      noAsyncTraces: true,
      reconnectDelayHandler: () => this.#retryDelay(),
      ...(nkeySeed !== undefined && { authenticator: nkeyAuthenticator(new TextEncoder().encode(nkeySeed)) }),
      ...(tls !== undefined && { tls: { ...tls } }),
    };
  }

  #retryDelay(): number {
    // The client asks before it tells us that the connection is lost.
    this.#retryingSince ??= performance.now();
    const awayMs = performance.now() - this.#retryingSince;
    return backoffMs(1 + Math.floor(awayMs / 1_000), 100, MAX_RETRY_MS);
  }

  async #keepConnected(): Promise<void> {
    for (let attempt = 1; !this.#stopping.signal.aborted; attempt += 1) {
      try {
        const connection = await connect(this.#natsOptions());
        attempt = 1;
        if (this.#stopping.signal.aborted) return await connection.close();
        await this.#follow(connection);
      } catch (error) {
        this.#lastError = error instanceof Error ? error.message : String(error);
        this.#options.logger.warn(
          { error: this.#lastError, attempt },
          'cannot connect to NATS; trying again',
        );
      }
      if (!this.#stopping.signal.aborted)
        await pause(backoffMs(attempt, 100, MAX_RETRY_MS), this.#stopping.signal);
    }
  }

  async #follow(connection: NatsConnection): Promise<void> {
    this.#connection = connection;
    const status = connection.status();
    this.#markConnected(connection, true);
    for await (const event of status) {
      switch (event.type) {
        case 'disconnect':
          this.#markLost(`the connection to ${event.server} was lost`);
          break;
        case 'reconnect':
          this.#markConnected(connection, false);
          break;
        case 'error':
          this.#options.logger.error({ err: event.error }, 'NATS reports an error');
          break;
        case 'slowConsumer':
          this.#options.logger.warn({ pending: event.pending }, 'NATS subscription falls behind');
          break;
        default:
      }
    }
    this.#markLost('the connection was closed');
  }

  #markConnected(connection: NatsConnection, fresh: boolean): void {
    // A server that dies right after the handshake can report both events in one go.
    if (connection.isClosed() || this.#stopping.signal.aborted) return;
    this.#connected = true;
    this.#retryingSince = undefined;
    this.#options.logger.info({ server: connection.getServer() }, 'connected to NATS');
    for (const listener of this.#listeners) listener.connected(connection, fresh);
  }

  #markLost(reason: string): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.#lastError = reason;
    if (!this.#stopping.signal.aborted) this.#options.logger.warn({ reason }, 'lost NATS');
    for (const listener of this.#listeners) listener.lost();
    for (const fail of this.#waiting)
      fail(commonErrors.ESP_MESSAGING_UNAVAILABLE({ detail: `${reason} before the answer came.` }));
  }
}
