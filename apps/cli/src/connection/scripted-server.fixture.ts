import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { TestIdentity } from '@espalier/testing';

/** A request as it arrived. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What the server does with a request. */
export type Script = (seen: Seen, response: ServerResponse) => void;

/** Answers as JSON. */
export function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** An HTTPS server on localhost whose TLS is real and whose answers a spec writes. */
export class ScriptedServer {
  private constructor(
    readonly url: string,
    private readonly server: Server,
  ) {}

  static async start(identity: TestIdentity, script: Script): Promise<ScriptedServer> {
    const server = createServer({ cert: identity.certificate, key: identity.key }, (request, response) => {
      void buffer(request).then((body) => {
        const { method = '', url = '', headers } = request;
        script({ method, url, headers, body: body.toString() }, response);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ScriptedServer(`https://localhost:${(server.address() as AddressInfo).port}`, server);
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
