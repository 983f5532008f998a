import { idListSql, insertRows, limitSql, type Queryable, type Tx } from '@espalier/persistence';

/** Stands for all classes: of a resource that is new, or that became active, obsolete or decommissioned. */
export const EVERY_CLASS = '*';

/** Stands for enrolments of a resource: what collections it is in does not depend on them. */
export const ENROLLMENTS = '#enrollments';

/** Facts of a resource that were written. */
export interface ResourceChange {
  /** A device or a user. */
  readonly resourceId: number;
  /** Names of the classes whose rows changed, as the query model spells them; `EVERY_CLASS` for all. */
  readonly classes: readonly string[];
}

/** Takes note of changed facts, so that collections follow. */
export interface ChangeSink {
  /** In the transaction that writes the facts. */
  record(tx: Tx, changes: readonly ResourceChange[]): Promise<void>;
}

/** A change as it waits. */
export interface WaitingChange extends ResourceChange {
  readonly changeId: number;
}

/** The only user of the table `resource_change`: what changed and was not evaluated yet. */
export class ChangeLogStore implements ChangeSink {
  #onRecorded: () => void = () => undefined;

  /** Called after each commit that recorded something: the evaluator's nudge. */
  onRecorded(listener: () => void): void {
    this.#onRecorded = listener;
  }

  async record(tx: Tx, changes: readonly ResourceChange[]): Promise<void> {
    if (changes.length === 0) return;
    await insertRows(
      tx,
      'resource_change',
      changes.map(({ resourceId, classes }) => ({
        resource_id: resourceId,
        classes: JSON.stringify(classes),
      })),
    );
    tx.afterCommit(() => this.#onRecorded());
  }

  /** Looks without waiting for anybody. */
  async isAnyWaiting(on: Queryable): Promise<boolean> {
    const rows = await on.query(
      `SELECT change_id FROM {resource_change} ORDER BY change_id ${limitSql(on.dialect, 1)}`,
    );
    return rows.length > 0;
  }

  /**
   * The `limit` oldest changes, and what else waits of the same resources: a resource that enrols changes several
   * times, and is evaluated once. They go with `remove` in the same transaction.
   */
  async oldest(tx: Tx, limit: number): Promise<WaitingChange[]> {
    const rows = await tx.query<{ change_id: number; resource_id: number; classes: string }>(
      `SELECT c.change_id, c.resource_id, c.classes FROM {resource_change} c WHERE c.resource_id IN (
         SELECT o.resource_id FROM (SELECT resource_id FROM {resource_change} ORDER BY change_id
         ${limitSql(tx.dialect, limit)}) AS o)
       ORDER BY c.change_id`,
    );
    return rows.map((row) => ({
      changeId: row.change_id,
      resourceId: row.resource_id,
      classes: JSON.parse(row.classes) as string[],
    }));
  }

  async remove(tx: Tx, changes: readonly WaitingChange[]): Promise<void> {
    const ids = idListSql(tx.dialect);
    await tx.execute(`DELETE FROM {resource_change} WHERE ${ids.isIn('change_id', 'ids')}`, {
      ids: ids.param(changes.map(({ changeId }) => changeId)),
    });
  }
}
