import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';

const MAX_EVENT_CHARS = 64 * 1024;

/** A push as a simulated device gets it. */
export interface ReceivedPush {
  readonly token: string;
  readonly apnsId: string;
  /** The push magic. */
  readonly mdm: string;
}

export interface PushListenerOptions {
  /** `AppleSim.deviceUrl`. */
  readonly deviceUrl: string;
  /** PEM to trust where that is https. */
  readonly ca?: string;
  readonly onPush: (push: ReceivedPush) => void;
  /** Another stream waits for this token now, or the simulator does not know it (any more). */
  readonly onLost?: (token: string, why: 'taken' | 'refused') => void;
  /** First wait before connecting again; doubles up to 10 s, by chance. Default 250 ms. */
  readonly reconnectMs?: number;
  readonly random?: () => number;
}

interface StreamEvent {
  readonly name: string;
  readonly data: Record<string, unknown>;
}

function parseEvent(block: string): StreamEvent | undefined {
  const name = /^event: (.+)$/m.exec(block)?.[1];
  const data = /^data: (.+)$/m.exec(block)?.[1];
  if (name === undefined || data === undefined) return undefined;
  return { name, data: JSON.parse(data) as Record<string, unknown> };
}

/**
 * The device end: one event stream on which one process waits for the pushes of many devices. Connects again by
 * itself; tokens may come and go at any time.
 */
export class PushListener {
  readonly #options: PushListenerOptions;
  readonly #tokens = new Set<string>();
  /** Changes that the current stream was not told yet. */
  #added = new Set<string>();
  #removed = new Set<string>();
  #stream: string | undefined;
  #response: IncomingMessage | undefined;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #syncing: Promise<void> = Promise.resolve();
  readonly #whenReady = new Set<() => void>();

  constructor(options: PushListenerOptions, tokens: Iterable<string> = []) {
    this.#options = options;
    for (const token of tokens) this.#tokens.add(token);
    this.#connect();
  }

  /** Waits for these tokens too; resolves once the simulator knows. */
  add(...tokens: readonly string[]): Promise<void> {
    for (const token of tokens) {
      this.#tokens.add(token);
      this.#added.add(token);
      this.#removed.delete(token);
    }
    return this.#sync();
  }

  remove(...tokens: readonly string[]): Promise<void> {
    for (const token of tokens) {
      this.#tokens.delete(token);
      this.#added.delete(token);
      this.#removed.add(token);
    }
    return this.#sync();
  }

  /** Resolves once the stream stands and waits for all tokens given so far. */
  async ready(): Promise<void> {
    if (this.#stream === undefined) await new Promise<void>((resolve) => this.#whenReady.add(resolve));
    await this.#sync();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#response?.destroy();
    for (const resolve of this.#whenReady) resolve();
  }

  #connect(): void {
    const tokens = [...this.#tokens];
    this.#added.clear();
    this.#removed.clear();
    this.#post('/devices/events', { tokens }).then(
      (response) => this.#read(response),
      () => this.#reconnect(),
    );
  }

  #read(response: IncomingMessage): void {
    if (this.#closed) return void response.destroy();
    this.#response = response;
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      text += chunk;
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) this.#handle(parseEvent(block));
      if (text.length > MAX_EVENT_CHARS) response.destroy();
    });
    response.on('error', () => undefined);
    response.once('close', () => this.#reconnect());
  }

  #handle(event: StreamEvent | undefined): void {
    if (event === undefined) return;
    const token = String(event.data['token']);
    switch (event.name) {
      case 'stream':
        this.#stream = String(event.data['stream']);
        this.#failures = 0;
        for (const resolve of this.#whenReady) resolve();
        this.#whenReady.clear();
        return void this.#sync();
      case 'push': {
        const { mdm } = event.data['payload'] as { mdm: string };
        return this.#options.onPush({ token, apnsId: String(event.data['apnsId']), mdm });
      }
      case 'taken':
      case 'refused':
        return this.#lose(token, event.name);
    }
  }

  #lose(token: string, why: 'taken' | 'refused'): void {
    this.#tokens.delete(token);
    this.#options.onLost?.(token, why);
  }

  #reconnect(): void {
    this.#stream = undefined;
    if (this.#closed) return;
    const ceiling = Math.min(10_000, (this.#options.reconnectMs ?? 250) * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    const random = this.#options.random ?? Math.random;
    this.#timer = setTimeout(() => this.#connect(), ceiling * (0.5 + random() / 2));
  }

  /** Tells the stream what changed since it was told last; one call at a time. */
  #sync(): Promise<void> {
    this.#syncing = this.#syncing.then(async () => {
      const stream = this.#stream;
      if (stream === undefined) return;
      if (this.#added.size === 0 && this.#removed.size === 0) return;
      const change = { add: [...this.#added], remove: [...this.#removed] };
      this.#added.clear();
      this.#removed.clear();
      try {
        const response = await this.#post(`/devices/streams/${stream}/tokens`, change);
        const chunks: string[] = [];
        response.setEncoding('utf8');
        for await (const chunk of response as AsyncIterable<string>) chunks.push(chunk);
        const { refused } = JSON.parse(chunks.join('')) as { refused: string[] };
        for (const token of refused) this.#lose(token, 'refused');
      } catch {
        // The stream ends with the connection: the next one is told everything.
        this.#response?.destroy();
      }
    });
    return this.#syncing;
  }

  #post(path: string, body: unknown): Promise<IncomingMessage> {
    const url = new URL(path, this.#options.deviceUrl);
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const request = send(
        url,
        {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          ...(this.#options.ca !== undefined && { ca: this.#options.ca }),
        },
        (response) => {
          if (response.statusCode === 200) return resolve(response);
          response.resume();
          reject(new Error(`The simulator answered ${response.statusCode}.`));
        },
      );
      request.on('error', reject);
      request.end(JSON.stringify(body));
    });
  }
}
