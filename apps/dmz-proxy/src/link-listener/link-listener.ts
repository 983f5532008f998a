import { constants, type X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { BlockList, isIPv6, type AddressInfo, type Socket } from 'node:net';
import {
  createSecureContext,
  createServer,
  type SecureContext,
  type SecureContextOptions,
  type Server,
  type TLSSocket,
} from 'node:tls';
import {
  DmzSession,
  LINK_ALPN,
  LinkError,
  pinRefusalOf,
  type LinkHello,
  type LinkTimings,
} from '@espalier/link';
import type { Logger } from '@espalier/service-kit';
import type { DmzProxyMetrics } from '../dmz-proxy.metrics.js';
import type { LinkRegistry } from '../links/link-registry.js';
import type { AllowedPeer, AllowedPeers } from './allowed-peers.js';

/** What the listener shows and whom it lets in; replaced as a whole when files change. */
export interface LinkIdentity {
  /** Self-signed certificate, PEM. */
  readonly certificate: string;
  readonly key: string;
  readonly peers: AllowedPeers;
}

export interface LinkListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly dmzId: string;
  readonly identity: LinkIdentity;
  /** Networks in CIDR that may connect; empty: any. */
  readonly allowFrom: readonly string[];
  readonly registry: LinkRegistry;
  readonly metrics: DmzProxyMetrics;
  readonly logger: Logger;
  readonly timings?: LinkTimings;
  readonly now?: () => Date;
}

interface LiveLink {
  readonly certificate: X509Certificate | undefined;
  readonly peer: AllowedPeer;
  readonly socket: TLSSocket;
}

const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Far more than all replicas of all services need. */
const MAX_CONNECTIONS = 1_000;

/** The port that the inside dials: lets pinned peers in, exchanges hellos, hands links to the registry. */
export class LinkListener {
  readonly #server: Server;
  readonly #live = new Map<DmzSession, LiveLink>();
  #identity: LinkIdentity;
  #permitted: readonly string[];
  #pinned: SecureContext;
  #closing = false;
  #endedBytes = { received: 0, sent: 0 };

