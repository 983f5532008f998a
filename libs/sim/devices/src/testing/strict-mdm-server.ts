import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import {
  buildEnrollmentProfile,
  encodeProfile,
  signProfile,
  type EnrollmentProfileOptions,
} from '@espalier/config-profile';
import type { AppleSim } from '@espalier/sim-apple';
import { encodePem, fingerprint } from '@espalier/x509';
import { makeServerIdentities, type ServerIdentities } from './server-identities.js';
import { StrictChannel } from './strict-channel.js';
import { StrictScep, type Answer } from './strict-scep.js';

/** An answer in the server's stead, or a connection that breaks before or in the middle of the server's own. */
export type Interference = Answer | { readonly cut: 'before' | 'middle' };

/** A request that has arrived as a whole. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface StrictProfileOptions extends Partial<
  Pick<EnrollmentProfileOptions, 'signMessage' | 'accessRights' | 'checkOutWhenRemoved' | 'topic'>
> {
  readonly signed?: boolean;
  readonly challenge?: string;
  readonly caFingerprint?: Buffer;
}

/**
 * A small MDM server for specs of simulated devices: the real protocol libraries behind real TLS, one identity pinned
 * per device, everything in memory. It serves `/enroll`, `/scep`, `/checkin` and `/connect`.
 */
export class StrictMdmServer {
  readonly topic = 'com.apple.mgmt.External.00000000-0000-4000-8000-000000000001';
  readonly scep: StrictScep;
  readonly channel: StrictChannel;
  /** Everything that arrived whole. */
  readonly requests: SeenRequest[] = [];
  /** May answer instead of the server; looked at for each request. */
  interfere: ((request: SeenRequest) => Interference | undefined) | undefined;
  /** What the server refused because it could not be right. */
  readonly complaints: string[] = [];
  #apns: ClientHttp2Session | undefined;

  private constructor(
    private readonly apple: AppleSim,
    private readonly identities: ServerIdentities,
    private readonly server: Server,
  ) {
    this.scep = new StrictScep(identities.scepCa);
    this.channel = new StrictChannel(identities.scepCa.certificate, this.topic);
    server.on('request', (request, response) => void this.#handle(request, response));
  }

  static async start(apple: AppleSim): Promise<StrictMdmServer> {
    const identities = makeServerIdentities();
    // Identities are checked by the channel, since a device may sign instead.
    const server = createServer({ ...identities.tls, requestCert: true, rejectUnauthorized: false });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new StrictMdmServer(apple, identities, server);
  }

  get url(): string {
    return `https://localhost:${(this.server.address() as AddressInfo).port}`;
  }

  /** PEM of the root that its TLS certificate is by. */
  get ca(): string {
    return encodePem('CERTIFICATE', this.identities.root.raw);
  }

  /** An enrolment profile, with a fresh challenge unless one is given. */
  profile(options: StrictProfileOptions = {}): Buffer {
    const { scepCa, root, profileSigner } = this.identities;
    const { signed = false, challenge = this.#newChallenge(), caFingerprint, ...rest } = options;
    const profile = encodeProfile(
      buildEnrollmentProfile({
        organization: 'Espalier',
        displayName: 'Strict MDM',
        identifier: 'com.example.strict',
        serverUrl: `${this.url}/connect`,
        checkInUrl: `${this.url}/checkin`,
        topic: this.topic,
        caCertificates: [root.raw],
        signMessage: true,
        scep: {
          url: `${this.url}/scep`,
          name: 'strict',
          challenge,
          subject: [['CN', '%SerialNumber%']],
          caFingerprint: caFingerprint ?? Buffer.from(fingerprint(scepCa.certificate.raw), 'hex'),
        },
        ...rest,
      }),
    );
    return signed ? signProfile(profile, profileSigner) : profile;
  }

  /** Pushes to a device by the real APNs protocol; the status of the answer. */
  async push(udid: string, magic?: string): Promise<number> {
    const { tokenUpdate } = this.channel.of(udid);
    if (tokenUpdate === undefined) throw new Error(`${udid} has sent no token`);
    const stream = this.#apnsSession().request({
      ':method': 'POST',
      ':path': `/3/device/${tokenUpdate.token.toString('hex')}`,
      'apns-topic': this.topic,
      'apns-push-type': 'mdm',
      'apns-priority': '10',
      'apns-expiration': String(Math.floor(Date.now() / 1000) + 3600),
    });
    stream.end(JSON.stringify({ mdm: magic ?? tokenUpdate.pushMagic }));
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    stream.resume();
    await once(stream, 'close');
    return Number(headers[':status']);
  }

  async close(): Promise<void> {
    this.#apns?.destroy();
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  #newChallenge(): string {
    const challenge = randomUUID();
    this.scep.challenges.add(challenge);
    return challenge;
  }

  #apnsSession(): ClientHttp2Session {
    if (this.#apns !== undefined && !this.#apns.destroyed && !this.#apns.closed) return this.#apns;
    const { certificate: cert, key } = this.apple.issuePushCertificate(this.topic);
    return (this.#apns = connectHttp2(this.apple.apnsUrl, { ca: this.apple.ca, cert, key }));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    } catch {
      // Cut short: no message.
      return;
    }
    const url = new URL(request.url ?? '/', this.url);
    const body = Buffer.concat(chunks);
    const seen = { method: request.method ?? '', path: url.pathname, headers: request.headers, body };
    this.requests.push(seen);
    const interference = this.interfere?.(seen);
    if (interference !== undefined && 'cut' in interference && interference.cut === 'before')
      return void response.destroy();
    const answer =
      interference === undefined || 'cut' in interference
        ? this.#answer(seen, url, request.socket as TLSSocket)
        : interference;
    if (interference !== undefined && 'cut' in interference) return cutShort(response, answer);
    response.writeHead(answer.status, {
      ...answer.headers,
      'content-length': Buffer.byteLength(answer.body ?? ''),
    });
    response.end(answer.body);
  }

  #answer(seen: SeenRequest, url: URL, socket: TLSSocket): Answer {
    try {
      if (url.pathname === '/enroll')
        return {
          status: 200,
          headers: { 'content-type': 'application/x-apple-aspen-config' },
          body: this.profile(),
        };
      if (url.pathname === '/scep') return this.scep.answer(seen.method, url.searchParams, seen.body);
      if (seen.method !== 'PUT') return { status: 405 };
      const peer = socket.getPeerX509Certificate();
      return this.channel.answer({ headers: seen.headers, body: seen.body, clientCertificate: peer?.raw });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.complaints.push(message);
      return { status: 400, body: message };
    }
  }
}

/** Announces the whole body (one byte where there is none) and sends half of it. */
function cutShort(response: ServerResponse, { status, headers, body = '' }: Answer): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, 'content-length': Math.max(bytes.length, 1) });
  response.flushHeaders();
  response.write(bytes.subarray(0, bytes.length >> 1));
  setImmediate(() => response.destroy());
}
