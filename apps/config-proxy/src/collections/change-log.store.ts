import { idListSql, insertRows, limitSql, type Queryable, type Row, type Tx } from '@espalier/persistence';

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

/**
 * What many resources have in common, as all those of a batch of reports do, waits as one row: nearly always nobody
 * asks about it, and it is gone again without a row for each of them.
 */
interface PackedChange {
  /** As the row of one resource holds them. */
  readonly classes: string;
  readonly resourceIds: readonly number[];
}

/** Stands in a row for the resources of a packed change. */
const SEVERAL = 0;

const row = (resourceId: number, classes: string): Row => ({ resource_id: resourceId, classes });
const packedRow = (change: PackedChange): Row => row(SEVERAL, JSON.stringify(change));

/** The only user of the table `resource_change`: what changed and was not evaluated yet. */
export class ChangeLogStore implements ChangeSink {
  #onRecorded: () => void = () => undefined;

  /** Called after each commit that recorded something: the evaluator's nudge. */
  onRecorded(listener: () => void): void {
    this.#onRecorded = listener;
  }

  async record(tx: Tx, changes: readonly ResourceChange[]): Promise<void> {
    if (changes.length === 0) return;
    const alike = Map.groupBy(changes, ({ classes }) => JSON.stringify(classes));
    const rows = [...alike].flatMap(([classes, list]) => {
      const resourceIds = list.map(({ resourceId }) => resourceId);
      return resourceIds.length === 1
        ? resourceIds.map((id) => row(id, classes))
        : [packedRow({ classes, resourceIds })];
    });
    await insertRows(tx, 'resource_change', rows);
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
   * Looks at the oldest changes that several resources have in common. Those that concern somebody wait as changes of
   * each resource from now on; the others are done with. True: there may be more.
   */
  async unpack(
    tx: Tx,
    limit: number,
    isOfConcern: (classes: readonly string[]) => boolean,
  ): Promise<boolean> {
    const rows = await tx.query<{ change_id: number; classes: string }>(
      `SELECT change_id, classes FROM {resource_change} WHERE resource_id = ${SEVERAL}
       ORDER BY change_id ${limitSql(tx.dialect, limit)}`,
    );
    if (rows.length === 0) return false;
    const packs = rows.map(({ classes }) => JSON.parse(classes) as PackedChange);
    await insertRows(
      tx,
      'resource_change',
      packs
        .filter(({ classes }) => isOfConcern(JSON.parse(classes) as string[]))
        .flatMap(({ classes, resourceIds }) => resourceIds.map((id) => row(id, classes))),
    );
    await this.#remove(
      tx,
      rows.map(({ change_id }) => change_id),
    );
    return rows.length === limit;
  }

  /**
   * The `limit` oldest changes, and what else waits of the same resources: a resource that enrols changes several
   * times, and is evaluated once. They go with `remove` in the same transaction.
   */
  async oldest(tx: Tx, limit: number): Promise<WaitingChange[]> {
    const rows = await tx.query<{ change_id: number; resource_id: number; classes: string }>(
      `SELECT c.change_id, c.resource_id, c.classes FROM {resource_change} c WHERE c.resource_id IN (
         SELECT o.resource_id FROM (SELECT resource_id FROM {resource_change}
         WHERE resource_id <> ${SEVERAL} ORDER BY change_id ${limitSql(tx.dialect, limit)}) AS o)
       ORDER BY c.change_id`,
    );
    return rows.map(({ change_id, resource_id, classes }) => ({
      changeId: change_id,
      resourceId: resource_id,
      classes: JSON.parse(classes) as string[],
    }));
  }

  remove(tx: Tx, changes: readonly WaitingChange[]): Promise<void> {
    return this.#remove(
      tx,
      changes.map(({ changeId }) => changeId),
    );
  }

  async #remove(tx: Tx, changeIds: readonly number[]): Promise<void> {
    const ids = idListSql(tx.dialect);
    await tx.execute(`DELETE FROM {resource_change} WHERE ${ids.isIn('change_id', 'ids')}`, {
      ids: ids.param(changeIds),
    });
  }
}
