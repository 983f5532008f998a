import { insertRows, type Queryable, type Tx } from '@espalier/persistence';

interface StoredAnswer {
  readonly request_hash: string;
  readonly answer: string;
}

/** The only user of the table `idempotency_key`. */
export class IdempotencyStore {
  async find(on: Queryable, callerId: string, key: string): Promise<StoredAnswer | undefined> {
    const [row] = await on.query<StoredAnswer>(
      'SELECT request_hash, answer FROM {idempotency_key} WHERE caller_id = :callerId AND "key" = :key',
      { callerId, key },
    );
    return row;
  }

  /** Fails on a key that exists. */
  async insert(
    tx: Tx,
    record: { callerId: string; key: string; hash: string; answer: string; at: number },
  ): Promise<void> {
    await insertRows(tx, 'idempotency_key', [
      {
        caller_id: record.callerId,
        key: record.key,
        request_hash: record.hash,
        answer: record.answer,
        created_at: record.at,
      },
    ]);
  }

  prune(on: Queryable, before: number): Promise<number> {
    return on.execute('DELETE FROM {idempotency_key} WHERE created_at < :before', { before });
  }
}
