import { insertRows, limitSql, rowLock, type Queryable, type Tx } from '@espalier/persistence';
import type { OperationRow } from './task.rows.js';

const COLUMNS = `id, kind, title, collection_id, script_id, script_number, sha256, application_id, params_sealed, job_id,
  requested_by, requested_at, expires_at, cancelled_at`;

/** The only writer of the table `task_operation`. */
export class OperationStore {
  async insert(tx: Tx, row: OperationRow): Promise<void> {
    await insertRows(tx, 'task_operation', [{ ...row }]);
  }

  async find(on: Queryable, id: number): Promise<OperationRow | undefined> {
    const [row] = await on.query<OperationRow>(`SELECT ${COLUMNS} FROM {task_operation} WHERE id = :id`, {
      id,
    });
    return row;
  }

  async findAll(on: Queryable, ids: readonly number[]): Promise<Map<number, OperationRow>> {
    if (ids.length === 0) return new Map();
    const rows = await on.query<OperationRow>(`SELECT ${COLUMNS} FROM {task_operation} WHERE id IN (:ids)`, {
      ids: [...ids],
    });
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** Nobody cancels it, or makes more tasks of it, until the transaction ends. */
  async lock(tx: Tx, id: number): Promise<OperationRow | undefined> {
    const { hint, end } = rowLock(tx.dialect, 'o', 'update');
    const [row] = await tx.query<OperationRow>(
      `SELECT ${COLUMNS} FROM {task_operation} o ${hint} WHERE id = :id ${end}`,
      { id },
    );
    return row;
  }

  async cancel(tx: Tx, id: number, at: number): Promise<void> {
    await tx.execute(
      'UPDATE {task_operation} SET cancelled_at = :at WHERE id = :id AND cancelled_at IS NULL',
      { id, at },
    );
  }

  /** Those that a version of a script, or any of them, was to run with, and that devices could still fetch. */
  async ofScript(on: Queryable, scriptId: string, number: number | undefined, at: number): Promise<number[]> {
    const rows = await on.query<{ id: number }>(
      `SELECT id FROM {task_operation} WHERE script_id = :scriptId
       ${number === undefined ? '' : 'AND script_number = :number'} AND expires_at > :at AND cancelled_at IS NULL
       ORDER BY id`,
      { scriptId, at, ...(number !== undefined && { number }) },
    );
    return rows.map(({ id }) => id);
  }

  /** Forgets operations of before this time that have no tasks (any more); at most `limit` at once. */
  async prune(on: Queryable, before: number, limit: number): Promise<number> {
    return on.execute(
      `DELETE FROM {task_operation} WHERE id IN (SELECT o.id FROM {task_operation} o
       WHERE o.requested_at < :before AND NOT EXISTS (SELECT 1 FROM {client_task} t WHERE t.operation_id = o.id)
       ORDER BY o.requested_at ${limitSql(on.dialect, limit)})`,
      { before },
    );
  }
}
