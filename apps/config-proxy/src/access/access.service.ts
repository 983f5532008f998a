import { administratorErrors, configProxyErrors, type ApiScope } from '@espalier/contracts';
import type { AdministratorDirectory } from '../administrators/administrator.directory.js';
import type { KnownAdministrator } from '../administrators/administrator.rows.js';
import type { StoredToken } from '../api-tokens/api-token.store.js';
import type { TokenVerifier } from '../api-tokens/token-verifier.js';
import type { Rights } from '../roles/rights.js';
import type { SignedIn } from './authenticator.js';
import type { Caller, Credential } from './caller.js';

export interface AccessOptions {
  readonly verifier: Pick<TokenVerifier, 'verify' | 'verifyHash'>;
  readonly directory: Pick<AdministratorDirectory, 'enabled' | 'ofIdentity'>;
  readonly now: () => Date;
}

/**
 * How long a proof that was made for one request, a ticket or a handshake, holds for what goes on after it, in ms. It is
 * as long as a connection with a client certificate lives.
 */
const PROOF_MS = 600_000;

/** Says who somebody is and what they may do now: their roles, and no more than their token. */
export class AccessService {
  /** Rights of tokens, for as long as neither token nor administrator is looked up anew. */
  readonly #rights = new WeakMap<StoredToken, { readonly of: KnownAdministrator; readonly rights: Rights }>();

  constructor(private readonly options: AccessOptions) {}

  /** @throws EspalierError ESP_AUTH_TOKEN_INVALID, _EXPIRED, ESP_AUTH_ADMINISTRATOR_DISABLED */
  async byToken(secret: string): Promise<Credential> {
    return this.#ofToken(await this.options.verifier.verify(secret));
  }

  /** @throws EspalierError ESP_AUTH_NOT_AN_ADMINISTRATOR naming the identity, ESP_AUTH_ADMINISTRATOR_DISABLED */
  async bySignIn({ method, identity, expiresAt }: SignedIn): Promise<Credential> {
    const provenAt = this.options.now().getTime();
    const administrator = await this.options.directory.ofIdentity(identity);
    if (administrator === undefined)
      throw administratorErrors.ESP_AUTH_NOT_AN_ADMINISTRATOR({ detail: identity });
    return { administrator, method, rights: administrator.rights, expiresAt, identity, provenAt };
  }

  /**
   * For what goes on after a request was let in, as a stream: whether the caller would be let in now, for the whole
   * site.
   * @throws as `byToken`, ESP_AUTH_SCOPE_MISSING
   */
  async checkAgain(caller: Caller, scope: ApiScope): Promise<void> {
    const { verifier, now } = this.options;
    const { token } = caller;
    const rights =
      token === undefined
        ? await this.#ofSignIn(caller)
        : (await this.#ofToken(await verifier.verifyHash(token.hash))).rights;
    if (rights === undefined || endOf(caller) <= now().getTime())
      throw configProxyErrors.ESP_AUTH_TOKEN_EXPIRED();
    if (rights.reach(scope) !== 'site')
      throw configProxyErrors.ESP_AUTH_SCOPE_MISSING({ detail: `Needed: ${scope}.` });
  }

  /** Undefined where the identity is not theirs any more. */
  async #ofSignIn({ identity, administrator }: Caller): Promise<Rights | undefined> {
    const now = identity === undefined ? undefined : await this.options.directory.ofIdentity(identity);
    return now?.id === administrator.id ? now.rights : undefined;
  }

  async #ofToken(token: StoredToken): Promise<Credential> {
    const administrator = await this.options.directory.enabled(token.administratorId);
    if (administrator === undefined) throw configProxyErrors.ESP_AUTH_TOKEN_INVALID();
    let known = this.#rights.get(token);
    if (known?.of !== administrator) {
      known = { of: administrator, rights: administrator.rights.within(token.scopes) };
      this.#rights.set(token, known);
    }
    return { administrator, method: 'token', token, rights: known.rights, expiresAt: token.expiresAt };
  }
}

/** When what goes on for a caller must be proven anew. */
function endOf({ method, expiresAt, provenAt }: Caller): number {
  const isForOneRequest = method === 'kerberos' || method === 'certificate';
  const proof = isForOneRequest && provenAt !== undefined ? provenAt + PROOF_MS : Infinity;
  return Math.min(proof, expiresAt ?? Infinity);
}
