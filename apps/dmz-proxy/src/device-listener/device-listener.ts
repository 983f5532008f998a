import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import { InFlight } from '@espalier/link';
import type { Logger } from '@espalier/service-kit';
import { deviceErrors } from '../device-errors/device-errors.js';
import { rawError } from '../device-errors/error-reply.js';
import type { DmzProxyMetrics } from '../dmz-proxy.metrics.js';
import type { LinkRegistry } from '../links/link-registry.js';
import { ConnectionLimits } from './connection-limits.js';
import { DeviceConnection } from './device-connection.js';
import { ProxiedRequest, type ProxyContext } from './proxied-request.js';
import { requestIds } from './request-ids.js';
import { UploadWatch } from './upload-watch.js';

/** What devices see in TLS; replaced as a whole when files change. */
export interface DeviceTlsIdentity {
  /** Certificate chain, PEM. */
  readonly certificate: string;
  readonly key: string;
  /** Authorities of device identities, PEM; without them nothing is verified here. */
  readonly clientCa: string | undefined;
  /** 48 bytes that all replicas share. */
  readonly ticketKeys: Buffer | undefined;
}

export interface DeviceListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly identity: DeviceTlsIdentity;
  readonly registry: LinkRegistry;
  /** Prefixes that some peer may serve. */
  readonly permitted: () => readonly string[];
  readonly metrics: DmzProxyMetrics;
  readonly logger: Logger;
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  readonly handshakesPerSecondPerAddress: number;
  readonly keepAliveMs: number;
  readonly stallMs: number;
}

const SWEEP_MS = 2_000;
const HEADERS_TIMEOUT_MS = 10_000;
const HANDSHAKE_TIMEOUT_MS = 10_000;
const MAX_HEADER_SIZE = 16 * 1024;
const MAX_REQUESTS_PER_SOCKET = 1_000;
/** Requests that one connection may have under way: devices do not pipeline, attackers do. */
const MAX_PIPELINED = 8;

/** The port that devices reach: HTTPS, HTTP/1.1 only, client certificate optional. */
export class DeviceListener {
  readonly #server: Server;
  readonly #connections = new Map<Socket, DeviceConnection>();
  readonly #inFlight = new InFlight();
  readonly #limits: ConnectionLimits;
  readonly #watch = new UploadWatch();
  readonly #context: ProxyContext;
  readonly #nextId = requestIds();
  readonly #sweeper: NodeJS.Timeout;
  #draining = false;

