import { insertRows, upsert, type Row, type Tx } from '@espalier/persistence';

/** Bounds the memory that one statement takes. */
const ROWS_AT_ONCE = 5_000;

/**
 * As `upsert` of persistence, for hundreds of wide rows: on PostgreSQL they go as one JSON parameter, which costs a
 * fraction of thousands of parameters. Columns must hold texts and numbers.
 */
export async function bulkUpsert(
  tx: Tx,
  table: string,
  options: {
    readonly key: readonly string[];
    readonly rows: readonly Row[];
    readonly update?: readonly string[];
  },
): Promise<void> {
  if (tx.dialect !== 'postgres') return upsert(tx, table, options);
  const { key } = options;
  const rows = inKeyOrder(options.rows, key);
  const update = options.update ?? Object.keys(rows[0] ?? {}).filter((column) => !key.includes(column));
  const set = update.map((name) => `"${name}" = excluded."${name}"`).join(', ');
  const conflict = `ON CONFLICT (${list(key)}) DO ${update.length === 0 ? 'NOTHING' : `UPDATE SET ${set}`}`;
  await insertJson(tx, table, rows, conflict);
}

/** As `insertRows` of persistence, under the terms of {@link bulkUpsert}. */
export async function bulkInsert(tx: Tx, table: string, rows: readonly Row[]): Promise<void> {
  if (tx.dialect !== 'postgres') return insertRows(tx, table, rows);
  await insertJson(tx, table, rows, '');
}

async function insertJson(tx: Tx, table: string, rows: readonly Row[], conflict: string): Promise<void> {
  const columns = list(Object.keys(rows[0] ?? {}));
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE)
    await tx.execute(
      `INSERT INTO {${table}} (${columns})
       SELECT ${columns} FROM json_populate_recordset(NULL::{${table}}, :rows::json) ${conflict}`,
      { rows: JSON.stringify(rows.slice(from, from + ROWS_AT_ONCE)) },
    );
}

const list = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');

/** In the order of keys, so that concurrent batches do not deadlock; of rows with one key the last one. */
function inKeyOrder(rows: readonly Row[], key: readonly string[]): Row[] {
  const byKey = new Map(rows.map((row) => [JSON.stringify(key.map((name) => row[name])), row]));
  return [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}
