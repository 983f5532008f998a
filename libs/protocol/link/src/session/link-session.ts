import type { ClientHttp2Session, Http2Stream, ServerHttp2Session } from 'node:http2';
import type { Duplex } from 'node:stream';
import { encodeEvent, EventDecoder, type LinkEvent } from '../hello/events.js';
import { LinkError } from '../link-error.js';
import { SESSION_WINDOW, type LinkTimings } from '../link-limits.js';
import { InFlight } from './in-flight.js';
import { Liveness } from './liveness.js';

/** How long a peer may take to say that it sends no more, before the drain goes on without. */
const DRAINED_TIMEOUT_MS = 1_000;
/** How long a session that was told to close may take. */
const CLOSE_TIMEOUT_MS = 1_000;

/** What both ends of a link have in common: liveness, events, drain and close. */
export abstract class LinkSession {
  readonly inFlight = new InFlight();
  protected readonly liveness: Liveness;
  #events: Http2Stream | undefined;
  #draining = false;
  #peerSendsNoMore = Promise.withResolvers<void>();
  #closeReason: LinkError | undefined;
  readonly #closed = Promise.withResolvers<LinkError>();

  protected constructor(
    protected readonly session: ClientHttp2Session | ServerHttp2Session,
    protected readonly socket: Duplex,
    timings: LinkTimings,
  ) {
    this.liveness = new Liveness(session, {
      timings,
      isBusy: () => this.inFlight.count > 0,
      onDead: () =>
        this.destroy(new LinkError('TIMEOUT', `no answer to PING in ${timings.pingTimeoutMs} ms`)),
    });
    session.once('connect', () => session.setLocalWindowSize(SESSION_WINDOW));
    // Listeners from the first tick on: an error without one ends the process.
    session.on('error', (error: Error) => {
      this.#closeReason ??= new LinkError('CLOSED', error.message, { cause: error });
    });
    socket.on('error', (error: Error) => {
      this.#closeReason ??= new LinkError('CLOSED', error.message, { cause: error });
    });
    session.on('goaway', () => {
      this.#draining = true;
      this.onPeerDrain();
    });
    session.on('close', () => {
      this.#draining = true;
      this.liveness.stop();
      this.#peerSendsNoMore.resolve();
      this.#closed.resolve(this.#closeReason ?? new LinkError('CLOSED', 'the link closed'));
      if (!socket.destroyed) socket.destroy();
    });
  }

  /** Resolves, never rejects, with the reason once the link is gone. */
  get closed(): Promise<LinkError> {
    return this.#closed.promise;
  }

  /** The latest round trip in milliseconds. */
  get rttMs(): number | undefined {
    return this.liveness.rttMs;
  }

  /** Bytes that wait in this process to be sent. */
  get outboundQueueBytes(): number {
    return this.session.destroyed ? 0 : (this.session.state.outboundQueueSize ?? 0);
  }

  /** True once either end wants no new requests on this link. */
  get draining(): boolean {
    return this.#draining || this.session.closed || this.session.destroyed;
  }

  /** Asks at once whether the peer still lives; the link closes where it does not answer in time. */
  probe(): void {
    this.liveness.probe();
  }

  /**
   * Tells the peer that no new requests are wanted, waits until it sends no more and those in flight are done
   * (at most `deadlineMs`), and closes the link.
   */
  async drain(deadlineMs: number): Promise<void> {
    const end = performance.now() + deadlineMs;
    const wasDraining = this.#draining;
    this.#draining = true;
    if (!wasDraining) this.sendEvent({ type: 'drain', deadlineMs: Math.round(deadlineMs) });
    const late = setTimeout(() => this.#peerSendsNoMore.resolve(), Math.min(deadlineMs, DRAINED_TIMEOUT_MS));
    await this.#peerSendsNoMore.promise;
    clearTimeout(late);
    await this.inFlight.idle(Math.max(0, end - performance.now()));
    await this.close();
  }

  /**
   * Waits a moment for the peer to close, as it does once it read what was sent last. Closing at this end would be
   * faster than the data: GOAWAY overtakes streams that wait to be sent.
   */
  protected async closedByPeer(reason: LinkError): Promise<void> {
    this.#closeReason ??= reason;
    this.#events?.end();
    const late = setTimeout(() => this.destroy(reason), CLOSE_TIMEOUT_MS);
    await this.closed;
    clearTimeout(late);
  }

  /** Closes with GOAWAY; streams still open get a moment to end, then are cut. */
  async close(reason = new LinkError('CLOSED', 'closed by this end')): Promise<void> {
    this.#closeReason ??= reason;
    if (!this.session.destroyed) {
      this.#events?.end();
      this.session.close();
      const late = setTimeout(() => this.destroy(reason), CLOSE_TIMEOUT_MS);
      await this.closed;
      clearTimeout(late);
    }
  }

  /** Cuts the link at once. */
  destroy(reason: LinkError): void {
    this.#closeReason ??= reason;
    // Not session.destroy(): its GOAWAY would wait for a peer that no longer reads.
    this.socket.destroy();
    this.session.destroy();
  }

  protected abstract onEvent(event: LinkEvent): void;
  /** The peer wants no new requests. */
  protected abstract onPeerDrain(): void;

  protected sendEvent(event: LinkEvent): void {
    if (this.#events?.writable === true) this.#events.write(encodeEvent(event));
  }

  /** Makes a stream the one that carries events. When it ends, so does the link. */
  protected attachEvents(stream: Http2Stream): void {
    this.#events = stream;
    const decoder = new EventDecoder();
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      try {
        for (const event of decoder.push(text)) this.#receive(event);
      } catch (error) {
        this.destroy(error instanceof LinkError ? error : new LinkError('PROTOCOL', String(error)));
      }
    });
    stream.on('error', () => undefined);
    stream.on('end', () => stream.end());
    stream.on('close', () => {
      // With the events stream gone, nobody could announce a drain any more.
      if (this.session.closed || this.session.destroyed) return;
      void this.close(new LinkError('CLOSED', 'the peer ended the events'));
    });
  }

  #receive(event: LinkEvent): void {
    if (event.type === 'drained') this.#peerSendsNoMore.resolve();
    else if (event.type === 'drain') {
      this.#draining = true;
      this.onPeerDrain();
      this.sendEvent({ type: 'drained' });
    } else this.onEvent(event);
  }
}
