import { createHash } from 'node:crypto';
import { siteErrors } from '@espalier/contracts';
import type { Database, Tx } from '@espalier/persistence';
import { IdempotencyStore } from './idempotency.store.js';

export interface IdempotentRequest {
  /** Keys of different callers never meet. */
  readonly callerId: string;
  /** The header Idempotency-Key; without one every request is new. */
  readonly key: string | undefined;
  /** Everything that was asked for, as JSON: what the same key may not change. */
  readonly body: unknown;
}

/** Makes a creation safe to repeat: its answer is stored with what it made, in one transaction. */
export class IdempotencyService {
  constructor(
    private readonly db: Database,
    private readonly now: () => Date,
    private readonly store = new IdempotencyStore(),
  ) {}

  /**
   * Runs `make` in a transaction, once for each key; a repeat gets the first answer, which must be JSON.
   * @throws EspalierError ESP_SITE_KEY_REUSED where the key came with another request before; what `make` throws
   */
  async run<T>(request: IdempotentRequest, make: (tx: Tx) => Promise<T>): Promise<T> {
    const { callerId, key } = request;
    if (key === undefined) return this.db.transaction(make);
    const hash = createHash('sha256')
      .update(JSON.stringify(request.body) ?? '')
      .digest('hex');
    try {
      return await this.db.transaction(async (tx) => {
        const known = await this.store.find(tx, callerId, key);
        if (known !== undefined) return answerOf(known, hash) as T;
        const answer = await make(tx);
        await this.store.insert(tx, {
          callerId,
          key,
          hash,
          answer: JSON.stringify(answer),
          at: this.now().getTime(),
        });
        return answer;
      });
    } catch (error) {
      // The same request, sent twice at once: the other one was first, and what it made or counted stands in our way.
      const winner = await this.store.find(this.db, callerId, key).catch(() => undefined);
      if (winner !== undefined) return answerOf(winner, hash) as T;
      throw error;
    }
  }

  /** Forgets keys of before this time (epoch ms); how many. */
  prune(before: number): Promise<number> {
    return this.store.prune(this.db, before);
  }
}

function answerOf(known: { request_hash: string; answer: string }, hash: string): unknown {
  if (known.request_hash !== hash) throw siteErrors.ESP_SITE_KEY_REUSED();
  return JSON.parse(known.answer);
}
