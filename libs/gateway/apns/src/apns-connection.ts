import {
  connect,
  constants,
  sensitiveHeaders,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { isIP } from 'node:net';
import { connect as dialTls, type TLSSocket } from 'node:tls';

import type { ApnsLimits } from './apns-client.options.js';
import type { ApnsAnswer } from './push-outcome.js';
import type { PushCredentials } from './push-certificate.js';

/** Enough for any error body of APNs; more is not kept. */
const MAX_BODY_BYTES = 4096;

/** Why a connection ended. `reason` is Apple's, from a GOAWAY's debug data, or an error code of Node's. */
export interface ConnectionEnd {
  readonly cause: 'retired' | 'goaway' | 'error' | 'closed';
  readonly reason: string;
  /** The peer refused our certificate, or we do not trust the peer's. */
  readonly certificate: 'none' | 'ours' | 'theirs';
}

/** What came of one request: an answer, or a loss, which is safe to repeat where the peer never looked at it. */
export type StreamResult =
  | { readonly kind: 'answer'; readonly answer: ApnsAnswer }
  | { readonly kind: 'lost'; readonly unprocessed: boolean };

export interface StreamRequest {
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
}

export interface ConnectionHooks {
  opened(): void;
  /** More streams may be free: the connection opened, a stream ended or the peer changed its settings. */
  capacityChanged(): void;
  /** Takes no more requests. Those in flight still report. */
  retiring(end: ConnectionEnd): void;
  closed(connection: ApnsConnection): void;
}

export interface ConnectionOptions {
  readonly endpoint: string;
  readonly credentials: PushCredentials;
  readonly ca: string | readonly string[] | undefined;
  readonly limits: ApnsLimits;
  readonly hooks: ConnectionHooks;
}

function certificateFault(code: string): ConnectionEnd['certificate'] {
  if (/ALERT/.test(code) && /CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED/.test(code)) return 'ours';
  const untrusted =
    /^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|CERT_|ERR_TLS_CERT|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH)/;
  return untrusted.test(code) ? 'theirs' : 'none';
}

function endOfError(error: unknown): ConnectionEnd {
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
  return { cause: 'error', reason: code, certificate: certificateFault(code) };
}

/** A GOAWAY of APNs carries `{"reason":"…"}` as debug data (RFC 9113 §6.8). */
function endOfGoaway(code: number, debugData: Uint8Array | undefined): ConnectionEnd {
  const text = Buffer.from(debugData?.subarray(0, MAX_BODY_BYTES) ?? []).toString('utf8');
  const reason = /"reason"\s*:\s*"([A-Za-z]{1,64})"/.exec(text)?.[1] ?? `Goaway${code}`;
  return { cause: 'goaway', reason, certificate: /Certificate/.test(reason) ? 'ours' : 'none' };
}

/** One HTTP/2 connection to APNs. It never dials again: its owner makes a new one. */
export class ApnsConnection {
  readonly #session: ClientHttp2Session;
  readonly #limits: ApnsLimits;
  readonly #hooks: ConnectionHooks;
  readonly #pingTimer: NodeJS.Timeout;
  readonly #connectTimer: NodeJS.Timeout;
  #state: 'connecting' | 'open' | 'retiring' | 'closed' = 'connecting';
  #socket: TLSSocket | undefined;
  #pingTimeout: NodeJS.Timeout | undefined;
  #maxStreams = 0;
  #inFlight = 0;
  #active = false;
  #pinging = false;
  #end: ConnectionEnd | undefined;
  #goawayLastStream: number | undefined;

