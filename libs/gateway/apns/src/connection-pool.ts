import type { Logger } from 'pino';

import { ApnsConnection, type ConnectionEnd } from './apns-connection.js';
import type { ApnsLimits } from './apns-client.options.js';
import { Backoff } from './backoff.js';
import type { PushCredentials } from './push-certificate.js';

export interface ConnectionPoolOptions {
  readonly endpoint: string;
  readonly ca: string | readonly string[] | undefined;
  readonly limits: ApnsLimits;
  readonly logger: Logger;
  readonly random: () => number;
  /** Those in force when a connection is dialled. */
  readonly credentials: () => PushCredentials;
  /** True while pushes wait: nothing is dialled without need. */
  readonly wanted: () => boolean;
  /** A stream may be free. */
  readonly available: () => void;
  /** The peer refused our certificate, or we do not trust the peer's. */
  readonly certificateProblem: (end: ConnectionEnd) => void;
}

/** The connections to APNs: dials when streams are wanted, waits with jitter where connections fail. */
export class ConnectionPool {
  readonly #options: ConnectionPoolOptions;
  readonly #connections = new Set<ApnsConnection>();
  readonly #backoff: Backoff;
  #redial: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ConnectionPoolOptions) {
    this.#options = options;
    const { reconnectMinMs, reconnectMaxMs } = options.limits;
    this.#backoff = new Backoff(reconnectMinMs, reconnectMaxMs, options.random);
  }

  get open(): number {
    let open = 0;
    for (const connection of this.#connections) if (connection.isOpen) open += 1;
    return open;
  }

  get inFlight(): number {
    let inFlight = 0;
    for (const connection of this.#connections) inFlight += connection.inFlight;
    return inFlight;
  }

  /** The connection with the most free streams. Where there is none, one is dialled, if the limits allow it. */
  acquire(): ApnsConnection | undefined {
    let best: ApnsConnection | undefined;
    for (const connection of this.#connections) {
      if (connection.free > (best?.free ?? 0)) best = connection;
    }
    if (best === undefined) this.#dialSoon();
    return best;
  }

  /** APNs answered in good health: the next failure starts with a short wait again. */
  succeeded(): void {
    this.#backoff.reset();
  }

  /** The server behind this connection is ill or leaving: the next connection reaches another one. */
  abandon(connection: ApnsConnection, reason: string): void {
    if (!connection.isOpen) return;
    this.#backoff.fail();
    connection.retire(reason);
  }

  /** New connections instead of the present ones, at once; what is in flight finishes on the old ones. */
  renew(reason: string): void {
    this.#backoff.reset();
    this.#cancelRedial();
    for (const connection of this.#connections) connection.retire(reason);
  }

  /** Dials no more; what is in flight goes on. */
  stopDialling(): void {
    this.#closed = true;
    this.#cancelRedial();
  }

  destroy(): void {
    this.stopDialling();
    for (const connection of this.#connections) connection.destroy('ClientClosed');
  }

  #cancelRedial(): void {
    clearTimeout(this.#redial);
    this.#redial = undefined;
  }

  #dialSoon(): void {
    if (this.#redial !== undefined || this.#closed) return;
    for (const connection of this.#connections) if (connection.isConnecting) return;
    if (this.open >= this.#options.limits.connections) return;
    this.#redial = setTimeout(() => {
      this.#redial = undefined;
      if (this.#options.wanted()) this.#dial();
    }, this.#backoff.next());
  }

  #dial(): void {
    const { endpoint, ca, limits, logger, available } = this.#options;
    this.#connections.add(
      new ApnsConnection({
        endpoint,
        ca,
        limits,
        credentials: this.#options.credentials(),
        hooks: {
          opened: () => logger.info({ endpoint }, 'Connected to APNs'),
          capacityChanged: available,
          retiring: (end) => this.#retiring(end),
          closed: (connection) => {
            this.#connections.delete(connection);
            available();
          },
        },
      }),
    );
  }

  #retiring(end: ConnectionEnd): void {
    this.#options.logger.info({ cause: end.cause, reason: end.reason }, 'Connection to APNs ends');
    if (end.cause !== 'retired') this.#backoff.fail();
    if (end.certificate !== 'none') this.#options.certificateProblem(end);
    this.#options.available();
  }
}
