import type { ServerResponse } from 'node:http';
import { configProxyErrors, type EspalierError, type LiveEvent } from '@espalier/contracts';
import type { EventMeta, ReceivedEvent } from '@espalier/messaging';

export interface EventStreamOptions {
  readonly response: ServerResponse;
  /** How long a listener may read nothing while something waits for it, in ms. */
  readonly stallMs: number;
}

/** How long a listener that is dropped may take to read what was sent, in ms. */
const LAST_WORD_MS = 30_000;

/**
 * One listener's server-sent events (HTML Standard §9.2). What waits for a listener is bounded: one event beyond the
 * buffer of its response; further ones are not fetched from NATS until it has read.
 */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #opened = Promise.withResolvers<void>();
  #over = false;
  #onEnd: () => void = () => undefined;

  constructor(options: EventStreamOptions) {
    this.#options = options;
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
    response.write('retry: 1000\n: listening\n\n');
    this.#opened.resolve();
  }

  /** Resolves when the next event may come. */
  async send(event: ReceivedEvent, meta: EventMeta): Promise<void> {
    await this.#opened.promise;
    if (this.#over) return;
    const { contract, payload } = event;
    const type = `${contract.aggregate}.${contract.event}`;
    const data: LiveEvent = {
      type,
      messageId: meta.messageId,
      publishedAt: meta.publishedAt.getTime(),
      payload: payload as Record<string, unknown>,
    };
    const frame = `id: ${meta.sequence}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
    if (!this.#options.response.write(frame)) await this.#room();
  }

  /** Keeps proxies from closing a quiet connection, and notices a listener that is gone. */
  heartbeat(): void {
    const { response } = this.#options;
    if (!this.#over && response.headersSent && !response.writableNeedDrain) response.write(': heartbeat\n\n');
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
    this.#opened.resolve();
    this.#onEnd();
  }

  async #room(): Promise<void> {
    const { response, stallMs } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => this.drop(configProxyErrors.ESP_EVENTS_READER_TOO_SLOW()), stallMs);
    response.once('drain', resolve);
    response.once('close', resolve);
    await promise;
    clearTimeout(timer);
    response.removeListener('drain', resolve);
    response.removeListener('close', resolve);
  }
}
