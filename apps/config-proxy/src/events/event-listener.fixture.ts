import { EventEmitter, once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { LiveEvent } from '@espalier/contracts';

interface Received {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: string;
}

/** Reads server-sent events as the HTML Standard §9.2.6 says. */
export class Listener {
  readonly events: Received[] = [];
  /** Request types of the commands that were completed, in order. */
  readonly types: string[] = [];
  readonly comments: string[] = [];
  /** By which it would go on; an id without data counts too. */
  lastId: string | undefined;
  readonly ended: Promise<boolean>;
  readonly #signal = new EventEmitter();
  #buffer = '';

  constructor(readonly response: IncomingMessage) {
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.#take(text));
    this.ended = new Promise((resolve) => {
      response.once('end', () => resolve(true));
      response.once('error', () => resolve(false));
    });
    response.once('close', () => this.#signal.emit('change'));
  }

  async until(condition: (listener: Listener) => boolean): Promise<this> {
    const signal = AbortSignal.timeout(10_000);
    while (!condition(this)) await once(this.#signal, 'change', { signal });
    return this;
  }

  close(): void {
    this.response.destroy();
  }

  #take(text: string): void {
    const frames = (this.#buffer + text).split('\n\n');
    this.#buffer = frames.pop() ?? '';
    for (const frame of frames) {
      const fields = frame.split('\n').map((line) => /^([a-z]*): ?(.*)$/.exec(line) ?? []);
      const value = (name: string): string | undefined => fields.find((field) => field[1] === name)?.[2];
      for (const [, name, comment] of fields) if (name === '') this.comments.push(comment ?? '');
      this.lastId = value('id') ?? this.lastId;
      const data = value('data');
      if (data === undefined) continue;
      const event = value('event') ?? '';
      this.events.push({ id: value('id'), event, data });
      // A site that has just begun tells of its collections too.
      if (event.startsWith('command.'))
        this.types.push(String((JSON.parse(data) as LiveEvent).payload['requestType']));
    }
    this.#signal.emit('change');
  }
}

/** Has nats-server forget the events before a sequence, as it does with those that are too old (NATS client protocol). */
export async function forgetEvents(port: number, before: number): Promise<void> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  const order = JSON.stringify({ seq: before });
  socket.write('CONNECT {"verbose":false}\r\nSUB _purged 1\r\n');
  socket.write(`PUB $JS.API.STREAM.PURGE.ESP_EVT _purged ${order.length}\r\n${order}\r\n`);
  let answer = '';
  while (!answer.includes('"success":true')) {
    const [text] = (await once(socket, 'data')) as [string];
    answer += text;
  }
  socket.destroy();
}
