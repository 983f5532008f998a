import type { ApiScope, ApiToken } from '@espalier/contracts';
import {
  insertIfAbsent,
  page,
  type Database,
  type Page,
  type Queryable,
  type Tx,
} from '@espalier/persistence';

/** A token as it is stored: the hash stands for the secret, which nobody keeps. */
export interface StoredToken extends ApiToken {
  readonly hash: string;
  /** Id of the administrator who made it; null where it came from a file. */
  readonly madeBy: string | null;
}

interface Row {
  readonly id: string;
  readonly name: string;
  readonly hash: string;
  readonly administrator_id: string;
  readonly made_by: string | null;
  readonly scopes: string;
  readonly created_at: number;
  readonly created_by: string;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
  readonly last_used_at: number | null;
}

const COLUMNS = `id, name, hash, administrator_id, made_by, scopes, created_at, created_by, expires_at, revoked_at,
  last_used_at`;

/** The only user of the table `api_token`. */
export class ApiTokenStore {
  constructor(private readonly db: Database) {}

  /** False where a token with this hash is known already, revoked or not. */
  async insert(token: Omit<StoredToken, 'revokedAt' | 'lastUsedAt'>): Promise<boolean> {
    return insertIfAbsent(this.db, 'api_token', ['hash'], {
      id: token.id,
      name: token.name,
      hash: token.hash,
      administrator_id: token.administratorId,
      made_by: token.madeBy,
      scopes: token.scopes.join(' '),
      created_at: token.createdAt,
      created_by: token.createdBy,
      expires_at: token.expiresAt,
    });
  }

  async findByHash(hash: string): Promise<StoredToken | undefined> {
    const [row] = await this.db.prepared<Row>(
      'api_token_by_hash',
      `SELECT ${COLUMNS} FROM {api_token} WHERE hash = :hash`,
      { hash },
    );
    return row === undefined ? undefined : toToken(row);
  }

  /** What is no token's id is of another way to sign in, and is not revoked. */
  async isRevoked(on: Queryable, id: string): Promise<boolean> {
    const rows = await on.query(
      `SELECT 1 AS found FROM {api_token} WHERE id = :id AND revoked_at IS NOT NULL`,
      {
        id,
      },
    );
    return rows.length > 0;
  }

  /** Newest first; of one administrator or, where none is given, of all. */
  async list(
    administratorId: string | undefined,
    limit: number,
    after: string | undefined,
  ): Promise<Page<StoredToken>> {
    const where = administratorId === undefined ? '' : 'WHERE administrator_id = :administratorId';
    const { rows, next } = await page<Row>(this.db, {
      sql: `SELECT ${COLUMNS} FROM {api_token} ${where}`,
      params: administratorId === undefined ? {} : { administratorId },
      orderBy: ['created_at desc', 'id'],
      limit,
      after,
    });
    return { rows: rows.map(toToken), ...(next !== undefined && { next }) };
  }

  /**
   * False where there is no such token, or not of this administrator where one is given; one that is revoked stays as
   * it is.
   */
  async revoke(id: string, administratorId: string | undefined, at: number, by: string): Promise<boolean> {
    const [token] = await this.db.query<{ administrator_id: string }>(
      'SELECT administrator_id FROM {api_token} WHERE id = :id',
      { id },
    );
    if (token === undefined || ![undefined, token.administrator_id].includes(administratorId)) return false;
    await this.db.execute(
      'UPDATE {api_token} SET revoked_at = :at, revoked_by = :by WHERE id = :id AND revoked_at IS NULL',
      { id, at, by },
    );
    return true;
  }

  /** Of an administrator who is deleted in the same transaction. */
  async deleteOf(tx: Tx, administratorId: string): Promise<void> {
    await tx.execute('DELETE FROM {api_token} WHERE administrator_id = :administratorId', {
      administratorId,
    });
  }

  /** A token of before there were some of the scopes gets them too. */
  async setScopes(hash: string, scopes: readonly ApiScope[]): Promise<void> {
    await this.db.execute('UPDATE {api_token} SET scopes = :scopes WHERE hash = :hash', {
      hash,
      scopes: scopes.join(' '),
    });
  }

  /** @param uses token id to when it was last used */
  async writeLastUsed(uses: ReadonlyMap<string, number>): Promise<void> {
    await this.db.transaction(async (tx) => {
      // In the order of ids, so that replicas do not deadlock.
      for (const [id, at] of [...uses].sort(([a], [b]) => (a < b ? -1 : 1)))
        await tx.execute(
          `UPDATE {api_token} SET last_used_at = :at
           WHERE id = :id AND (last_used_at IS NULL OR last_used_at < :at)`,
          { id, at },
        );
    });
  }
}

function toToken(row: Row): StoredToken {
  return {
    id: row.id,
    name: row.name,
    hash: row.hash,
    administratorId: row.administrator_id,
    madeBy: row.made_by,
    scopes: row.scopes.split(' ') as ApiScope[],
    createdAt: row.created_at,
    createdBy: row.created_by,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
  };
}
