import type { AuditCheckpoint } from '@espalier/contracts';
import { insertRows, limitSql, page, type Page, type Queryable, type Tx } from '@espalier/persistence';
import { checkpointText, type CheckpointClaim } from './audit.canonical.js';

interface Row {
  readonly sequence: number;
  readonly hash: string;
  readonly at: number;
  readonly previous: number;
  readonly key_id: string;
  readonly signature: string;
}

const COLUMNS = 'sequence, hash, at, previous, key_id, signature';

/** The only user of `audit_checkpoint`: signatures, kept for ever. */
export class AuditCheckpointStore {
  async insert(tx: Tx, claim: CheckpointClaim, signature: string): Promise<void> {
    const { sequence, hash, at, previous, keyId } = claim;
    await insertRows(tx, 'audit_checkpoint', [{ sequence, hash, at, previous, key_id: keyId, signature }]);
  }

  /** Newest first. @throws EspalierError ESP_BAD_REQUEST */
  async list(on: Queryable, limit: number, after?: string): Promise<Page<AuditCheckpoint>> {
    const { rows, next } = await page<Row>(on, {
      sql: `SELECT ${COLUMNS} FROM {audit_checkpoint}`,
      orderBy: ['sequence desc'],
      limit,
      after,
    });
    return { rows: rows.map(toCheckpoint), ...(next !== undefined && { next }) };
  }

  /** In the order of the chain; at most `limit`. */
  async read(on: Queryable, from: number, through: number, limit: number): Promise<AuditCheckpoint[]> {
    const rows = await on.query<Row>(
      `SELECT ${COLUMNS} FROM {audit_checkpoint} WHERE sequence >= :from AND sequence <= :through
       ORDER BY sequence ${limitSql(on.dialect, limit)}`,
      { from, through },
    );
    return rows.map(toCheckpoint);
  }

  /**
   * Up to which checkpoint retention may delete, where `oldest` is the oldest record: the newest one of before
   * `before` that takes at most `limit` records, or else the next one.
   */
  async endOfRetention(
    on: Queryable,
    oldest: number,
    before: number,
    limit: number,
  ): Promise<number | undefined> {
    const [row] = await on.query<{ newest: number | null; next: number | null }>(
      `SELECT MAX(CASE WHEN sequence < :end THEN sequence END) AS newest, MIN(sequence) AS next
       FROM {audit_checkpoint} WHERE sequence >= :oldest AND at < :before`,
      { oldest, before, end: oldest + limit },
    );
    return row?.newest ?? row?.next ?? undefined;
  }
}

const toCheckpoint = (row: Row): AuditCheckpoint => {
  const { sequence, hash, at, previous, key_id: keyId, signature } = row;
  const claim = { sequence, hash, at, previous, keyId };
  return { ...claim, signed: checkpointText(claim), signature };
};