  constructor(options: ConnectionOptions) {
    this.#limits = options.limits;
    this.#hooks = options.hooks;
    this.#session = connect(options.endpoint, {
      createConnection: () => this.#dial(options),
      settings: { enablePush: false },
      // In MB. The default of 10 ends the session when several hundred streams fail at once.
      maxSessionMemory: 64,
    });
    this.#connectTimer = setTimeout(
      () => this.#fail({ cause: 'error', reason: 'ConnectTimeout', certificate: 'none' }),
      this.#limits.connectTimeoutMs,
    );
    this.#pingTimer = setInterval(() => this.#pingIfSilent(), this.#limits.pingIntervalMs).unref();
    this.#listen();
  }

  #dial({ endpoint, credentials, ca }: ConnectionOptions): TLSSocket {
    const { hostname, port } = new URL(endpoint);
    const host = hostname.replaceAll(/[[\]]/g, '');
    const socket = dialTls({
      host,
      port: port === '' ? 443 : Number(port),
      ...(isIP(host) === 0 && { servername: host }),
      cert: credentials.certificate,
      key: credentials.key,
      ...(ca !== undefined && { ca: typeof ca === 'string' ? ca : [...ca] }),
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['h2'],
    });
    // Under TLS 1.3 a refused client certificate is an alert after the handshake, which Node's HTTP/2 session
    // does not see: without this the connection would stand until the connect time-out.
    socket.on('error', (error: unknown) => this.#fail(endOfError(error)));
    socket.once('secureConnect', () => {
      if (socket.alpnProtocol !== 'h2') {
        this.#fail({ cause: 'error', reason: 'NoHttp2', certificate: 'none' });
      }
    });
    this.#socket = socket;
    return socket;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get isConnecting(): boolean {
    return this.#state === 'connecting';
  }

  /** Why it ends, once it does. */
  get end(): ConnectionEnd | undefined {
    return this.#end;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Streams that may be opened now. */
  get free(): number {
    return this.#state === 'open' ? this.#maxStreams - this.#inFlight : 0;
  }

  /** Sends one request. `done` is called exactly once, whatever happens to the connection. */
  send(request: StreamRequest, done: (result: StreamResult) => void): { cancel(): void } {
    let stream: ClientHttp2Stream;
    try {
      stream = this.#session.request({
        ':method': 'POST',
        ':path': request.path,
        ...request.headers,
        // The device token: keeps it out of the header compression tables (RFC 7541 §7.1.3).
        [sensitiveHeaders]: [':path'],
      });
    } catch {
      // The session died under us or ran out of stream identifiers.
      this.retire('StreamNotOpened');
      setImmediate(() => done({ kind: 'lost', unprocessed: true }));
      return { cancel: () => undefined };
    }
    this.#inFlight += 1;
    this.#collect(stream, done);
    stream.end(request.body);
    return { cancel: () => stream.close(constants.NGHTTP2_CANCEL) };
  }

  #collect(stream: ClientHttp2Stream, done: (result: StreamResult) => void): void {
    let answer: ApnsAnswer | undefined;
    let body = '';
    stream.on('response', (headers) => {
      const retryAfter = Number(headers['retry-after']);
      const apnsId = headers['apns-id'];
      answer = {
        status: headers[':status'] ?? 0,
        apnsId: typeof apnsId === 'string' ? apnsId : undefined,
        retryAfterMs: Number.isFinite(retryAfter) ? retryAfter * 1000 : undefined,
        body: '',
      };
      this.#active = true;
    });
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      if (body.length < MAX_BODY_BYTES) body += chunk;
    });
    // The close event says all there is to know; without a listener an error would end the process.
    stream.on('error', () => undefined);
    stream.once('close', () => {
      this.#inFlight -= 1;
      if (answer !== undefined) {
        done({ kind: 'answer', answer: { ...answer, body } });
        this.#hooks.capacityChanged();
        return;
      }
      // Node destroys the streams of a session before it emits the GOAWAY that says which were processed.
      setImmediate(() => {
        done({ kind: 'lost', unprocessed: this.#neverProcessed(stream) });
        this.#hooks.capacityChanged();
      });
    });
  }

  /** RFC 9113 §8.7: only a refused stream, or one above GOAWAY's last stream, was surely not processed. */
  #neverProcessed(stream: ClientHttp2Stream): boolean {
    if (stream.id === undefined || stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) return true;
    return this.#goawayLastStream !== undefined && stream.id > this.#goawayLastStream;
  }

  /** Takes no further request and closes once those in flight are done. */
  retire(reason: string): void {
    this.#beginEnd({ cause: 'retired', reason, certificate: 'none' });
    if (!this.#session.destroyed) this.#session.close();
  }

  /** Ends now; what is in flight reports as lost. */
  destroy(reason: string): void {
    this.#fail({ cause: 'retired', reason, certificate: 'none' });
  }

  /** Sends a PING, and ends the connection where it is not answered in time. */
  verify(): void {
    if (this.#pinging || this.#state === 'connecting' || this.#session.destroyed) return;
    this.#pinging = true;
    this.#pingTimeout = setTimeout(
      () => this.#fail({ cause: 'error', reason: 'PingTimeout', certificate: 'none' }),
      this.#limits.pingTimeoutMs,
    );
    const answered = (): void => {
      clearTimeout(this.#pingTimeout);
      this.#pinging = false;
    };
    if (!this.#session.ping(answered)) answered();
  }

  #pingIfSilent(): void {
    if (!this.#active) this.verify();
    this.#active = false;
  }

  #listen(): void {
    const session = this.#session;
    session.on('remoteSettings', (settings) => {
      this.#maxStreams = Math.min(
        settings.maxConcurrentStreams ?? this.#limits.streamsPerConnection,
        this.#limits.streamsPerConnection,
      );
      clearTimeout(this.#connectTimer);
      if (this.#state === 'connecting') {
        this.#state = 'open';
        this.#hooks.opened();
      }
      this.#hooks.capacityChanged();
    });
    session.on('goaway', (code, lastStreamId, debugData) => {
      this.#goawayLastStream = lastStreamId;
      this.#beginEnd(endOfGoaway(code, debugData));
    });
    session.on('error', (error: unknown) => this.#beginEnd(endOfError(error)));
    session.once('close', () => this.#finish());
  }

  /** Once, after every event that tells why the connection ended. */
  #finish(): void {
    clearTimeout(this.#connectTimer);
    clearTimeout(this.#pingTimeout);
    clearInterval(this.#pingTimer);
    // Node may emit a GOAWAY's own event later than the close it leads to.
    setImmediate(() => {
      this.#beginEnd({ cause: 'closed', reason: 'ConnectionClosed', certificate: 'none' });
      if (this.#state === 'closed') return;
      this.#state = 'closed';
      this.#hooks.closed(this);
    });
  }

  #beginEnd(end: ConnectionEnd): void {
    if (this.#end !== undefined) {
      // The error that follows a GOAWAY only repeats its code.
      if (end.cause === 'goaway' && this.#end.cause === 'error') this.#end = end;
      return;
    }
    this.#end = end;
    this.#state = 'retiring';
    this.#hooks.retiring(end);
  }

  #fail(end: ConnectionEnd): void {
    this.#beginEnd(end);
    this.#session.destroy();
    this.#socket?.destroy();
    // After some TLS errors the session never emits its close.
    this.#finish();
  }
}
