import { readFileSync } from 'node:fs';
import { request, type Agent } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { Enrollment, ErrorBody, LiveEvent, QueuedCommand } from '@espalier/contracts';

/** An answer of the console door that is no success. */
export class ConsoleError extends Error {
  override readonly name = 'ConsoleError';
  constructor(
    readonly status: number,
    readonly body: Partial<ErrorBody>,
  ) {
    super(`${status} ${body.code ?? ''}: ${body.title ?? ''} ${body.detail ?? ''}`);
  }
}

export interface ConsoleClientOptions {
  /** `https://…:8760` */
  readonly url: string;
  readonly token: string;
  /** PEM file of the authority that signed the console's certificate. */
  readonly caFile: string;
  readonly agent?: Agent;
}

/** One event of the live stream. */
export interface ConsoleEvent {
  readonly id: string;
  readonly type: string;
  readonly data: LiveEvent;
}

/** The JSON API of config-proxy, as a script would use it. */
export class ConsoleClient {
  readonly #ca: string;

  constructor(private readonly options: ConsoleClientOptions) {
    this.#ca = readFileSync(options.caFile, 'utf8');
  }

  /** @throws ConsoleError for any status but 2xx */
  async call<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<T> {
    const response = await this.#open(method, path, body, headers);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const status = response.statusCode ?? 0;
    if (status >= 300) throw new ConsoleError(status, parseBody(text));
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  createEnrollmentLink(maxUses: number, signed = true): Promise<{ url: string }> {
    return this.call('POST', '/api/v1/enrollment-links', { maxUses, signed });
  }

  async enrollments(): Promise<Enrollment[]> {
    const all: Enrollment[] = [];
    for (let cursor: string | undefined; ;) {
      const query = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page = await this.call<{ items: Enrollment[]; nextCursor?: string }>(
        'GET',
        `/api/v1/enrollments?limit=500${query}`,
      );
      all.push(...page.items);
      if (page.nextCursor === undefined) return all;
      cursor = page.nextCursor;
    }
  }

  /** @param key the same key again makes no second command */
  submit(
    enrollmentIds: readonly string[],
    command: unknown,
    key: string,
  ): Promise<{ commandId: string; commands: QueuedCommand[] }> {
    return this.call('POST', '/api/v1/commands', { enrollmentIds, command }, { 'idempotency-key': key });
  }

  command(id: string): Promise<{ command: QueuedCommand; result: unknown }> {
    return this.call('GET', `/api/v1/commands/${id}`);
  }

  /** Live events, until the signal aborts or the door closes the stream. */
  async *events(signal: AbortSignal, lastEventId?: string): AsyncGenerator<ConsoleEvent> {
    const headers = {
      accept: 'text/event-stream',
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    };
    const response = await this.#open('GET', '/api/v1/events', undefined, headers, signal);
    if (response.statusCode !== 200) throw new ConsoleError(response.statusCode ?? 0, {});
    response.setEncoding('utf8');
    let pending = '';
    for await (const chunk of response) {
      const blocks = (pending + String(chunk)).split('\n\n');
      pending = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = parseEvent(block);
        if (event !== undefined) yield event;
      }
    }
  }

  #open(
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    // Bytes go as they are, with the content type that the caller names.
    const payload = body === undefined || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const call = request(
      new URL(path, this.options.url),
      {
        method,
        ca: this.#ca,
        ...(this.options.agent !== undefined && { agent: this.options.agent }),
        ...(signal !== undefined && { signal }),
        headers: {
          authorization: `Bearer ${this.options.token}`,
          ...(typeof payload === 'string' && { 'content-type': 'application/json' }),
          ...headers,
        },
      },
      resolve,
    );
    call.once('error', reject);
    call.end(payload);
    return promise;
  }
}

function parseBody(text: string): Partial<ErrorBody> {
  try {
    return JSON.parse(text) as Partial<ErrorBody>;
  } catch {
    return { title: text };
  }
}

function parseEvent(block: string): ConsoleEvent | undefined {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trimStart());
  }
  const data = fields.get('data');
  if (data === undefined) return undefined;
  return {
    id: fields.get('id') ?? '',
    type: fields.get('event') ?? 'message',
    data: JSON.parse(data) as ConsoleEvent['data'],
  };
}
