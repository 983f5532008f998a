import type { EventContract, LiveEvent } from '@espalier/contracts';
import type { EventMeta, Messaging, ReceivedEvent, TailRegistration } from '@espalier/messaging';

/** An event as listeners get it. */
export interface Frame {
  /** Position in the stream of events. */
  readonly sequence: number;
  readonly type: string;
  /** As text/event-stream has it. */
  readonly text: string;
}

interface TimedFrame extends Frame {
  readonly at: number;
}

/** What comes next for a listener. */
export interface Batch {
  readonly bytes: Buffer | undefined;
  /** Everything up to here was looked at. */
  readonly through: number;
}

export interface LiveFeedOptions {
  readonly messaging: Pick<Messaging, 'tail'>;
  readonly contracts: readonly EventContract[];
  /** What is kept for listeners that are behind: so many characters at most, and nothing older than so many ms. */
  readonly keepCharacters?: number;
  readonly keepMs?: number;
  /** Events of so many ms go to listeners together. */
  readonly windowMs?: number;
}

const KEEP_CHARACTERS = 32 * 1024 * 1024;
const KEEP_MS = 60_000;
const WINDOW_MS = 20;
/** Listeners are told before the window is over where so much of what is kept came in it. */
const BURST_SHARE = 4;
/** One write to one listener: what waits for each in memory where all are slow. */
const BATCH_CHARACTERS = 8 * 1024;
/** Batches that are kept to be shared. */
const SHARED = 64;
/** Taking single frames off the front of a long list would move all others each time. */
const GONE_AT_ONCE = 1_024;

/** Writes an event once for all listeners (HTML Standard §9.2). */
export function frameOf({ contract, payload }: ReceivedEvent, meta: EventMeta): Frame {
  const type = `${contract.aggregate}.${contract.event}`;
  const data: LiveEvent = {
    type,
    messageId: meta.messageId,
    publishedAt: meta.publishedAt.getTime(),
    payload: payload as Record<string, unknown>,
  };
  const { sequence } = meta;
  return { sequence, type, text: `id: ${sequence}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n` };
}

/**
 * The events of now, read from NATS once for all listeners of this replica. Those that ask for the same types and are
 * equally far share the bytes, so that a listener costs a write for each window and no more.
 */
export class LiveFeed {
  readonly #options: LiveFeedOptions;
  readonly #listeners = new Set<() => void>();
  #tail: TailRegistration | undefined;
  #frames: TimedFrame[] = [];
  /** Frames at the front that are gone. */
  #head = 0;
  #characters = 0;
  /** Of those that listeners were not told of yet. */
  #untold = 0;
  /** Everything after this is here; undefined until the feed has begun. */
  #since: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** What listeners that are equally far share. */
  readonly #shared = new Map<string, Batch>();

  constructor(options: LiveFeedOptions) {
    this.#options = options;
  }

  get #keepCharacters(): number {
    return this.#options.keepCharacters ?? KEEP_CHARACTERS;
  }

  /** Begins to read where it has not yet; resolves when events that are published from then on arrive. */
  begin(): Promise<void> {
    return (this.#tail ??= this.#follow()).active;
  }

  #follow(): TailRegistration {
    const { messaging, contracts } = this.#options;
    const tail = messaging.tail(contracts, {}, (event, meta) => this.#take(frameOf(event, meta)));
    void tail.begun.then(({ after }) => (this.#since = after));
    return tail;
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#tail?.stop();
  }

  /** Where somebody begins who wants what comes from now on. */
  get last(): number {
    return this.#frames.at(-1)?.sequence ?? this.#since ?? 0;
  }

  /** True where everything after this position is here. */
  covers(after: number): boolean {
    return this.#since !== undefined && after >= this.#since;
  }

  /** Calls back whenever there is more; gives a function that ends it. */
  onMore(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * The events after a position that are of some types; undefined where they are gone already.
   * @param key the same for the same types
   */
  after(position: number, types: ReadonlySet<string>, key: string): Batch | undefined {
    if (!this.covers(position)) return undefined;
    const name = `${position} ${key}`;
    const known = this.#shared.get(name);
    if (known !== undefined) return known;
    const batch = this.#batch(position, types);
    if (batch.through > position) this.#share(name, batch);
    return batch;
  }

  #batch(position: number, types: ReadonlySet<string>): Batch {
    const texts: string[] = [];
    let characters = 0;
    let through = position;
    for (let index = this.#indexAfter(position); index < this.#frames.length; index += 1) {
      const frame = this.#frames[index] as Frame;
      if (types.has(frame.type)) {
        if (characters > 0 && characters + frame.text.length > BATCH_CHARACTERS) break;
        characters += frame.text.length;
        texts.push(frame.text);
      }
      through = frame.sequence;
    }
    return { bytes: texts.length === 0 ? undefined : Buffer.from(texts.join('')), through };
  }

  #share(name: string, batch: Batch): void {
    this.#shared.set(name, batch);
    const [oldest] = this.#shared.size > SHARED ? this.#shared.keys() : [];
    if (oldest !== undefined) this.#shared.delete(oldest);
  }

  /** Index of the first frame after a position: by halves, since sequences have gaps. */
  #indexAfter(position: number): number {
    let [low, high] = [this.#head, this.#frames.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#frames[middle] as Frame).sequence <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #take(frame: Frame): void {
    this.#frames.push({ ...frame, at: performance.now() });
    this.#characters += frame.text.length;
    this.#untold += frame.text.length;
    // A burst must not push out what nobody could have read yet.
    if (this.#untold > this.#keepCharacters / BURST_SHARE) this.#tell();
    this.#forget();
    this.#timer ??= setTimeout(() => this.#tell(), this.#options.windowMs ?? WINDOW_MS);
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#untold = 0;
    for (const listener of this.#listeners) listener();
  }

  #forget(): void {
    const { keepMs = KEEP_MS } = this.#options;
    const before = performance.now() - keepMs;
    while (this.#head < this.#frames.length - 1) {
      const gone = this.#frames[this.#head] as TimedFrame;
      if (this.#characters <= this.#keepCharacters && gone.at >= before) break;
      this.#characters -= gone.text.length;
      this.#since = gone.sequence;
      this.#head += 1;
    }
    if (this.#head < GONE_AT_ONCE) return;
    this.#frames = this.#frames.slice(this.#head);
    this.#head = 0;
  }
}
