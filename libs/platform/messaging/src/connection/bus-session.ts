import type { ServiceInterface } from '@espalier/contracts';
import type { NatsConnection } from '@nats-io/transport-node';

import { errorText } from '../jetstream/jetstream.errors.js';
import { streamsOf, type StreamLimits } from '../jetstream/stream.definitions.js';
import { ensureStreams } from '../jetstream/stream-provisioner.js';
import type { MessagingLogger, Registration } from '../messaging.types.js';
import { backoffMs, pause } from './backoff.js';
import type { ConnectionListener, NatsConnector } from './nats-connector.js';

/** Something that pulls from a stream for as long as there is one. */
export interface StreamReader {
  readonly active: Promise<void>;
  begin(connection: NatsConnection): void;
  pauseForConnection(): void;
  stop(): Promise<void>;
}

/** Something that listens on every connection, streams or not. */
export interface Listener {
  readonly active: Promise<void>;
  attach(connection: NatsConnection): void;
  stop(connected: boolean): Promise<void>;
}

export interface BusSessionOptions {
  readonly connector: NatsConnector;
  readonly declared: ServiceInterface;
  readonly limits: StreamLimits;
  readonly provision: boolean;
  readonly logger: MessagingLogger;
  onConnected(up: boolean): void;
}

/** Brings listeners and readers back after every loss: listeners with the connection, readers with the streams. */
export class BusSession implements ConnectionListener {
  readonly #options: BusSessionOptions;
  readonly #listeners = new Set<Listener>();
  readonly #readers = new Set<StreamReader>();
  readonly #readyListeners = new Set<() => void>();
  readonly #stopping = new AbortController();
  #generation = 0;
  #ready: NatsConnection | undefined;
  #problem: string | undefined;

  constructor(options: BusSessionOptions) {
    this.#options = options;
    options.connector.listen(this);
  }

  get ready(): boolean {
    return this.#ready !== undefined;
  }

  /** Why it is not ready. */
  get problem(): string {
    return this.#options.connector.connected
      ? (this.#problem ?? 'the streams are being checked')
      : this.#options.connector.lastError;
  }

  onReady(listener: () => void): () => void {
    this.#readyListeners.add(listener);
    return () => this.#readyListeners.delete(listener);
  }

  addListener(listener: Listener): Registration {
    this.#listeners.add(listener);
    const { connector } = this.#options;
    if (connector.connected) listener.attach(connector.connection());
    const stop = async (): Promise<void> => {
      this.#listeners.delete(listener);
      await listener.stop(connector.connected);
    };
    return { active: listener.active, stop };
  }

  addReader(reader: StreamReader): Registration {
    this.#readers.add(reader);
    if (this.#ready !== undefined) reader.begin(this.#ready);
    const stop = async (): Promise<void> => {
      this.#readers.delete(reader);
      await reader.stop();
    };
    return { active: reader.active, stop };
  }

  connected(connection: NatsConnection, fresh: boolean): void {
    this.#options.onConnected(true);
    if (fresh) for (const listener of this.#listeners) listener.attach(connection);
    this.#generation += 1;
    void this.#prepare(connection, this.#generation);
  }

  lost(): void {
    this.#options.onConnected(false);
    this.#generation += 1;
    this.#ready = undefined;
    for (const reader of this.#readers) reader.pauseForConnection();
  }

  /** Ends all intake; does not wait for what is in flight. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const connected = this.#options.connector.connected;
    await Promise.all([
      ...[...this.#listeners].map((listener) => listener.stop(connected)),
      ...[...this.#readers].map((reader) => reader.stop()),
    ]);
  }

  async #prepare(connection: NatsConnection, generation: number): Promise<void> {
    const { declared, limits, provision, logger } = this.#options;
    const isCurrent = (): boolean => generation === this.#generation && !this.#stopping.signal.aborted;
    for (let attempt = 1; isCurrent(); attempt += 1) {
      try {
        // Ready means that the server has the listeners too.
        await connection.flush();
        await ensureStreams(connection, streamsOf(declared, limits), { provision, logger });
        if (isCurrent()) this.#becomeReady(connection);
        return;
      } catch (error) {
        if (!isCurrent()) return;
        this.#problem = errorText(error);
        logger.warn({ err: error, attempt }, 'the streams are not usable yet; trying again');
        await pause(backoffMs(attempt, 200, 5_000), this.#stopping.signal);
      }
    }
  }

  #becomeReady(connection: NatsConnection): void {
    this.#ready = connection;
    this.#problem = undefined;
    for (const reader of this.#readers) reader.begin(connection);
    for (const listener of this.#readyListeners) listener();
  }
}
