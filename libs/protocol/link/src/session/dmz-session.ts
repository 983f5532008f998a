import {
  connect,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { Duplex } from 'node:stream';
import { collectBody } from '../body/receive-body.js';
import { contentLengthOf } from '../headers/headers.js';
import { encodeEvent, type LinkEvent } from '../hello/events.js';
import { parseLinkHello, type DmzHello, type LinkHello } from '../hello/hello.js';
import { LinkError } from '../link-error.js';
import {
  defaultTimings,
  EVENTS_PATH,
  HELLO_PATH,
  LINK_VERSION,
  MAX_MESSAGE_BYTES,
  SESSION_MEMORY_MB,
  STREAM_WINDOW,
  type LinkTimings,
} from '../link-limits.js';
import { LinkSession } from './link-session.js';

export interface DmzSessionOptions {
  readonly dmzId: string;
  /**
   * Decides whether the link may come up.
   * @throws LinkError REFUSED with the status to tell the inside: 403, 409, 421
   */
  readonly judge: (hello: LinkHello) => void;
  readonly timings?: LinkTimings;
  readonly now?: () => Date;
}

/** The DMZ's end of a link: an HTTP/2 client on a socket that the inside dialled. */
export class DmzSession extends LinkSession {
  #hello: LinkHello | undefined;

  private constructor(
    private readonly client: ClientHttp2Session,
    socket: Duplex,
    timings: LinkTimings,
  ) {
    super(client, socket, timings);
  }

  /**
   * Exchanges hellos over a socket whose TLS handshake is done and whose peer's pin was checked.
   * @returns the session, up
   * @throws LinkError REFUSED, PROTOCOL, TIMEOUT or CLOSED; the socket is then closed
   */
  static async accept(socket: Duplex, options: DmzSessionOptions): Promise<DmzSession> {
    const timings = options.timings ?? defaultTimings;
    const client = connect('https://link', {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW },
      maxSessionMemory: SESSION_MEMORY_MB,
    });
    const link = new DmzSession(client, socket, timings);
    const late = setTimeout(
      () => link.destroy(new LinkError('TIMEOUT', `no hello in ${timings.helloMs} ms`)),
      timings.helloMs,
    );
    try {
      const hello = await link.#greet(options);
      link.#hello = hello;
      link.#openEvents({ type: 'accepted' });
      link.probe();
      return link;
    } catch (error) {
      throw await link.#fail(error, options);
    } finally {
      clearTimeout(late);
    }
  }

  /** What the inside said of itself. */
  get hello(): LinkHello {
    if (this.#hello === undefined) throw new LinkError('PROTOCOL', 'the link is not up');
    return this.#hello;
  }

  /**
   * Sends the head of a request. The stream is counted in {@link LinkSession.inFlight} until it closes.
   * @throws LinkError CLOSED where nothing was sent because the link is draining or gone
   */
  request(
    headers: OutgoingHttpHeaders,
    options: { readonly endStream: boolean; readonly waitForTrailers: boolean },
  ): ClientHttp2Stream {
    if (this.draining) throw new LinkError('CLOSED', 'the link takes no new requests');
    const stream = this.client.request(headers, options);
    this.inFlight.enter();
    stream.once('close', () => this.inFlight.leave());
    return stream;
  }

  protected override onEvent(): void {
    // The inside announces nothing but drains, which the base class knows.
  }

  protected override onPeerDrain(): void {
    this.onDrain();
  }

  /** Called once the inside wants no new requests. */
  onDrain: () => void = () => undefined;

  async #greet(options: DmzSessionOptions): Promise<LinkHello> {
    const now = options.now ?? (() => new Date());
    const ours: DmzHello = { proto: [LINK_VERSION], dmzId: options.dmzId, time: now().getTime() };
    const body = Buffer.from(JSON.stringify(ours));
    const stream = this.client.request({
      ':method': 'POST',
      ':path': HELLO_PATH,
      'content-type': 'application/json',
      'content-length': body.byteLength,
    });
    const response = Promise.withResolvers<{ status: number; length: number | undefined }>();
    stream.on('response', (headers) => {
      response.resolve({ status: headers[':status'] ?? 0, length: contentLengthOf(headers) });
    });
    stream.on('error', (error) => {
      response.reject(new LinkError('CLOSED', 'the link closed during the hello', { cause: error }));
    });
    stream.on('close', () => response.reject(new LinkError('CLOSED', 'the link closed during the hello')));
    stream.end(body);
    const { status, length } = await response.promise;
    const text = (await collectBody(stream, length, MAX_MESSAGE_BYTES)).toString('utf8');
    if (status !== 200) throw new LinkError('REFUSED', 'the inside refused the hello', { status });
    const hello = parseLinkHello(text);
    options.judge(hello);
    return hello;
  }

  #openEvents(first: LinkEvent): void {
    const stream = this.client.request({
      ':method': 'POST',
      ':path': EVENTS_PATH,
      'content-type': 'application/x-ndjson',
    });
    this.attachEvents(stream);
    stream.write(encodeEvent(first));
  }

  /** Tells the inside why, where it can be told, and closes. */
  async #fail(error: unknown, options: DmzSessionOptions): Promise<LinkError> {
    const reason =
      error instanceof LinkError ? error : new LinkError('CLOSED', String(error), { cause: error });
    if (this.session.destroyed) return reason.code === 'CLOSED' ? this.closed : reason;
    const status = reason.status ?? (reason.code === 'PROTOCOL' ? 400 : undefined);
    if (status === undefined) await this.close(reason);
    else {
      const detail = `${options.dmzId}: ${reason.message}`.replace(/[^\x20-\x7e]/g, '?').slice(0, 1_000);
      this.#openEvents({ type: 'refused', status, detail });
      await this.closedByPeer(reason);
    }
    return reason;
  }
}
