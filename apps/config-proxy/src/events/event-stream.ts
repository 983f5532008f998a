import type { ServerResponse } from 'node:http';
import { configProxyErrors, type EspalierError } from '@espalier/contracts';
import type { Frame, LiveFeed } from './live-feed.js';

export interface EventStreamOptions {
  readonly response: ServerResponse;
  readonly feed: Pick<LiveFeed, 'after' | 'onMore'>;
  /** Types of the events that the listener wants. */
  readonly types: ReadonlySet<string>;
  /** How long a listener may read nothing while something waits for it, in ms. */
  readonly stallMs: number;
}

/** How long a listener that is dropped may take to read what was sent, in ms. */
const LAST_WORD_MS = 30_000;

/**
 * One listener's server-sent events (HTML Standard §9.2). Nothing waits for a listener but what is being written to it:
 * it has a position in the feed, and goes on from there when the system has taken that.
 */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #key: string;
  readonly #opened = Promise.withResolvers<void>();
  #position: number | undefined;
  #leaveFeed: () => void = () => undefined;
  #stall: NodeJS.Timeout | undefined;
  #writing = 0;
  #over = false;
  #onEnd: () => void = () => undefined;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#key = [...options.types].sort().join();
    options.response.once('close', () => this.#finish());
  }

  /** Calls back once, when the stream is over; at once where it is. */
  onEnd(callback: () => void): void {
    if (this.#over) callback();
    else this.#onEnd = callback;
  }

  /** @param headers those that belong to every answer */
  open(headers: Readonly<Record<string, string | string[] | number | undefined>>): void {
    const { response } = this.#options;
    if (this.#over) return;
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // nginx would hold events back otherwise.
      'x-accel-buffering': 'no',
    });
    this.#opened.resolve();
    void this.#write(`retry: 1000\n${this.#reached()}: listening\n\n`);
  }

  /** Sends the events of the feed after a position, and those to come. */
  follow(position: number): void {
    if (this.#over) return;
    this.#position = position;
    this.#leaveFeed = this.#options.feed.onMore(() => this.#pump());
    this.#pump();
  }

  /** Sends one event from before the feed; resolves when the next one may come. */
  async send(frame: Frame): Promise<void> {
    await this.#opened.promise;
    if (this.#over || !this.#options.types.has(frame.type)) return;
    await this.#write(frame.text);
  }

  /** The listener asked for events that are not kept any more. */
  async missed(after: number, oldest: number): Promise<void> {
    await this.#opened.promise;
    if (!this.#over) await this.#write(`event: gap\ndata: ${JSON.stringify({ after, oldest })}\n\n`);
  }

  /**
   * Keeps proxies from closing a quiet connection, notices a listener that is gone, and moves its position forward
   * where nothing comes that it asked for.
   */
  heartbeat(): void {
    const isQuiet = this.#options.response.headersSent && this.#writing === 0;
    if (!this.#over && isQuiet) void this.#write(`${this.#reached()}: heartbeat\n\n`);
  }

  /** Says why, as the last event, and ends. */
  drop(why: EspalierError): void {
    const { code, title, mend } = why;
    this.#end(`event: dropped\ndata: ${JSON.stringify({ code, title, mend })}\n\n`);
  }

  /** Ends after the last whole event; the listener comes back by itself. */
  end(): void {
    this.#end(': this replica is shutting down\n\n');
  }

  /**
   * The position up to which the listener has everything: an id without data is no event, but counts as the last one
   * (HTML Standard §9.2.6).
   */
  #reached(): string {
    return this.#position === undefined ? '' : `id: ${this.#position}\n`;
  }

  #pump(): void {
    const { response, feed, types } = this.#options;
    while (!this.#over && response.headersSent && this.#writing === 0 && this.#position !== undefined) {
      const batch = feed.after(this.#position, types, this.#key);
      // It reads, but less than there is: it is told, and goes on from its last event.
      if (batch === undefined) return this.drop(configProxyErrors.ESP_EVENTS_READER_TOO_SLOW());
      if (batch.through === this.#position) return;
      this.#position = batch.through;
      if (batch.bytes !== undefined) void this.#write(batch.bytes);
    }
  }

  /** Resolves when the system has taken it, or the listener is gone. */
  #write(bytes: Buffer | string): Promise<void> {
    const { response, stallMs } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#writing += 1;
    this.#stall ??= setTimeout(() => this.drop(configProxyErrors.ESP_EVENTS_READER_TOO_SLOW()), stallMs);
    response.write(bytes, () => {
      this.#writing -= 1;
      resolve();
      if (this.#writing > 0) return;
      clearTimeout(this.#stall);
      this.#stall = undefined;
      this.#pump();
    });
    return promise;
  }

  #end(lastWord: string): void {
    const { response } = this.#options;
    if (this.#over) return;
    this.#finish();
    if (response.headersSent) response.end(lastWord);
    const timer = setTimeout(() => response.destroy(), LAST_WORD_MS);
    timer.unref();
    response.once('close', () => clearTimeout(timer));
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#stall);
    this.#leaveFeed();
    this.#opened.resolve();
    this.#onEnd();
  }
}
