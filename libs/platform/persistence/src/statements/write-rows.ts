import type { Dialect, Queryable } from '../database/database.js';
import { columnList, quoted, rowSources, type Row, type RowSource } from './row-source.js';

/** Inserts the rows; fails on a unique key that exists. */
export async function insertRows(on: Queryable, table: string, rows: readonly Row[]): Promise<void> {
  for (const { names, text, params } of rowSources(on.dialect, table, rows))
    await on.execute(`INSERT INTO {${table}} (${columnList(names)}) ${text}`, params);
}

/**
 * Inserts the row unless its key exists; true where it was inserted. Safe among concurrent callers. Fails on any other
 * unique key that exists.
 */
export async function insertIfAbsent(
  on: Queryable,
  table: string,
  key: readonly string[],
  row: Row,
): Promise<boolean> {
  const affected = await on.execute(insertIfAbsentSql[on.dialect](table, key, Object.keys(row)), row);
  return affected > 0;
}

/**
 * Inserts rows, or updates those whose `key` exists; gives nothing back. `update` names the columns to overwrite
 * (default: all but the key). Rows are written in the order of their keys, so that concurrent batches do not
 * deadlock; of rows with the same key the last one wins. Many rows take one round trip, but are atomic only inside
 * a transaction.
 */
export async function upsert(
  on: Queryable,
  table: string,
  options: {
    readonly key: readonly string[];
    readonly rows: readonly Row[];
    readonly update?: readonly string[];
  },
): Promise<void> {
  const { key } = options;
  const rows = lastOfEachKey(options.rows, key);
  const first = rows[0];
  if (first === undefined) return;
  const update = options.update ?? Object.keys(first).filter((column) => !key.includes(column));
  for (const source of rowSources(on.dialect, table, rows))
    await on.execute(upsertSql[on.dialect](table, key, update, source), source.params);
}

function lastOfEachKey(rows: readonly Row[], key: readonly string[]): Row[] {
  const byKey = new Map(rows.map((row) => [keyText(row, key), row]));
  return [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

/** In JSON's form where there are several, so that no two keys look alike. */
function keyText(row: Row, key: readonly string[]): string {
  const [only] = key;
  return key.length === 1 && only !== undefined
    ? String(row[only])
    : JSON.stringify(key.map((name) => String(row[name])));
}

type InsertIfAbsentSql = (table: string, key: readonly string[], columns: readonly string[]) => string;

const onConflictDoNothing: InsertIfAbsentSql = (table, key, columns) =>
  `INSERT INTO {${table}} (${columnList(columns)}) VALUES (${columns.map((name) => `:${name}`).join(', ')})
   ON CONFLICT (${columnList(key)}) DO NOTHING`;

const insertIfAbsentSql: Readonly<Record<Dialect, InsertIfAbsentSql>> = {
  sqlite: onConflictDoNothing,
  postgres: onConflictDoNothing,
  // The range lock of HOLDLOCK keeps others from inserting the key between look and insert; UPDLOCK lets one look at a
  // time. A unique violation is no "already there": XACT_ABORT has ended the transaction by then.
  mssql: (table, key, columns) =>
    `INSERT INTO {${table}} (${columnList(columns)}) SELECT ${columns.map((name) => `:${name}`).join(', ')}
     WHERE NOT EXISTS (SELECT 1 FROM {${table}} WITH (UPDLOCK, HOLDLOCK)
       WHERE ${key.map((name) => `${quoted(name)} = :${name}`).join(' AND ')})`,
};

type UpsertSql = (
  table: string,
  key: readonly string[],
  update: readonly string[],
  source: RowSource,
) => string;

const onConflictDoUpdate: UpsertSql = (table, key, update, { names, text }) => {
  const set = update.map((name) => `${quoted(name)} = excluded.${quoted(name)}`).join(', ');
  return `INSERT INTO {${table}} (${columnList(names)}) ${text}
          ON CONFLICT (${columnList(key)}) DO ${update.length === 0 ? 'NOTHING' : `UPDATE SET ${set}`}`;
};

const upsertSql: Readonly<Record<Dialect, UpsertSql>> = {
  sqlite: onConflictDoUpdate,
  postgres: onConflictDoUpdate,
  // MERGE has known races and bugs; update under a range lock, then insert what was not there. By loops, which find
  // rows by their key: a plan that reads the whole table, as for one that was small when it was made, would lock it.
  mssql: (table, key, update, { names, text }) => {
    const columns = columnList(names);
    const match = key.map((name) => `t.${quoted(name)} = v.${quoted(name)}`).join(' AND ');
    const set = update.map((name) => `${quoted(name)} = v.${quoted(name)}`).join(', ');
    const source = `(${text}) AS v (${columns})`;
    const change =
      update.length === 0
        ? ''
        : `UPDATE t SET ${set} FROM ${source} INNER LOOP JOIN {${table}} AS t WITH (UPDLOCK, HOLDLOCK) ON ${match};`;
    const fields = names.map((name) => `v.${quoted(name)}`).join(', ');
    return `SET XACT_ABORT ON; BEGIN TRANSACTION; ${change}
      INSERT INTO {${table}} (${columns}) SELECT ${fields} FROM ${source}
      WHERE NOT EXISTS (SELECT 1 FROM {${table}} AS t WITH (UPDLOCK, HOLDLOCK) WHERE ${match})
      OPTION (LOOP JOIN); COMMIT TRANSACTION`;
  },
};
