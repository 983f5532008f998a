import { commonErrors, configProxyErrors, isEspalierError, type EspalierError } from '@espalier/contracts';
import { Gauge, type Logger, type Registry } from '@espalier/service-kit';
import type { StoredToken } from '../api-tokens/api-token.store.js';
import type { EventStream } from './event-stream.js';

export interface EventHubOptions {
  readonly verifyHash: (tokenHash: string) => Promise<StoredToken>;
  readonly used: (tokenId: string) => void;
  readonly maxListeners: number;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly heartbeatMs?: number;
  /** How often the tokens of listeners are looked at again, in ms. */
  readonly recheckMs?: number;
}

interface Listener {
  readonly stream: EventStream;
  readonly token: StoredToken;
  checkedAt: number;
}

const HEARTBEAT_MS = 15_000;
const RECHECK_MS = 5_000;
/** A token that cannot be looked at for so long, because the database is away, counts as not good. */
const UNCHECKED_MS = 30_000;

/** Keeps the listeners: how many, alive, still allowed, and ended at shutdown. */
export class EventHub {
  readonly #options: EventHubOptions;
  readonly #listeners = new Set<Listener>();
  readonly #timers: readonly NodeJS.Timeout[];
  #stopping = false;

  constructor(options: EventHubOptions) {
    this.#options = options;
    this.#timers = [
      setInterval(() => this.#beat(), options.heartbeatMs ?? HEARTBEAT_MS).unref(),
      setInterval(() => void this.recheck(), options.recheckMs ?? RECHECK_MS).unref(),
    ];
    const listeners = this.#listeners;
    new Gauge({
      name: 'espalier_console_event_listeners',
      help: 'Listeners that follow live events.',
      registers: [options.metrics],
      collect() {
        this.set(listeners.size);
      },
    });
  }

  /** @throws EspalierError ESP_EVENTS_TOO_MANY_LISTENERS, ESP_SHUTTING_DOWN */
  checkRoom(): void {
    if (this.#stopping) throw commonErrors.ESP_SHUTTING_DOWN();
    if (this.#listeners.size >= this.#options.maxListeners)
      throw configProxyErrors.ESP_EVENTS_TOO_MANY_LISTENERS();
  }

  /** Gives a function that takes the listener out again. */
  add(stream: EventStream, token: StoredToken): () => void {
    const listener: Listener = { stream, token, checkedAt: performance.now() };
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Drops listeners whose token was revoked or has expired since. */
  async recheck(): Promise<void> {
    const byHash = Map.groupBy(this.#listeners, ({ token }) => token.hash);
    await Promise.all([...byHash].map(([hash, listeners]) => this.#recheckToken(hash, listeners)));
  }

  stop(): void {
    this.#stopping = true;
    this.#timers.forEach(clearInterval);
    for (const { stream } of this.#listeners) stream.end();
  }

  async #recheckToken(hash: string, listeners: readonly Listener[]): Promise<void> {
    const { verifyHash, used, logger } = this.#options;
    const now = performance.now();
    try {
      const token = await verifyHash(hash);
      used(token.id);
      for (const listener of listeners) listener.checkedAt = now;
    } catch (error) {
      const why: EspalierError = isEspalierError(error) ? error : commonErrors.ESP_INTERNAL({ cause: error });
      const refused = why.status === 401;
      const gone = listeners.filter(({ checkedAt }) => refused || now - checkedAt > UNCHECKED_MS);
      if (gone.length > 0) logger.info({ code: why.code, count: gone.length }, 'listeners were dropped');
      for (const { stream } of gone) stream.drop(why);
    }
  }

  #beat(): void {
    for (const { stream } of this.#listeners) stream.heartbeat();
  }
}
