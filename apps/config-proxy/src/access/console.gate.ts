import { configProxyErrors, isEspalierError, type ApiScope, type EspalierError } from '@espalier/contracts';
import type { EndpointSpec, Gate } from '@espalier/nest-kit';
import type { TimeRecorder } from '@espalier/persistence';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AccessService } from './access.service.js';
import type { Authenticator } from './authenticator.js';
import { rememberCaller, requireScope, type Credential } from './caller.js';
import type { FailureLimiter } from './failure-limiter.js';
import { checkReach } from './reach.guard.js';
import type { Visibility } from './visibility.service.js';

export interface ConsoleGateOptions {
  readonly access: AccessService;
  readonly visibility: Visibility;
  readonly lastUsed: Pick<TimeRecorder, 'touch'>;
  /** Of those who fail, by address and by account. */
  readonly limiter: FailureLimiter;
  /** Tried in this order, after API tokens. */
  readonly authenticators?: readonly Authenticator[];
}

const BEARER = /^Bearer +([^\s]{1,200}) *$/i;
const API_TOKEN = /^Bearer +esp_/i;
const TOKEN_CHALLENGE = 'Bearer realm="espalier"';

/** Lets in whoever proves to be an administrator who may do, and reach, what the endpoint is for. */
export class ConsoleGate implements Gate {
  readonly #challenges: readonly string[];

  constructor(private readonly options: ConsoleGateOptions) {
    const others = (options.authenticators ?? []).flatMap(({ challenge }) => challenge ?? []);
    this.#challenges = [TOKEN_CHALLENGE, ...others];
  }

  async admit(request: FastifyRequest, reply: FastifyReply, endpoint: EndpointSpec): Promise<void> {
    const credential = await this.#authenticate(request, reply);
    const { rights, token } = credential;
    if (token !== undefined) this.options.lastUsed.touch(token.id);
    const caller = rememberCaller(request, credential);
    const { scope } = endpoint;
    if (scope !== 'any') requireScope(rights.scopes, scope, reply);
    const reach = scope === 'any' ? rights.anywhere : rights.reach(scope as ApiScope);
    if (reach === 'site') return;
    const { visibility } = this.options;
    await checkReach(endpoint, request.params, { visibility, reach, origin: caller.origin });
  }

  async #authenticate(request: FastifyRequest, reply: FastifyReply): Promise<Credential> {
    const { access } = this.options;
    const header = request.headers.authorization ?? '';
    try {
      if (API_TOKEN.test(header)) return await access.byToken(BEARER.exec(header)?.[1] ?? '');
      return (await this.#signIn(request, reply)) ?? (await access.byToken(bearerOf(header)));
    } catch (error) {
      if (!isEspalierError(error)) throw error;
      throw this.#refusal(error, request, reply);
    }
  }

  async #signIn(request: FastifyRequest, reply: FastifyReply): Promise<Credential | undefined> {
    const { access, authenticators = [], limiter } = this.options;
    for (const authenticator of authenticators) {
      const signedIn = await authenticator.authenticate(request);
      if (signedIn === undefined) continue;
      const wait = limiter.waitSeconds(signedIn.identity);
      if (wait > 0) throw tooMany(reply, wait);
      void reply.headers(signedIn.responseHeaders ?? {});
      try {
        return await access.bySignIn(signedIn);
      } catch (error) {
        // Whoever proved who they are, and may not in, is slowed wherever they come from.
        if (isEspalierError(error) && error.status < 500) limiter.failed(signedIn.identity);
        throw error;
      }
    }
    return undefined;
  }

  /** Counts what was wrong, and says by which headers and errors it is answered. */
  #refusal(error: EspalierError, request: FastifyRequest, reply: FastifyReply): EspalierError {
    if (error.status !== 401) return error;
    const isMissing = error.code === 'ESP_AUTH_TOKEN_MISSING';
    if (!isMissing) {
      // Good tokens are never held up by bad ones: many callers may share an address, and a guess among 2^256 is
      // hopeless at any rate.
      const { limiter } = this.options;
      const wait = limiter.waitSeconds(request.ip);
      limiter.failed(request.ip);
      if (wait > 0) return tooMany(reply, wait, error);
    }
    const [token, ...others] = this.#challenges;
    void reply.header('www-authenticate', [isMissing ? token : `${token}, error="invalid_token"`, ...others]);
    return error;
  }
}

/** @throws EspalierError ESP_AUTH_TOKEN_MISSING */
function bearerOf(header: string): string {
  const secret = BEARER.exec(header)?.[1];
  if (secret === undefined) throw configProxyErrors.ESP_AUTH_TOKEN_MISSING();
  return secret;
}

function tooMany(reply: FastifyReply, seconds: number, cause?: EspalierError): EspalierError {
  void reply.header('retry-after', String(seconds));
  return configProxyErrors.ESP_AUTH_TOO_MANY_FAILURES({ cause });
}
