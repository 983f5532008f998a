import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  constants,
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Logger } from 'pino';

import { urlHost } from '../http/json-server.js';
import type { Delivery, DeviceTokenRegistry } from './device-token.registry.js';
import type { FaultAction, Faults } from './faults.js';
import {
  checkPayload,
  MAX_PAYLOAD_BYTES,
  readPushHead,
  type PeerIdentity,
  type PushHead,
  type Refusal,
} from './push-request.js';

/** One push as it was answered; for assertions and the admin API. Never its payload. */
export interface PushRecord {
  readonly at: Date;
  readonly token: string;
  readonly topic: string;
  readonly apnsId: string;
  readonly status: number;
  readonly reason: string | undefined;
  readonly delivery: Delivery | undefined;
  readonly expiration: number;
}

export interface ApnsServerOptions {
  readonly host: string;
  readonly port: number;
  readonly certificate: string;
  readonly key: string;
  /** PEM of the CAs whose push certificates are accepted. */
  readonly clientCa: string;
  readonly maxConcurrentStreams: number;
  readonly tokens: DeviceTokenRegistry;
  readonly faults: Faults;
  readonly now: () => Date;
  readonly logger: Logger | undefined;
  readonly onPush: (record: PushRecord) => void;
}

function identify(socket: TLSSocket): PeerIdentity {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return { kind: 'none' };
  if (!socket.authorized) return { kind: 'refused', why: String(socket.authorizationError) };
  const subject = certificate.toLegacyObject().subject as unknown as Record<string, unknown>;
  const topic = subject['UID'];
  if (typeof topic !== 'string') return { kind: 'refused', why: 'its subject has no UID' };
  return { kind: 'topic', topic };
}

function socketName({ remoteAddress, remotePort }: Pick<TLSSocket, 'remoteAddress' | 'remotePort'>): string {
  return `${remoteAddress} ${remotePort}`;
}

/** One connection of an MDM server. */
interface Peer {
  readonly identity: PeerIdentity;
  readonly socket: TLSSocket | undefined;
  /** The highest stream that was looked at; a GOAWAY names it (RFC 9113 §6.8). */
  lastStream: number;
  /** After a GOAWAY: streams above `lastStream` are not looked at. */
  leaving: boolean;
}

