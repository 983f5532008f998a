import { hash } from 'node:crypto';
import { configProxyErrors } from '@espalier/contracts';
import type { ApiTokenStore, StoredToken } from './api-token.store.js';

export interface TokenVerifierOptions {
  readonly store: Pick<ApiTokenStore, 'findByHash'>;
  readonly now: () => Date;
  /** How long a token that was good is taken for good without looking, in ms. Revoking takes so long elsewhere. */
  readonly cacheMs?: number;
}

const CACHE_MS = 3_000;
const CACHE_SIZE = 10_000;
const TOKEN = /^esp_[A-Za-z0-9_-]{43}$/;

/** SHA-256, hex: the token has 256 random bits, so a slow hash would add nothing. */
export const hashToken = (secret: string): string => hash('sha256', secret, 'hex');

/**
 * Tells whether a token is good. Every token costs a hash and a look-up by it, whether known, expired, revoked or
 * made up, and no secret is compared byte by byte: time says nothing about tokens.
 */
export class TokenVerifier {
  readonly #options: TokenVerifierOptions;
  readonly #cache = new Map<string, { readonly token: StoredToken; readonly until: number }>();
  readonly #lookUps = new Map<string, Promise<StoredToken | undefined>>();

  constructor(options: TokenVerifierOptions) {
    this.#options = options;
  }

  /** @throws EspalierError ESP_AUTH_TOKEN_INVALID, ESP_AUTH_TOKEN_EXPIRED, ESP_DATABASE_UNAVAILABLE */
  async verify(secret: string): Promise<StoredToken> {
    if (!TOKEN.test(secret)) throw configProxyErrors.ESP_AUTH_TOKEN_INVALID();
    return this.verifyHash(hashToken(secret));
  }

  async verifyHash(tokenHash: string): Promise<StoredToken> {
    const recent = this.#recent(tokenHash);
    if (recent !== undefined) return recent;
    const token = await this.#lookUp(tokenHash);
    const now = this.#options.now().getTime();
    if (token === undefined || token.revokedAt !== null) throw configProxyErrors.ESP_AUTH_TOKEN_INVALID();
    if (token.expiresAt !== null && token.expiresAt <= now) throw configProxyErrors.ESP_AUTH_TOKEN_EXPIRED();
    if (this.#cache.size >= CACHE_SIZE) this.#cache.clear();
    this.#cache.set(tokenHash, { token, until: now + (this.#options.cacheMs ?? CACHE_MS) });
    return token;
  }

  /** Looks again next time: this replica revoked the token. */
  forget(id: string): void {
    for (const [key, { token }] of this.#cache) if (token.id === id) this.#cache.delete(key);
  }

  #recent(tokenHash: string): StoredToken | undefined {
    const entry = this.#cache.get(tokenHash);
    if (entry === undefined) return undefined;
    const now = this.#options.now().getTime();
    const { expiresAt } = entry.token;
    if (now < entry.until && (expiresAt === null || now < expiresAt)) return entry.token;
    this.#cache.delete(tokenHash);
    return undefined;
  }

  /** Many requests with one token at once make one look-up. */
  #lookUp(tokenHash: string): Promise<StoredToken | undefined> {
    const running = this.#lookUps.get(tokenHash);
    if (running !== undefined) return running;
    const lookUp = this.#options.store.findByHash(tokenHash).finally(() => this.#lookUps.delete(tokenHash));
    this.#lookUps.set(tokenHash, lookUp);
    return lookUp;
  }
}
