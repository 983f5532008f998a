import { readFileSync } from 'node:fs';
import { request as httpsRequest, type RequestOptions, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { isEspalierError } from '@espalier/contracts';
import { fastify, type FastifyInstance } from 'fastify';
import type { Authenticator } from '../access/authenticator.js';

/** PEM files: its certificate and key, and the authority that callers trust. */
export interface DoorFiles {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** What the door answered: a SignedIn, or an error's body. */
export interface DoorAnswer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly json: {
    readonly code?: string;
    readonly mend?: string;
    readonly retryable?: boolean;
    readonly identity?: string;
    readonly name?: string;
    readonly expiresAt?: number | null;
  };
}

/** A door as small as can be: GET / answers who signed in, or 204 where nobody did. */
export class Door {
  port = 0;
  readonly #server: FastifyInstance;

  constructor(
    private readonly files: DoorFiles,
    authenticators: readonly Authenticator[],
    tls: ServerOptions = {},
  ) {
    this.#server = fastify({
      https: { cert: readFileSync(files.certFile), key: readFileSync(files.keyFile), ...tls },
      forceCloseConnections: true,
    });
    this.#server.setErrorHandler((error, _request, reply) =>
      isEspalierError(error)
        ? reply.code(error.status).send(error.toBody())
        : reply.code(500).send({ code: String(error) }),
    );
    this.#server.get('/', async (request, reply) => {
      for (const authenticator of authenticators) {
        const signedIn = await authenticator.authenticate(request);
        if (signedIn !== undefined) return reply.headers(signedIn.responseHeaders ?? {}).send(signedIn);
      }
      return reply.code(204).send();
    });
  }

  /** @param port 0 lets the system choose */
  async start(port = 0): Promise<this> {
    await this.#server.listen({ port, host: '127.0.0.1' });
    this.port = (this.#server.server.address() as AddressInfo).port;
    return this;
  }

  get server(): Server {
    return this.#server.server as Server;
  }

  async stop(): Promise<void> {
    await this.#server.close();
  }

  get(headers: Record<string, string> = {}, options: RequestOptions = {}): Promise<DoorAnswer> {
    return new Promise((resolve, reject) => {
      const ca = readFileSync(this.files.caFile);
      httpsRequest(
        { host: 'localhost', port: this.port, path: '/', agent: false, ca, headers, ...options },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8');
          answer.on('data', (chunk: string) => (text += chunk));
          answer.on('error', reject);
          answer.on('end', () =>
            resolve({
              status: answer.statusCode ?? 0,
              headers: answer.headers,
              json: (text === '' ? {} : JSON.parse(text)) as DoorAnswer['json'],
            }),
          );
        },
      )
        .on('error', reject)
        .end();
    });
  }
}
