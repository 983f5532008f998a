import { commonErrors, configProxyErrors, isEspalierError, type EspalierError } from '@espalier/contracts';
import { Gauge, type Logger, type Registry } from '@espalier/service-kit';
import type { Caller } from '../access/caller.js';
import type { EventStream } from './event-stream.js';

export interface EventHubOptions {
  /** Rejects where somebody who was let in would not be now. */
  readonly checkAgain: (caller: Caller) => Promise<void>;
  readonly maxListeners: number;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly heartbeatMs?: number;
  /** How often listeners are looked at again, in ms. */
  readonly recheckMs?: number;
}

interface Listener {
  readonly stream: EventStream;
  readonly caller: Caller;
  checkedAt: number;
}

const HEARTBEAT_MS = 15_000;
/** With the 3 seconds that a look-up is remembered, a listener is dropped within 5. */
const RECHECK_MS = 2_000;
/** Whoever cannot be looked at for so long, because the database is away, counts as not allowed. */
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

  /**
   * Nobody has more than half of the places, with all of their credentials: a stolen one keeps no others out.
   * @throws EspalierError ESP_EVENTS_TOO_MANY_LISTENERS, ESP_SHUTTING_DOWN
   */
  checkRoom({ administrator }: Caller): void {
    if (this.#stopping) throw commonErrors.ESP_SHUTTING_DOWN();
    const { maxListeners } = this.#options;
    if (this.#listeners.size >= maxListeners) throw configProxyErrors.ESP_EVENTS_TOO_MANY_LISTENERS();
    const own = [...this.#listeners].filter(
      ({ caller }) => caller.administrator.id === administrator.id,
    ).length;
    if (own >= Math.ceil(maxListeners / 2))
      throw configProxyErrors.ESP_EVENTS_TOO_MANY_LISTENERS({
        detail: `${administrator.name} has ${own} listeners, half of the places there are.`,
      });
  }

  /** Gives a function that takes the listener out again. */
  add(stream: EventStream, caller: Caller): () => void {
    const listener: Listener = { stream, caller, checkedAt: performance.now() };
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Drops listeners who would not be let in any more: revoked, expired, disabled, or with other roles. */
  async recheck(): Promise<void> {
    const alike = Map.groupBy(this.#listeners, ({ caller }) => caller.proof);
    await Promise.all([...alike.values()].map((listeners) => this.#recheck(listeners)));
  }

  stop(): void {
    this.#stopping = true;
    this.#timers.forEach(clearInterval);
    for (const { stream } of this.#listeners) stream.end();
  }

  async #recheck(listeners: readonly Listener[]): Promise<void> {
    const { checkAgain, logger } = this.#options;
    const [first] = listeners;
    if (first === undefined) return;
    const now = performance.now();
    try {
      await checkAgain(first.caller);
      for (const listener of listeners) listener.checkedAt = now;
    } catch (error) {
      const why: EspalierError = isEspalierError(error) ? error : commonErrors.ESP_INTERNAL({ cause: error });
      const refused = why.status < 500;
      const gone = listeners.filter(({ checkedAt }) => refused || now - checkedAt > UNCHECKED_MS);
      if (gone.length > 0) logger.info({ code: why.code, count: gone.length }, 'listeners were dropped');
      for (const { stream } of gone) stream.drop(why);
    }
  }

  #beat(): void {
    for (const { stream } of this.#listeners) stream.heartbeat();
  }
}