/** The HTTP/2 side of APNs: `POST /3/device/<token>` under a client certificate. */
export class ApnsServer {
  readonly #options: ApnsServerOptions;
  readonly #server: Http2SecureServer;
  readonly #peers = new Map<ServerHttp2Session, Peer>();
  readonly #sockets = new Map<string, TLSSocket>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: ApnsServerOptions) {
    this.#options = options;
    this.#server = createSecureServer({
      cert: options.certificate,
      key: options.key,
      ca: options.clientCa,
      requestCert: true,
      // As APNs, a bad client certificate gets an answer with a reason instead of a TLS alert.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      settings: { maxConcurrentStreams: options.maxConcurrentStreams },
      maxSessionMemory: 64,
    });
    // Before the HTTP/2 layer takes it: only the socket itself can end a connection without a GOAWAY.
    this.#server.prependListener('secureConnection', (socket: TLSSocket) => {
      const name = socketName(socket);
      this.#sockets.set(name, socket);
      socket.once('close', () => this.#sockets.delete(name));
    });
    this.#server.on('session', (session) => this.#welcome(session));
    this.#server.on('stream', this.#receive.bind(this));
    this.#server.on('sessionError', (error) =>
      this.#options.logger?.debug({ err: error }, 'APNs session error'),
    );
    this.#server.on('tlsClientError', (error) =>
      this.#options.logger?.debug({ err: error }, 'APNs TLS error'),
    );
  }

  get connections(): number {
    return this.#peers.size;
  }

  async listen(): Promise<string> {
    this.#server.listen(this.#options.port, this.#options.host);
    await once(this.#server, 'listening');
    const { port } = this.#server.address() as AddressInfo;
    return `https://${urlHost(this.#options.host)}:${port}`;
  }

  /** Says goodbye on every connection, with Apple's JSON as debug data; pushes in flight finish. */
  goaway(reason: string, errorCode = 0): number {
    const sessions = [...this.#peers.keys()];
    for (const session of sessions) this.#sayGoodbye(session, reason, errorCode);
    return sessions.length;
  }

  /** Cuts every connection. */
  drop(): number {
    const peers = [...this.#peers.values()];
    for (const peer of peers) peer.socket?.destroy();
    return peers.length;
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const session of this.#peers.keys()) session.destroy();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  #welcome(session: ServerHttp2Session): void {
    const socket = this.#sockets.get(socketName(session.socket));
    const identity: PeerIdentity = socket === undefined ? { kind: 'none' } : identify(socket);
    this.#peers.set(session, { identity, socket, lastStream: 0, leaving: false });
    session.once('close', () => this.#peers.delete(session));
    if (identity.kind === 'refused') {
      this.#options.logger?.warn({ why: identity.why }, 'APNs client certificate refused');
    }
  }

  #sayGoodbye(session: ServerHttp2Session, reason: string, errorCode: number): void {
    const peer = this.#peers.get(session);
    if (peer === undefined || peer.leaving) return;
    peer.leaving = true;
    session.goaway(errorCode, peer.lastStream, Buffer.from(JSON.stringify({ reason })));
    session.close();
  }

  #receive(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    _flags?: number,
    rawHeaders: readonly string[] = [],
  ): void {
    // A client may reset a stream at any time; without a listener that ends the process.
    stream.on('error', () => undefined);
    const peer = stream.session && this.#peers.get(stream.session as ServerHttp2Session);
    if (peer === undefined || peer.leaving) return stream.close(constants.NGHTTP2_REFUSED_STREAM);
    const head = readPushHead(headers, rawHeaders, peer.identity);
    if ('status' in head) {
      peer.lastStream = Math.max(peer.lastStream, stream.id ?? 0);
      this.#refuse(stream, head, headers['apns-id']?.toString());
      stream.resume();
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_PAYLOAD_BYTES + 1) chunks.push(chunk);
      else chunks[0] = Buffer.alloc(MAX_PAYLOAD_BYTES + 1);
    });
    stream.once('end', () => this.#take(stream, peer, head, Buffer.concat(chunks)));
  }

  #take(stream: ServerHttp2Stream, peer: Peer, head: PushHead, body: Buffer): void {
    const id = stream.id ?? 0;
    if (peer.leaving && id > peer.lastStream) return stream.close(constants.NGHTTP2_REFUSED_STREAM);
    const fault = this.#options.faults.take(head.token, head.topic);
    // Not looked at, as far as the peer may know.
    if (fault?.kind === 'refuse') return stream.close(constants.NGHTTP2_REFUSED_STREAM);
    if (fault?.kind === 'goaway') {
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
      const { session } = stream;
      return session && this.#sayGoodbye(session as ServerHttp2Session, fault.reason, fault.errorCode ?? 0);
    }
    peer.lastStream = Math.max(peer.lastStream, id);
    if (fault === undefined) this.#process(stream, head, body);
    else this.#misbehave(fault, peer, stream, head, body);
  }

  #process(stream: ServerHttp2Stream, head: PushHead, body: Buffer): void {
    const { tokens } = this.#options;
    const refusal = checkPayload(body) ?? this.#checkToken(head);
    if (refusal !== undefined) return this.#refuse(stream, refusal, head.apnsId, head);
    const apnsId = head.apnsId ?? randomUUID().toUpperCase();
    const { expiration } = head;
    const delivery = tokens.accept(head.token, { apnsId, payload: body.toString('utf8'), expiration });
    if (!stream.destroyed) stream.respond({ ':status': 200, 'apns-id': apnsId }, { endStream: true });
    this.#record(head, apnsId, { status: 200, reason: undefined }, delivery);
  }

  #checkToken(head: PushHead): (Refusal & { timestamp?: number }) | undefined {
    const { tokens } = this.#options;
    if (!tokens.isWellFormed(head.token)) return { status: 400, reason: 'BadDeviceToken' };
    const state = tokens.state(head.token, head.topic);
    switch (state.kind) {
      case 'unknown':
        return { status: 400, reason: 'BadDeviceToken' };
      case 'other-topic':
        return { status: 400, reason: 'DeviceTokenNotForTopic' };
      case 'unregistered':
        return { status: 410, reason: 'Unregistered', timestamp: state.since };
      case 'registered':
        return undefined;
    }
  }

  #refuse(
    stream: ServerHttp2Stream,
    refusal: Refusal & { timestamp?: number | undefined; retryAfterSeconds?: number | undefined },
    givenId: string | undefined,
    head?: PushHead,
  ): void {
    const apnsId = givenId ?? randomUUID().toUpperCase();
    const { status, reason, timestamp, retryAfterSeconds } = refusal;
    if (!stream.destroyed) {
      stream.respond({
        ':status': status,
        'apns-id': apnsId,
        'content-type': 'application/json; charset=utf-8',
        ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
      });
      stream.end(JSON.stringify({ reason, ...(timestamp !== undefined && { timestamp }) }));
    }
    this.#record(head, apnsId, refusal, undefined);
  }

  #misbehave(
    fault: Exclude<FaultAction, { kind: 'refuse' | 'goaway' }>,
    peer: Peer,
    stream: ServerHttp2Stream,
    head: PushHead,
    body: Buffer,
  ): void {
    switch (fault.kind) {
      case 'answer': {
        const timestamp =
          fault.timestamp ?? (fault.status === 410 ? this.#options.now().getTime() : undefined);
        return this.#refuse(stream, { ...fault, timestamp }, head.apnsId, head);
      }
      case 'drop':
        return void peer.socket?.destroy();
      case 'stall':
        return undefined;
      case 'delay': {
        const timer = setTimeout(() => {
          this.#timers.delete(timer);
          if (!stream.destroyed) this.#process(stream, head, body);
        }, fault.ms);
        this.#timers.add(timer);
      }
    }
  }

  #record(
    head: PushHead | undefined,
    apnsId: string,
    result: { readonly status: number; readonly reason: string | undefined },
    delivery: Delivery | undefined,
  ): void {
    this.#options.onPush({
      at: this.#options.now(),
      token: head?.token ?? '',
      topic: head?.topic ?? '',
      apnsId,
      status: result.status,
      reason: result.reason,
      delivery,
      expiration: head?.expiration ?? 0,
    });
  }
}
