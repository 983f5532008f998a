import type { Database, SqlValue } from '../database/database.js';
import { limitSql } from '../statements/page.js';

export interface ResealColumn {
  readonly table: string;
  /** The column of sealed values. */
  readonly column: string;
  /** The table's single-column primary key, also the `row` of the sealing context. Default `id`. */
  readonly id?: string;
  /** Rows per transaction. Default 200. */
  readonly batch?: number;
}

/** Where a rewrap stands. */
export interface ResealResult {
  readonly seen: number;
  readonly changed: number;
}

/**
 * Seals a column's values again, as after a key rotation. `reseal` gets each value with its context and gives the
 * new one, or undefined where the value may stay (see `needsRewrap` and `rewrap` of @espalier/secrets). Short
 * transactions, oldest id first: it may run beside the service, be stopped, and run again.
 */
export async function resealColumn<V extends string | Buffer>(
  database: Database,
  target: ResealColumn,
  reseal: (value: V, context: { table: string; column: string; row: string }) => V | undefined,
): Promise<ResealResult> {
  const { table, column, id = 'id', batch = 200 } = target;
  let [seen, changed] = [0, 0];
  let last: SqlValue | undefined;
  for (;;) {
    const rows = await database.query<{ id: string | number; value: V }>(
      `SELECT "${id}" AS id, "${column}" AS value FROM {${table}}
       WHERE "${column}" IS NOT NULL ${last === undefined ? '' : `AND "${id}" > :last`}
       ORDER BY "${id}" ${limitSql(database.dialect, batch)}`,
      last === undefined ? {} : { last },
    );
    changed += await database.transaction(async (tx) => {
      let written = 0;
      for (const row of rows) {
        const value = reseal(row.value, { table, column, row: String(row.id) });
        if (value === undefined) continue;
        // Only where it still is what was read: the service may have written a newer value meanwhile.
        written += await tx.execute(
          `UPDATE {${table}} SET "${column}" = :value WHERE "${id}" = :id AND "${column}" = :old`,
          { value, id: row.id, old: row.value },
        );
      }
      return written;
    });
    seen += rows.length;
    last = rows.at(-1)?.id;
    if (rows.length < batch) return { seen, changed };
  }
}
