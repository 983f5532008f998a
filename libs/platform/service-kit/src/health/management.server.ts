import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import type { Health } from './health.js';

export interface ManagementServerOptions {
  readonly host: string;
  readonly port: number;
  readonly health: Health;
  readonly metrics: Registry;
}

/** The port for the platform: /livez, /readyz, /metrics. Plain HTTP, no secrets, not for devices or consoles. */
export class ManagementServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(options: ManagementServerOptions): Promise<ManagementServer> {
    const server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000 }, (request, response) => {
      void answer(request.method ?? '', request.url ?? '', response, options);
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
    await promise;
    return new ManagementServer(server);
  }

  /** The port that was bound, also where 0 was asked for. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }
}

async function answer(
  method: string,
  url: string,
  response: ServerResponse,
  { health, metrics }: ManagementServerOptions,
): Promise<void> {
  if (method !== 'GET' && method !== 'HEAD')
    return send(response, 405, 'text/plain', 'Only GET is answered here.\n');
  switch (url.split('?', 1)[0]) {
    case '/livez':
      return send(response, 200, 'text/plain', 'ok\n');
    case '/readyz': {
      const report = await health.report();
      return send(
        response,
        report.ready ? 200 : 503,
        'application/json',
        `${JSON.stringify(report, null, 2)}\n`,
      );
    }
    case '/metrics':
      try {
        return send(response, 200, metrics.contentType, await metrics.metrics());
      } catch (error) {
        return send(
          response,
          500,
          'text/plain',
          `${error instanceof Error ? error.message : String(error)}\n`,
        );
      }
    default:
      return send(response, 404, 'text/plain', 'Here are /livez, /readyz and /metrics.\n');
  }
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}
