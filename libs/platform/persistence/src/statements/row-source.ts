import type { Dialect, SqlParams, SqlValue } from '../database/database.js';
import { checkedNumber } from '../sql/sql-template.js';

/** One row to write, by column name. All rows of a call have the same columns. */
export type Row = Readonly<Record<string, SqlValue>>;

/** Rows as a part of a statement. */
export interface RowSource {
  readonly names: readonly string[];
  /** What follows `INSERT INTO {table} (columns)`. */
  readonly text: string;
  readonly params: SqlParams;
}

/** SQL Server takes 2,100 parameters; the same chunks serve SQLite. */
const PARAMETER_LIMIT = 2_000;
/** Bounds the memory that one parameter of JSON takes. */
const JSON_ROWS = 5_000;

/**
 * Cuts rows into what one statement takes. On PostgreSQL several rows go as one parameter of JSON: a fraction of the
 * cost of thousands of parameters on both sides, and one text that is planned once.
 */
export function* rowSources(dialect: Dialect, table: string, rows: readonly Row[]): Generator<RowSource> {
  const names = Object.keys(rows[0] ?? {});
  const asJson = dialect === 'postgres' && rows.length > 1;
  const size = asJson ? JSON_ROWS : Math.max(1, Math.floor(PARAMETER_LIMIT / Math.max(1, names.length)));
  for (let from = 0; from < rows.length; from += size) {
    const some = rows.slice(from, from + size).map((row, index) => fieldsOf(row, names, from + index));
    yield { names, ...(asJson ? jsonSource(table, names, some) : valuesSource(some)) };
  }
}

function fieldsOf(row: Row, names: readonly string[], index: number): readonly SqlValue[] {
  return names.map((name) => {
    const value = row[name];
    if (value === undefined) throw new TypeError(`Row ${index} has no value for ${name}`);
    return typeof value === 'number' ? checkedNumber(`${name} of row ${index}`, value) : value;
  });
}

type Source = Pick<RowSource, 'text' | 'params'>;

function valuesSource(rows: readonly (readonly SqlValue[])[]): Source {
  const params: Record<string, SqlValue> = {};
  const values = rows.map((fields, r) => {
    const placeholders = fields.map((value, c) => {
      params[`v${r}_${c}`] = value;
      return `:v${r}_${c}`;
    });
    return `(${placeholders.join(', ')})`;
  });
  return { text: `VALUES ${values.join(', ')}`, params };
}

/** The types are those of the table's columns. */
function jsonSource(table: string, names: readonly string[], rows: readonly (readonly SqlValue[])[]): Source {
  const objects = rows.map((fields) =>
    Object.fromEntries(fields.map((value, index) => [names[index], jsonValue(value)])),
  );
  return {
    text: `SELECT ${columnList(names)} FROM json_populate_recordset(NULL::{${table}}, :rows::json)`,
    params: { rows: JSON.stringify(objects) },
  };
}

/** As the column's type reads it from text. */
function jsonValue(value: SqlValue): string | number | null {
  // As a parameter it would be sent so, and JSON with half a surrogate pair is refused.
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`;
  return value;
}

export const quoted = (name: string): string => `"${name}"`;
export const columnList = (names: readonly string[]): string => names.map(quoted).join(', ');