  private constructor(private readonly options: LinkListenerOptions) {
    this.#identity = options.identity;
    this.#permitted = options.identity.peers.peers.flatMap((peer) => peer.prefixes);
    this.#pinned = pinnedContext(options.identity);
    const allowed = readNetworks(options.allowFrom);
    this.#server = createServer({
      ...contextOf(options.identity),
      requestCert: true,
      rejectUnauthorized: true,
      SNICallback: (_name, done) => done(null, this.#pinned),
      ALPNProtocols: [LINK_ALPN],
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    });
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.prependListener('connection', (socket: Socket) => {
      if (allowed === undefined || isAllowed(allowed, socket.remoteAddress)) return;
      options.metrics.linkHandshakeFailures.inc({ reason: 'network' });
      socket.destroy();
    });
    this.#server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) =>
      this.#onTlsError(error, socket),
    );
    this.#server.on('secureConnection', (socket) => void this.#welcome(socket));
  }

  static async start(options: LinkListenerOptions): Promise<LinkListener> {
    const listener = new LinkListener(options);
    listener.#server.listen(options.port, options.host);
    await once(listener.#server, 'listening');
    return listener;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get identity(): LinkIdentity {
    return this.#identity;
  }

  /** Prefixes that some peer may serve, connected or not. */
  get permitted(): readonly string[] {
    return this.#permitted;
  }

  /** Bytes over this port so far. */
  get bytes(): { readonly received: number; readonly sent: number } {
    let { received, sent } = this.#endedBytes;
    for (const { socket } of this.#live.values()) {
      received += socket.bytesRead;
      sent += socket.bytesWritten;
    }
    return { received, sent };
  }

  /** Shows another certificate and lets other peers in from now on; links whose pin is gone are closed. */
  replaceIdentity(identity: LinkIdentity): void {
    this.#server.setSecureContext(contextOf(identity));
    this.#pinned = pinnedContext(identity);
    this.#identity = identity;
    this.#permitted = identity.peers.peers.flatMap((peer) => peer.prefixes);
    for (const [link, { certificate, peer }] of this.#live) {
      const now = this.#now();
      const verdict = identity.peers.find(certificate, now);
      // A certificate that expired meanwhile keeps its link; a pin that was revoked or moved does not.
      const kept = verdict.ok
        ? verdict.peer.service === peer.service && verdict.peer.site === peer.site
        : verdict.reason === 'expired';
      if (!kept) link.destroy(new LinkError('PIN', 'the pin of this link is no longer valid'));
    }
  }

  /** Takes no new links; those that are up stay. */
  stop(): void {
    this.#closing = true;
    this.#server.close();
  }

  #now(): Date {
    return this.options.now?.() ?? new Date();
  }

  #onTlsError(error: NodeJS.ErrnoException, socket: TLSSocket): void {
    // Node leaves the verification error on the socket and reports a reset.
    const reason = pinRefusalOf(String(socket.authorizationError)) ?? pinRefusalOf(error.code);
    const { metrics, logger } = this.options;
    if (reason === undefined) metrics.linkHandshakeFailures.inc({ reason: error.code ?? 'unknown' });
    else metrics.pinMismatches.inc({ reason });
    logger.warn(
      { remote: socket.remoteAddress, reason: reason ?? error.code },
      'a TLS handshake on the link port failed',
    );
  }

  async #welcome(socket: TLSSocket): Promise<void> {
    const { registry, metrics, logger, dmzId, timings, now } = this.options;
    socket.on('error', () => undefined);
    const certificate = socket.getPeerX509Certificate();
    const verdict = this.#identity.peers.find(certificate, this.#now());
    if (!verdict.ok) {
      metrics.pinMismatches.inc({ reason: verdict.reason });
      logger.warn({ remote: socket.remoteAddress, reason: verdict.reason }, 'a peer without a valid pin');
      socket.destroy();
      return;
    }
    if (socket.alpnProtocol !== LINK_ALPN || this.#closing) {
      if (!this.#closing) metrics.linkHandshakeFailures.inc({ reason: 'alpn' });
      socket.destroy();
      return;
    }
    const { peer } = verdict;
    socket.setNoDelay(true);
    try {
      const judge = (hello: LinkHello): void => registry.judge(hello, peer);
      const link = await DmzSession.accept(socket, {
        dmzId,
        judge,
        ...(timings !== undefined && { timings }),
        ...(now !== undefined && { now }),
      });
      this.#serve(link, { certificate, peer, socket });
    } catch (error) {
      const reason =
        error instanceof LinkError ? error : new LinkError('CLOSED', String(error), { cause: error });
      if (reason.status === 403) metrics.pinMismatches.inc({ reason: 'other_service' });
      metrics.linksEnded.inc({
        peer_service: peer.service,
        reason: String(reason.status ?? reason.code.toLowerCase()),
      });
      logger.warn(
        { remote: socket.remoteAddress, service: peer.service, code: reason.code, status: reason.status },
        `a link was refused: ${reason.message}`,
      );
    }
  }

  #serve(link: DmzSession, live: LiveLink): void {
    const { registry, metrics, logger } = this.options;
    const { linkId, service, site, replica, slot, build } = link.hello;
    const facts = { linkId, peerService: service, site, peerReplica: replica, slot, build };
    logger.info({ ...facts, remote: live.socket.remoteAddress }, 'link up');
    this.#live.set(link, live);
    registry.add(link);
    void link.closed.then((reason) => {
      this.#live.delete(link);
      this.#endedBytes.received += live.socket.bytesRead;
      this.#endedBytes.sent += live.socket.bytesWritten;
      metrics.linksEnded.inc({ peer_service: service, reason: reason.code.toLowerCase() });
      logger.info({ ...facts, code: reason.code, reason: reason.message }, 'link down');
    });
  }
}

function contextOf(identity: LinkIdentity): SecureContextOptions {
  return {
    cert: identity.certificate,
    key: identity.key,
    ca: identity.peers.trusted,
    minVersion: 'TLSv1.3',
    // Links are permanent: nothing to resume, and resumption would skip checks.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

/**
 * The same, where each pin vouches for itself alone: of two pins with one subject, as a change of keys has them, OpenSSL
 * otherwise sees only the first. Node lets a server have this in a context for a server name only.
 */
function pinnedContext(identity: LinkIdentity): SecureContext {
  return createSecureContext({ ...contextOf(identity), allowPartialTrustChain: true });
}

function readNetworks(networks: readonly string[]): BlockList | undefined {
  if (networks.length === 0) return undefined;
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    list.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  return list;
}

function isAllowed(list: BlockList, address: string | undefined): boolean {
  return address !== undefined && list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
