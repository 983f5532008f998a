import { hash } from 'node:crypto';
import { configProxyErrors } from '@espalier/contracts';
import { RecentCache } from '../access/recent.cache.js';
import type { ApiTokenStore, StoredToken } from './api-token.store.js';

export interface TokenVerifierOptions {
  readonly store: Pick<ApiTokenStore, 'findByHash'>;
  readonly now: () => Date;
  /** How long a token that was good is taken for good without looking, in ms. Revoking takes so long elsewhere. */
  readonly cacheMs?: number;
}

const CACHE_MS = 3_000;
const TOKEN = /^esp_[A-Za-z0-9_-]{43}$/;

/** SHA-256, hex: the token has 256 random bits, so a slow hash would add nothing. */
export const hashToken = (secret: string): string => hash('sha256', secret, 'hex');

/**
 * Tells whether a token is good. Every token costs a hash and a look-up by it, whether known, expired, revoked or
 * made up, and no secret is compared byte by byte: time says nothing about tokens.
 */
export class TokenVerifier {
  readonly #now: () => Date;
  readonly #tokens: RecentCache<StoredToken>;

  constructor({ store, now, cacheMs = CACHE_MS }: TokenVerifierOptions) {
    this.#now = now;
    this.#tokens = new RecentCache({ load: (key) => store.findByHash(key), now, keepMs: cacheMs });
  }

  /** @throws EspalierError ESP_AUTH_TOKEN_INVALID, ESP_AUTH_TOKEN_EXPIRED, ESP_DATABASE_UNAVAILABLE */
  async verify(secret: string): Promise<StoredToken> {
    if (!TOKEN.test(secret)) throw configProxyErrors.ESP_AUTH_TOKEN_INVALID();
    return this.verifyHash(hashToken(secret));
  }

  async verifyHash(tokenHash: string): Promise<StoredToken> {
    const token = this.#tokens.recent(tokenHash) ?? (await this.#tokens.get(tokenHash));
    if (token === undefined || token.revokedAt !== null) throw configProxyErrors.ESP_AUTH_TOKEN_INVALID();
    const isOver = token.expiresAt !== null && token.expiresAt <= this.#now().getTime();
    if (isOver) throw configProxyErrors.ESP_AUTH_TOKEN_EXPIRED();
    return token;
  }

  /** Looks again next time: this replica revoked the token. */
  forget(id: string): void {
    this.#tokens.forget((token) => token.id === id);
  }
}
