export interface RecentCacheOptions<V> {
  readonly load: (key: string) => Promise<V | undefined>;
  readonly now: () => Date;
  /** Milliseconds that only grow; the process's own unless told. A clock that is set back must not keep what was revoked. */
  readonly elapsedMs?: () => number;
  /** How long what was found is taken for true without looking, in ms. */
  readonly keepMs: number;
  /** Entries at most; all are forgotten when there would be more. */
  readonly size?: number;
}

/** Good until either clock says that it is old. */
interface Entry<V> {
  readonly value: V;
  readonly until: number;
  readonly elapsedUntil: number;
}

const SIZE = 10_000;

/**
 * Remembers what was looked up for a moment. Many look-ups of one key at once are one. What was not found is not
 * remembered, and neither is what was looked up while something was forgotten: it may be from before the change.
 */
export class RecentCache<V extends object> {
  readonly #options: RecentCacheOptions<V>;
  readonly #entries = new Map<string, Entry<V>>();
  readonly #running = new Map<string, Promise<V | undefined>>();
  #generation = 0;

  constructor(options: RecentCacheOptions<V>) {
    this.#options = options;
  }

  /** What is remembered of the key, without looking. */
  recent(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (this.#options.now().getTime() < entry.until && this.#elapsed() < entry.elapsedUntil)
      return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  async get(key: string): Promise<V | undefined> {
    return this.recent(key) ?? this.#running.get(key) ?? this.#look(key);
  }

  /** Looks again next time, at those that the predicate names. */
  forget(isStale: (value: V, key: string) => boolean): void {
    this.#generation += 1;
    this.#running.clear();
    for (const [key, { value }] of this.#entries) if (isStale(value, key)) this.#entries.delete(key);
  }

  #look(key: string): Promise<V | undefined> {
    const { load, now, keepMs, size = SIZE } = this.#options;
    const generation = this.#generation;
    const until = now().getTime() + keepMs;
    const elapsedUntil = this.#elapsed() + keepMs;
    const running = load(key)
      .then((value) => {
        if (value === undefined || generation !== this.#generation) return value;
        if (this.#entries.size >= size) this.#entries.clear();
        this.#entries.set(key, { value, until, elapsedUntil });
        return value;
      })
      .finally(() => {
        if (this.#running.get(key) === running) this.#running.delete(key);
      });
    this.#running.set(key, running);
    return running;
  }

  #elapsed(): number {
    return this.#options.elapsedMs?.() ?? performance.now();
  }
}
