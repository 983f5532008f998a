import { rowLock, type Queryable, type Tx } from '@espalier/persistence';

/**
 * One row that everybody holds who changes members or definitions: evaluations of all replicas go one after the
 * other, chunk by chunk.
 */
export class EvaluationLock {
  /** Waits for the lock, which lasts until the transaction ends; gives the version of the definitions. */
  async take(tx: Tx): Promise<number> {
    const { hint, end } = rowLock(tx.dialect, 'e', 'update');
    const [row] = await tx.query<{ definition_version: number }>(
      `SELECT e.definition_version FROM {collection_evaluation} e ${hint} WHERE e.id = 1 ${end}`,
    );
    return row?.definition_version ?? 0;
  }

  /** Version of the definitions, without waiting for anybody. */
  async version(on: Queryable): Promise<number> {
    const [row] = await on.query<{ definition_version: number }>(
      'SELECT definition_version FROM {collection_evaluation} WHERE id = 1',
    );
    return row?.definition_version ?? 0;
  }

  /** Takes the lock, and tells all replicas to read the definitions anew. */
  async definitionsChange(tx: Tx): Promise<void> {
    await tx.execute(
      'UPDATE {collection_evaluation} SET definition_version = definition_version + 1 WHERE id = 1',
    );
  }
}
