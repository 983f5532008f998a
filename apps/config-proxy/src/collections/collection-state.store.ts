import type { CollectionStatus } from '@espalier/contracts';
import { jsonRows, type Queryable, type Tx } from '@espalier/persistence';

/** How many joined and left a collection. */
export interface MemberChange {
  readonly id: string;
  readonly joined: number;
  readonly left: number;
}

/** What an evaluation of all members changed. */
export interface EvaluationResult extends MemberChange {
  readonly memberCount: number;
}

/** The columns of `collection` that evaluations write: counts, status, and when the next one is due. */
export class CollectionStateStore {
  async setStatus(tx: Tx, ids: Iterable<string>, status: CollectionStatus): Promise<void> {
    await inChunks([...ids].sort(), (chunk) =>
      tx.execute('UPDATE {collection} SET status = :status WHERE collection_id IN (:chunk)', {
        status,
        chunk,
      }),
    );
  }

  /** Adds to member counts and, in a whole evaluation, to what it tells at its end; gives the new counts. */
  async addMembers(
    tx: Tx,
    changes: readonly MemberChange[],
    now: number,
    isWhole: boolean,
  ): Promise<Map<string, number>> {
    const rows = jsonRows(tx.dialect, 'changes', 'd', {
      changed_id: 'text',
      joined_count: 'integer',
      left_count: 'integer',
    });
    const sums = isWhole
      ? `, evaluation_joined = evaluation_joined + d.joined_count,
           evaluation_left = evaluation_left + d.left_count`
      : '';
    await tx.execute(
      `UPDATE {collection} SET member_count = member_count + d.joined_count - d.left_count,
         last_member_change_at = :now${sums}
       FROM ${rows} WHERE collection_id = d.changed_id`,
      {
        now,
        changes: JSON.stringify(
          changes.map(({ id, joined, left }) => ({ changed_id: id, joined_count: joined, left_count: left })),
        ),
      },
    );
    return this.#counts(
      tx,
      changes.map(({ id }) => id),
    );
  }

  /** Ends an evaluation of all members; gives what it changed. */
  async finish(tx: Tx, ids: readonly string[], now: number): Promise<EvaluationResult[]> {
    const results: EvaluationResult[] = [];
    await inChunks(ids.toSorted(), async (chunk) => {
      const rows = await tx.query<{
        collection_id: string;
        member_count: number;
        evaluation_joined: number;
        evaluation_left: number;
      }>(
        `SELECT collection_id, member_count, evaluation_joined, evaluation_left FROM {collection}
         WHERE collection_id IN (:chunk)`,
        { chunk },
      );
      await tx.execute(
        `UPDATE {collection} SET status = 'ready', last_evaluated_at = :now, evaluation_joined = 0,
           evaluation_left = 0 WHERE collection_id IN (:chunk)`,
        { now, chunk },
      );
      for (const row of rows)
        results.push({
          id: row.collection_id,
          memberCount: row.member_count,
          joined: row.evaluation_joined,
          left: row.evaluation_left,
        });
    });
    return results;
  }

  async isAnyDue(on: Queryable, now: number): Promise<boolean> {
    const [row] = await on.query<{ due_at: number | null }>(
      'SELECT MIN(due_at) AS due_at FROM {collection} WHERE due_at IS NOT NULL AND due_at <= :now',
      { now },
    );
    return typeof row?.due_at === 'number';
  }

  /** Schedules of the collections whose evaluation is due. */
  async due(tx: Tx, now: number): Promise<{ collection_id: string; schedule: string }[]> {
    return tx.query(
      `SELECT collection_id, schedule FROM {collection}
       WHERE due_at IS NOT NULL AND due_at <= :now AND schedule IS NOT NULL ORDER BY collection_id`,
      { now },
    );
  }

  async setDue(tx: Tx, id: string, dueAt: number): Promise<void> {
    await tx.execute('UPDATE {collection} SET due_at = :dueAt WHERE collection_id = :id', { id, dueAt });
  }

  async setWindowCount(tx: Tx, id: string, count: number): Promise<void> {
    await tx.execute('UPDATE {collection} SET window_count = :count WHERE collection_id = :id', {
      id,
      count,
    });
  }

  async #counts(on: Queryable, ids: readonly string[]): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    await inChunks(ids, async (chunk) => {
      const rows = await on.query<{ collection_id: string; member_count: number }>(
        'SELECT collection_id, member_count FROM {collection} WHERE collection_id IN (:chunk)',
        { chunk },
      );
      for (const { collection_id, member_count } of rows) counts.set(collection_id, member_count);
    });
    return counts;
  }
}

/** SQL Server takes 2,100 parameters. */
const CHUNK = 500;

async function inChunks<T>(
  all: readonly T[],
  work: (chunk: readonly T[]) => Promise<unknown>,
): Promise<void> {
  for (let from = 0; from < all.length; from += CHUNK) await work(all.slice(from, from + CHUNK));
}
