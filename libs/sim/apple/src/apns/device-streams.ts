import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';

import type { DeviceTokenRegistry, PendingPush, PushSink } from './device-token.registry.js';

/** More than this unread by a device process and pushes stay pending, the latest per token. */
const MAX_UNREAD_BYTES = 256 * 1024;
const KEEP_ALIVE_MS = 15_000;

/** One server-sent event. */
function event(name: string, json: string): string {
  return `event: ${name}\ndata: ${json}\n\n`;
}

/** What came of adding tokens to a stream: `refused` are unknown or unregistered. */
export interface Subscription {
  readonly subscribed: number;
  readonly refused: readonly string[];
}

/** One event stream, on which one process waits for the pushes of many devices. */
export class DeviceStream implements PushSink {
  readonly id = randomUUID();
  readonly #tokens = new Set<string>();
  #unread: Set<string> | undefined;

  constructor(
    private readonly response: ServerResponse,
    private readonly registry: DeviceTokenRegistry,
  ) {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.on('drain', () => this.#flushUnread());
  }

  start(tokens: readonly string[]): void {
    const refused: string[] = [];
    // Before the first push, so that the process knows its stream by then.
    this.response.write(event('stream', JSON.stringify({ stream: this.id })));
    refused.push(...this.add(tokens).refused);
    for (const token of refused) this.response.write(event('refused', JSON.stringify({ token })));
  }

  add(tokens: readonly string[]): Subscription {
    const refused: string[] = [];
    for (const given of tokens) {
      const token = given.toLowerCase();
      if (!this.registry.subscribe(token, this)) refused.push(token);
      else this.#tokens.add(token);
    }
    return { subscribed: this.#tokens.size, refused };
  }

  remove(tokens: readonly string[]): void {
    for (const given of tokens) {
      const token = given.toLowerCase();
      this.#tokens.delete(token);
      this.registry.unsubscribe(token, this);
    }
  }

  deliver(token: string, push: PendingPush): boolean {
    if (this.response.writableLength > MAX_UNREAD_BYTES) {
      this.#unread ??= new Set();
      this.#unread.add(token);
      return false;
    }
    // Line breaks are legal between JSON's tokens and would end the event's line.
    const payload = push.payload.replaceAll(/[\r\n]/g, ' ');
    this.response.write(event('push', `{"token":"${token}","apnsId":"${push.apnsId}","payload":${payload}}`));
    return true;
  }

  taken(token: string): void {
    this.#tokens.delete(token);
    this.response.write(event('taken', JSON.stringify({ token })));
  }

  keepAlive(): void {
    if (this.response.writableLength === 0) this.response.write(':\n\n');
  }

  end(): void {
    for (const token of this.#tokens) this.registry.unsubscribe(token, this);
    this.#tokens.clear();
    this.response.end();
  }

  #flushUnread(): void {
    const tokens = this.#unread;
    this.#unread = undefined;
    for (const token of tokens ?? []) this.registry.flush(token, this);
  }
}

/** All event streams, found by their id for live changes of their tokens. */
export class DeviceStreams {
  readonly #streams = new Map<string, DeviceStream>();
  readonly #keepAlive: NodeJS.Timeout;

  constructor(private readonly registry: DeviceTokenRegistry) {
    this.#keepAlive = setInterval(() => {
      for (const stream of this.#streams.values()) stream.keepAlive();
    }, KEEP_ALIVE_MS).unref();
  }

  get size(): number {
    return this.#streams.size;
  }

  get(id: string): DeviceStream | undefined {
    return this.#streams.get(id);
  }

  open(response: ServerResponse, tokens: readonly string[]): void {
    const stream = new DeviceStream(response, this.registry);
    this.#streams.set(stream.id, stream);
    response.once('close', () => {
      this.#streams.delete(stream.id);
      stream.end();
    });
    stream.start(tokens);
  }

  close(): void {
    clearInterval(this.#keepAlive);
    for (const stream of this.#streams.values()) stream.end();
  }
}