  private constructor(private readonly options: DeviceListenerOptions) {
    const { registry, metrics, logger, stallMs, permitted } = options;
    this.#limits = new ConnectionLimits({
      maxConnections: options.maxConnectionsPerAddress,
      ratePerSecond: options.handshakesPerSecondPerAddress,
    });
    this.#context = {
      registry,
      metrics,
      logger,
      stallMs,
      permitted,
      watch: this.#watch,
      draining: () => this.#draining,
    };
    this.#server = createServer(serverOptions(options));
    this.#server.maxConnections = options.maxConnections;
    this.#server.maxRequestsPerSocket = MAX_REQUESTS_PER_SOCKET;
    this.#listen();
    this.#sweeper = setInterval(() => {
      this.#watch.sweep();
      this.#limits.sweep();
    }, SWEEP_MS);
    this.#sweeper.unref();
  }

  static async start(options: DeviceListenerOptions): Promise<DeviceListener> {
    const listener = new DeviceListener(options);
    listener.#server.listen(options.port, options.host);
    await once(listener.#server, 'listening');
    return listener;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that are open, those in their handshake not counted. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Shows another certificate to new connections. */
  replaceIdentity(identity: DeviceTlsIdentity): void {
    this.#server.setSecureContext(contextOf(identity));
    if (identity.ticketKeys !== undefined) this.#server.setTicketKeys(identity.ticketKeys);
  }

  /**
   * Stops: asks devices to connect anew for their next request, takes new connections for `delayMs` more, then waits
   * for the requests under way until `deadline` aborts.
   */
  async drain(delayMs: number, deadline: AbortSignal): Promise<void> {
    this.#draining = true;
    await delay(delayMs, undefined, { signal: deadline }).catch(() => undefined);
    this.#server.close();
    this.#server.closeIdleConnections();
    const late = new Promise<void>((resolve) => {
      if (deadline.aborted) resolve();
      deadline.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([this.#inFlight.idle(2 ** 31 - 1), late]);
  }

  /** Closes everything at once. */
  close(): void {
    clearInterval(this.#sweeper);
    this.#server.close();
    for (const socket of this.#connections.keys()) socket.destroy();
    this.#server.closeAllConnections();
  }

  #listen(): void {
    const server = this.#server;
    const { metrics } = this.options;
    server.prependListener('connection', (socket: Socket) => this.#onConnection(socket));
    server.on('drop', () => metrics.deviceRefusals.inc({ reason: 'total' }));
    server.on('secureConnection', (socket: TLSSocket) => {
      metrics.deviceHandshakes.inc({ result: socket.isSessionReused() ? 'resumed' : 'full' });
      this.#connections.set(socket, new DeviceConnection(socket));
      socket.once('close', () => this.#connections.delete(socket));
    });
    server.on('tlsClientError', () => metrics.deviceHandshakes.inc({ result: 'failed' }));
    server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
      this.#onClientError(error, socket as Socket),
    );
    server.on('request', (request, response) => this.#onRequest(request, response, false));
    server.on('checkContinue', (request, response) => this.#onRequest(request, response, true));
  }

  #onConnection(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const refusal = this.#limits.enter(address);
    if (refusal !== undefined) {
      this.options.metrics.deviceRefusals.inc({ reason: refusal });
      socket.resetAndDestroy();
      return;
    }
    socket.once('close', () => this.#limits.leave(address));
  }

  #onRequest(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const connection = this.#connections.get(request.socket);
    if (connection === undefined || connection.open.size >= MAX_PIPELINED) {
      request.socket.destroy();
      return;
    }
    // A device that goes away is noticed by the response; without a listener it would end the process.
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    connection.open.add(response);
    this.#inFlight.enter();
    response.once('close', () => {
      connection.open.delete(response);
      this.#inFlight.leave();
    });
    const proxied = new ProxiedRequest(
      this.#context,
      connection,
      request,
      response,
      this.#nextId(),
      expectsContinue,
    );
    void proxied.run();
  }

  /** What came is no HTTP, or came too slowly. */
  #onClientError(error: NodeJS.ErrnoException, socket: Socket): void {
    const open = this.#connections.get(socket)?.open;
    const answering = open !== undefined && [...open].some((response) => response.headersSent);
    if (error.code === 'ECONNRESET' || !socket.writable || answering || (open?.size ?? 0) > 1) {
      socket.destroy();
      return;
    }
    const shown =
      error.code === 'HPE_HEADER_OVERFLOW'
        ? deviceErrors.ESP_DMZ_HEADERS_TOO_LARGE()
        : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
          ? deviceErrors.ESP_DMZ_SLOW()
          : deviceErrors.ESP_DMZ_BAD_REQUEST({ detail: 'It is not HTTP/1.1.' });
    this.options.metrics.observe('none', shown.status, 0);
    socket.end(rawError(shown), () => socket.destroySoon());
  }
}

function serverOptions(options: DeviceListenerOptions): ServerOptions {
  const { ticketKeys } = options.identity;
  return {
    ...contextOf(options.identity),
    requestCert: true,
    // Enrolment happens before a device has an identity: each route says whether it needs one.
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    ...(ticketKeys !== undefined && { ticketKeys }),
    headersTimeout: HEADERS_TIMEOUT_MS,
    // Bodies are held to a minimum rate instead (upload-watch): large ones may take their time.
    requestTimeout: 0,
    connectionsCheckingInterval: SWEEP_MS,
    keepAliveTimeout: options.keepAliveMs,
    maxHeaderSize: MAX_HEADER_SIZE,
    noDelay: true,
    // Checked with everything else of a head, so that the answer is ours.
    requireHostHeader: false,
  };
}

function contextOf(identity: DeviceTlsIdentity): SecureContextOptions & { sessionIdContext: string } {
  return {
    cert: identity.certificate,
    key: identity.key,
    // An empty list, not none: with none, the public authorities of Node would vouch for devices.
    ca: identity.clientCa ?? [],
    minVersion: 'TLSv1.2',
    sessionIdContext: 'espalier-devices',
  };
}
