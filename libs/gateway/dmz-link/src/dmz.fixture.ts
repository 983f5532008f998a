import { once } from 'node:events';
import type { ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { collectBody, contentLengthOf, DmzSession, LINK_ALPN } from '@espalier/link';
import { testCertificate } from '@espalier/testing';

export const dmzIdentity = testCertificate('dmz');
export const ourIdentity = testCertificate('mdm');

/** The listening end of the link, with nothing behind it: what a DMZ that was taken over could send. */
export class BareDmz {
  readonly sessions: DmzSession[] = [];
  #arrived = Promise.withResolvers<DmzSession>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<BareDmz> {
    const server = createServer({
      cert: dmzIdentity.certificate,
      key: dmzIdentity.key,
      ca: ourIdentity.certificate,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.3',
      ALPNProtocols: [LINK_ALPN],
    });
    const dmz = new BareDmz(server);
    server.on('secureConnection', (socket) => {
      void DmzSession.accept(socket, { dmzId: 'dmz-0', judge: () => undefined }).then(
        (session) => {
          dmz.sessions.push(session);
          dmz.#arrived.resolve(session);
        },
        () => undefined,
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return dmz;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The next link that comes up. */
  async session(): Promise<DmzSession> {
    const session = await this.#arrived.promise;
    this.#arrived = Promise.withResolvers();
    return session;
  }

  stop(): void {
    this.server.close();
  }
}

/** Sends a request without a body, or with one in one piece. */
export function send(
  session: DmzSession,
  headers: OutgoingHttpHeaders,
  body?: Buffer | string,
): { readonly stream: ClientHttp2Stream; readonly reply: Promise<BareReply> } {
  const stream = session.request(headers, { endStream: body === undefined, waitForTrailers: false });
  if (body !== undefined) stream.end(body);
  return { stream, reply: readReply(stream, headers[':method'] === 'HEAD') };
}

export interface BareReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

async function readReply(stream: ClientHttp2Stream, head: boolean): Promise<BareReply> {
  const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status': number }];
  const bodyless = head || headers[':status'] === 204;
  const length = bodyless ? 0 : contentLengthOf(headers);
  const body = await collectBody(stream, length, 10_000_000);
  return { status: headers[':status'], headers, body: body.toString() };
}
