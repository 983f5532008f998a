import { configProxyErrors, isEspalierError } from '@espalier/contracts';
import type { Gate } from '@espalier/nest-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { StoredToken } from '../api-tokens/api-token.store.js';
import type { TimeRecorder } from '@espalier/persistence';
import type { TokenVerifier } from '../api-tokens/token-verifier.js';
import { rememberCaller, requireScope } from './caller.js';
import type { FailureLimiter } from './failure-limiter.js';

export interface ConsoleGateOptions {
  readonly verifier: TokenVerifier;
  readonly lastUsed: Pick<TimeRecorder, 'touch'>;
  readonly limiter: FailureLimiter;
}

const BEARER = /^Bearer +([^\s]{1,200}) *$/i;

/** Lets in who has a good API token with the scope that the endpoint needs. */
export class ConsoleGate implements Gate {
  constructor(private readonly options: ConsoleGateOptions) {}

  async admit(
    request: FastifyRequest,
    reply: FastifyReply,
    endpoint: { readonly scope: string },
  ): Promise<void> {
    const token = await this.#authenticate(request, reply);
    this.options.lastUsed.touch(token.id);
    if (endpoint.scope !== 'any') requireScope(new Set(token.scopes), endpoint.scope, reply);
    rememberCaller(request, token);
  }

  async #authenticate(request: FastifyRequest, reply: FastifyReply): Promise<StoredToken> {
    const { verifier, limiter } = this.options;
    const secret = BEARER.exec(request.headers.authorization ?? '')?.[1];
    if (secret === undefined) {
      void reply.header('www-authenticate', 'Bearer realm="espalier"');
      throw configProxyErrors.ESP_AUTH_TOKEN_MISSING();
    }
    try {
      return await verifier.verify(secret);
    } catch (error) {
      if (!isEspalierError(error) || error.status !== 401) throw error;
      // Good tokens are never held up by bad ones: many callers may share an address, and a guess among 2^256 is
      // hopeless at any rate.
      const wait = limiter.waitSeconds(request.ip);
      limiter.failed(request.ip);
      if (wait > 0) {
        void reply.header('retry-after', String(wait));
        throw configProxyErrors.ESP_AUTH_TOO_MANY_FAILURES({ cause: error });
      }
      void reply.header('www-authenticate', 'Bearer realm="espalier", error="invalid_token"');
      throw error;
    }
  }
}
