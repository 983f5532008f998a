import { allApiScopes, configProxyErrors, type ApiScope, type ApiToken } from '@espalier/contracts';
import type { Logger } from '@espalier/service-kit';
import type { ApiTokenStore, StoredToken } from './api-token.store.js';
import { hashToken, type TokenVerifier } from './token-verifier.js';

export interface ApiTokenServiceOptions {
  readonly store: ApiTokenStore;
  readonly verifier: Pick<TokenVerifier, 'forget'>;
  readonly logger: Logger;
  readonly now: () => Date;
  readonly uuid: () => string;
  readonly randomBytes: (size: number) => Buffer;
}

export interface NewToken {
  readonly name: string;
  readonly scopes: readonly ApiScope[];
  readonly expiresInDays: number;
}

/** Who makes or revokes a token. */
export interface Issuer {
  readonly scopes: ReadonlySet<ApiScope>;
  /** As shown to people. */
  readonly title: string;
}

const DAY_MS = 86_400_000;

/** Makes, lists and revokes API tokens. */
export class ApiTokenService {
  constructor(private readonly options: ApiTokenServiceOptions) {}

  /** @throws EspalierError ESP_API_TOKEN_SCOPE_NOT_HELD */
  async create(asked: NewToken, by: Issuer): Promise<{ token: ApiToken; secret: string }> {
    const { store, now, uuid, randomBytes, logger } = this.options;
    const beyond = asked.scopes.filter((scope) => !by.scopes.has(scope));
    if (beyond.length > 0)
      throw configProxyErrors.ESP_API_TOKEN_SCOPE_NOT_HELD({ detail: `Not held: ${beyond.join(', ')}.` });
    const secret = `esp_${randomBytes(32).toString('base64url')}`;
    const createdAt = now().getTime();
    const token = {
      id: uuid(),
      name: asked.name,
      scopes: [...asked.scopes],
      createdAt,
      createdBy: by.title,
      expiresAt: createdAt + asked.expiresInDays * DAY_MS,
    };
    await store.insert({ ...token, hash: hashToken(secret) });
    logger.info(
      { tokenId: token.id, name: token.name, scopes: token.scopes, by: by.title },
      'API token made',
    );
    return { token: { ...token, lastUsedAt: null, revokedAt: null }, secret };
  }

  async list(limit: number, cursor: string | undefined): Promise<{ items: ApiToken[]; nextCursor?: string }> {
    const { rows, next } = await this.options.store.list(limit, cursor);
    return { items: rows.map(withoutHash), ...(next !== undefined && { nextCursor: next }) };
  }

  /** @throws EspalierError ESP_API_TOKEN_UNKNOWN */
  async revoke(id: string, by: Issuer): Promise<void> {
    const { store, verifier, now, logger } = this.options;
    if (!(await store.revoke(id, now().getTime(), by.title)))
      throw configProxyErrors.ESP_API_TOKEN_UNKNOWN({ detail: id });
    verifier.forget(id);
    logger.info({ tokenId: id, by: by.title }, 'API token revoked');
  }

  /** Makes the first token known; one that is known stays as it is, also where it was revoked. */
  async addBootstrapToken(secret: string): Promise<void> {
    const { store, now, uuid, logger } = this.options;
    const added = await store.insert({
      id: uuid(),
      name: 'bootstrap admin',
      scopes: [...allApiScopes],
      hash: hashToken(secret),
      createdAt: now().getTime(),
      createdBy: 'ESPALIER_BOOTSTRAP_ADMIN_TOKEN_FILE',
      expiresAt: null,
    });
    if (added) logger.warn('the bootstrap admin token is good from now on; revoke it once there are others');
  }
}

function withoutHash({ hash: _hash, ...token }: StoredToken): ApiToken {
  return token;
}
