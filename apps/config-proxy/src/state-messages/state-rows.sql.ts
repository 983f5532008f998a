import { jsonRows, rowLock, type Dialect, type JsonColumns } from '@espalier/persistence';

/** A table whose rows are named and written by JSON. */
export interface JsonTable {
  readonly table: string;
  readonly key: readonly string[];
  readonly columns: JsonColumns;
}

const onKey = (key: readonly string[]): string => key.map((name) => `s.${name} = v.${name}`).join(' AND ');

const only = (columns: JsonColumns, names: readonly string[]): JsonColumns =>
  Object.fromEntries(Object.entries(columns).filter(([name]) => names.includes(name)));

/**
 * Inserts the rows of `:rows` that are not there yet, and gives the keys of those. On SQL Server by loops alone:
 * whatever else reads the table would lock all of it.
 */
export function insertMissingSql(dialect: Dialect, { table, key, columns }: JsonTable): string {
  const names = Object.keys(columns).join(', ');
  const source = jsonRows(dialect, 'rows', 'v', columns);
  return dialect === 'mssql'
    ? `INSERT INTO {${table}} (${names}) OUTPUT ${key.map((name) => `inserted.${name}`).join(', ')}
       SELECT ${names} FROM ${source}
       WHERE NOT EXISTS (SELECT 1 FROM {${table}} AS s WITH (UPDLOCK, HOLDLOCK) WHERE ${onKey(key)})
       OPTION (LOOP JOIN)`
    : `INSERT INTO {${table}} (${names}) SELECT ${names} FROM ${source} WHERE 1 = 1
       ON CONFLICT (${key.join(', ')}) DO NOTHING RETURNING ${key.join(', ')}`;
}

/**
 * Reads and locks the rows that `:rows` names, in their order. Always row by row through the key's index: a planner
 * that has not seen the table grow would read all of it.
 */
export function lockedSql(dialect: Dialect, { table, key, columns }: JsonTable): string {
  const source = jsonRows(dialect, 'rows', 'v', only(columns, key));
  const { hint, end } = rowLock(dialect, 's', 'update');
  switch (dialect) {
    case 'sqlite':
      return `SELECT s.* FROM ${source} CROSS JOIN {${table}} AS s WHERE ${onKey(key)}`;
    case 'postgres':
      return `SELECT s.* FROM ${source}
        CROSS JOIN LATERAL (SELECT * FROM {${table}} AS s WHERE ${onKey(key)} ${end}) AS s`;
    case 'mssql':
      return `SELECT s.* FROM ${source} INNER LOOP JOIN {${table}} AS s ${hint} ON ${onKey(key)}`;
  }
}

/** Overwrites rows that are there, and locked, with those of `:rows`. */
export function overwriteSql(dialect: Dialect, { table, key, columns }: JsonTable): string {
  const names = Object.keys(columns);
  const changed = names.filter((name) => !key.includes(name));
  const source = jsonRows(dialect, 'rows', 'v', columns);
  if (dialect === 'mssql')
    return `UPDATE s SET ${changed.map((name) => `${name} = v.${name}`).join(', ')}
      FROM ${source} INNER LOOP JOIN {${table}} AS s ON ${onKey(key)}`;
  // Through the key's index, whatever the planner thinks of the table's size.
  return `INSERT INTO {${table}} (${names.join(', ')}) SELECT ${names.join(', ')} FROM ${source} WHERE 1 = 1
    ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${changed.map((name) => `${name} = excluded.${name}`).join(', ')}`;
}

/** Adds numbers to rows of a small table; what is not there stays away. */
export function addSql(dialect: Dialect, { table, key, columns }: JsonTable): string {
  const source = jsonRows(dialect, 'rows', 'v', columns);
  const set = Object.keys(columns)
    .filter((name) => !key.includes(name))
    .map((name) => `${name} = s.${name} + v.${name}`)
    .join(', ');
  return dialect === 'mssql'
    ? `UPDATE s SET ${set} FROM {${table}} AS s INNER JOIN ${source} ON ${onKey(key)}`
    : `UPDATE {${table}} AS s SET ${set} FROM ${source} WHERE ${onKey(key)}`;
}

/** What tells a row from the others of its table. */
export const keyText = (row: object, key: readonly string[]): string =>
  key.map((name) => String(Reflect.get(row, name))).join('\n');

/** Rows as a parameter, in the order of their keys, in which all replicas lock them. */
export function rowsParam(rows: readonly object[], key: readonly string[]): { rows: string } {
  const keyed = rows.map((row) => ({ row, key: keyText(row, key) }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
  return { rows: JSON.stringify(keyed.map(({ row }) => row)) };
}
