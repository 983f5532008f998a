import { performServerHandshake, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { collectBody } from '../body/receive-body.js';
import { contentLengthOf } from '../headers/headers.js';
import type { LinkEvent } from '../hello/events.js';
import { parseDmzHello, type DmzHello, type LinkHello } from '../hello/hello.js';
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

export interface InsideSessionOptions {
  /** What we say of ourselves. */
  readonly hello: LinkHello;
  /** A request of a device. Counted in {@link LinkSession.inFlight} until its stream closes. */
  readonly onRequest: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;
  readonly timings?: LinkTimings;
}

/** The inside's end of a link: an HTTP/2 server on a socket that it dialled itself. */
export class InsideSession extends LinkSession {
  #state: 'greeting' | 'greeted' | 'up' = 'greeting';
  #dmz: DmzHello | undefined;
  readonly #accepted = Promise.withResolvers<DmzHello>();
  readonly #late: NodeJS.Timeout;

  private constructor(
    socket: Duplex,
    private readonly options: InsideSessionOptions,
    timings: LinkTimings,
  ) {
    const session = performServerHandshake(socket, {
      settings: { initialWindowSize: STREAM_WINDOW, maxConcurrentStreams: options.hello.maxStreams + 2 },
      maxSessionMemory: SESSION_MEMORY_MB,
    });
    super(session, socket, timings);
    this.#late = setTimeout(
      () => this.destroy(new LinkError('TIMEOUT', `not accepted in ${timings.helloMs} ms`)),
      timings.helloMs,
    );
    session.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) =>
      this.#route(stream, headers),
    );
    void this.closed.then((reason) => {
      clearTimeout(this.#late);
      this.#accepted.reject(reason);
    });
  }

  /**
   * Answers the DMZ's hello over a socket whose TLS handshake is done and whose peer's pin was checked.
   * @returns the session once the DMZ accepted it: only then is a link up
   * @throws LinkError REFUSED with the DMZ's status, PROTOCOL, TIMEOUT or CLOSED; the socket is then closed
   */
  static async open(socket: Duplex, options: InsideSessionOptions): Promise<InsideSession> {
    const link = new InsideSession(socket, options, options.timings ?? defaultTimings);
    await link.#accepted.promise;
    return link;
  }

  /** What the DMZ said of itself. */
  get dmz(): DmzHello {
    if (this.#dmz === undefined) throw new LinkError('PROTOCOL', 'the link is not up');
    return this.#dmz;
  }

  protected override onPeerDrain(): void {
    // Requests that the DMZ still sends are answered; it closes the link when they are done.
  }

  protected override onEvent(event: LinkEvent): void {
    if (event.type === 'accepted' && this.#state === 'greeted' && this.#dmz !== undefined) {
      this.#state = 'up';
      clearTimeout(this.#late);
      this.#accepted.resolve(this.#dmz);
      this.probe();
    } else if (event.type === 'refused') {
      const { status, detail } = event;
      const reason = new LinkError('REFUSED', detail, { status });
      this.#accepted.reject(reason);
      void this.close(reason);
    }
  }

  #route(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const path = headers[':path'];
    // The DMZ sends requests right behind `accepted`, which may come after them.
    if (path !== HELLO_PATH && path !== EVENTS_PATH && this.#state !== 'greeting') {
      this.inFlight.enter();
      stream.once('close', () => this.inFlight.leave());
      this.options.onRequest(stream, headers);
      return;
    }
    stream.on('error', () => undefined);
    if (path === HELLO_PATH && this.#state === 'greeting') void this.#answerHello(stream, headers);
    else if (path === EVENTS_PATH && this.#state === 'greeted') {
      stream.respond({ ':status': 200, 'content-type': 'application/x-ndjson' });
      this.attachEvents(stream);
    } else this.destroy(new LinkError('PROTOCOL', `${path} was not expected now`));
  }

  async #answerHello(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    try {
      const text = await collectBody(stream, contentLengthOf(headers), MAX_MESSAGE_BYTES);
      const dmz = parseDmzHello(text.toString('utf8'));
      if (!dmz.proto.includes(LINK_VERSION)) {
        stream.respond({ ':status': 426 }, { endStream: true });
        throw new LinkError(
          'PROTOCOL',
          `the DMZ speaks versions ${dmz.proto.join(', ')}, not ${LINK_VERSION}`,
        );
      }
      this.#dmz = dmz;
      this.#state = 'greeted';
      const body = Buffer.from(JSON.stringify(this.options.hello));
      stream.respond({
        ':status': 200,
        'content-type': 'application/json',
        'content-length': body.byteLength,
      });
      stream.end(body);
    } catch (error) {
      const reason =
        error instanceof LinkError ? error : new LinkError('PROTOCOL', String(error), { cause: error });
      this.#accepted.reject(reason);
      await this.close(reason);
    }
  }
}
