import {
  administratorErrors,
  allApiScopes,
  configProxyErrors,
  type ApiScope,
  type ApiToken,
} from '@espalier/contracts';
import type { Logger } from '@espalier/service-kit';
import { SITE_ADMINISTRATOR_ID } from '../administrators/administrator.rows.js';
import type { Rights } from '../roles/rights.js';
import type { ApiTokenStore, StoredToken } from './api-token.store.js';
import { hashToken, type TokenVerifier } from './token-verifier.js';

export interface ApiTokenServiceOptions {
  readonly store: ApiTokenStore;
  readonly verifier: Pick<TokenVerifier, 'forget'>;
  /** Whether there is such an administrator. */
  readonly administratorExists: (id: string) => Promise<boolean>;
  /** How long a token counts as new, in ms: what is made with it then counts as made by who made it. */
  readonly restMs: number;
  readonly logger: Logger;
  readonly now: () => Date;
  readonly uuid: () => string;
  readonly randomBytes: (size: number) => Buffer;
}

export interface NewToken {
  readonly name: string;
  readonly scopes: readonly ApiScope[];
  readonly expiresInDays: number;
  /** Whose it is; the issuer's own unless given. */
  readonly administratorId?: string | undefined;
}

/** Who makes or revokes a token. */
export interface Issuer {
  readonly administrator: { readonly id: string };
  readonly rights: Pick<Rights, 'scopes' | 'reach' | 'lacking'>;
  /** The administrator who made their token, where it was another one. */
  readonly madeBy?: string | undefined;
  readonly token?: Pick<ApiToken, 'createdAt'> | undefined;
  /** As shown to people. */
  readonly title: string;
}

const DAY_MS = 86_400_000;

/**
 * Makes, lists and revokes API tokens: one's own or, with `administrators:admin`, those of others. Whoever makes a
 * token holds it in hand, so it can do no more than its maker, wherever it may be used.
 */
export class ApiTokenService {
  constructor(private readonly options: ApiTokenServiceOptions) {}

  /** @throws EspalierError ESP_API_TOKEN_SCOPE_NOT_HELD, ESP_AUTH_SCOPE_MISSING, ESP_ADMINISTRATOR_UNKNOWN */
  async create(asked: NewToken, by: Issuer): Promise<{ token: ApiToken; secret: string }> {
    const { store, now, uuid, randomBytes, logger } = this.options;
    const administratorId = asked.administratorId ?? by.administrator.id;
    const isOwn = administratorId === by.administrator.id;
    if (!isOwn) await this.#checkOther(administratorId, by);
    // With a token of somebody else's its maker would reach what that one reaches.
    const beyond = isOwn
      ? asked.scopes.filter((scope) => !by.rights.scopes.has(scope))
      : by.rights.lacking(asked.scopes);
    if (beyond.length > 0)
      throw configProxyErrors.ESP_API_TOKEN_SCOPE_NOT_HELD({ detail: `Not held: ${beyond.join(', ')}.` });
    const secret = `esp_${randomBytes(32).toString('base64url')}`;
    const createdAt = now().getTime();
    const token = {
      id: uuid(),
      name: asked.name,
      administratorId,
      scopes: [...asked.scopes],
      createdAt,
      createdBy: by.title,
      expiresAt: createdAt + asked.expiresInDays * DAY_MS,
    };
    await store.insert({ ...token, madeBy: this.#behind(by), hash: hashToken(secret) });
    logger.info(
      { tokenId: token.id, name: token.name, administratorId, scopes: token.scopes, by: by.title },
      'API token made',
    );
    return { token: { ...token, lastUsedAt: null, revokedAt: null }, secret };
  }

  async list(
    limit: number,
    cursor: string | undefined,
    by: Issuer,
  ): Promise<{ items: ApiToken[]; nextCursor?: string }> {
    const { rows, next } = await this.options.store.list(onlyOf(by), limit, cursor);
    return { items: rows.map(shown), ...(next !== undefined && { nextCursor: next }) };
  }

  /** @throws EspalierError ESP_API_TOKEN_UNKNOWN */
  async revoke(id: string, by: Issuer): Promise<void> {
    const { store, verifier, now, logger } = this.options;
    if (!(await store.revoke(id, onlyOf(by), now().getTime(), by.title)))
      throw configProxyErrors.ESP_API_TOKEN_UNKNOWN({ detail: id });
    verifier.forget(id);
    logger.info({ tokenId: id, by: by.title }, 'API token revoked');
  }

  /**
   * Makes the first token known; one that is known keeps all but its scopes, also where it was revoked.
   * @param record says so in the audit log, before it is good
   */
  async addBootstrapToken(secret: string, record: (id: string) => Promise<void>): Promise<void> {
    const { store, now, uuid, logger } = this.options;
    const hash = hashToken(secret);
    const id = uuid();
    if ((await store.findByHash(hash)) === undefined) await record(id);
    const added = await store.insert({
      id,
      name: 'bootstrap admin',
      administratorId: SITE_ADMINISTRATOR_ID,
      madeBy: null,
      scopes: [...allApiScopes],
      hash,
      createdAt: now().getTime(),
      createdBy: 'ESPALIER_BOOTSTRAP_ADMIN_TOKEN_FILE',
      expiresAt: null,
    });
    if (added) logger.warn('the bootstrap admin token is good from now on; revoke it once there are others');
    else await store.setScopes(hash, allApiScopes);
  }

  /** Whoever makes a token for somebody else could make the next one with it, as if it were that one's own. */
  #behind({ administrator, madeBy, token }: Issuer): string {
    const { restMs, now } = this.options;
    const isNew = token !== undefined && token.createdAt + restMs > now().getTime();
    return isNew && madeBy !== undefined ? madeBy : administrator.id;
  }

  async #checkOther(administratorId: string, by: Issuer): Promise<void> {
    if (onlyOf(by) !== undefined)
      throw configProxyErrors.ESP_AUTH_SCOPE_MISSING({
        detail: 'Tokens for others need administrators:admin for the whole site.',
      });
    if (!(await this.options.administratorExists(administratorId)))
      throw administratorErrors.ESP_ADMINISTRATOR_UNKNOWN({ detail: administratorId });
  }
}

/** Whose tokens somebody may see and revoke: their own or, undefined, everybody's. */
const onlyOf = ({ administrator, rights }: Issuer): string | undefined =>
  rights.reach('administrators:admin') === 'site' ? undefined : administrator.id;

function shown({ hash: _hash, madeBy: _madeBy, ...token }: StoredToken): ApiToken {
  return token;
}
