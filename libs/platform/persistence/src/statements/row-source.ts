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

/** SQL Server takes 2,100 parameters, and 1,000 rows of VALUES; the same chunks serve SQLite. */
const PARAMETER_LIMIT = 2_000;
const VALUES_LIMIT = 1_000;
/** Bounds the memory that the parameters of many rows take. */
const ROWS_AT_ONCE = 5_000;
/** Of so many it seldom changes in which columns all are null, on which the text of a statement with arrays depends. */
const ARRAY_ROWS = 50;

/**
 * Cuts rows into what one statement takes. On PostgreSQL many rows go as an array of each column: a fraction of the
 * cost of thousands of parameters on both sides, and one text that is planned once. A few rows, and what no array can
 * hold, go as one parameter of JSON.
 */
export function* rowSources(dialect: Dialect, table: string, rows: readonly Row[]): Generator<RowSource> {
  const names = Object.keys(rows[0] ?? {});
  const isBulk = dialect === 'postgres' && rows.length > 1;
  const fitting = Math.max(1, Math.floor(PARAMETER_LIMIT / Math.max(1, names.length)));
  const size = isBulk ? ROWS_AT_ONCE : Math.min(VALUES_LIMIT, fitting);
  for (let from = 0; from < rows.length; from += size) {
    const some = rows.slice(from, from + size).map((row, index) => fieldsOf(row, names, from + index));
    yield {
      names,
      ...(isBulk ? (arraySource(names, some) ?? jsonSource(table, names, some)) : valuesSource(some)),
    };
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

/**
 * PostgreSQL reads arrays in half the time that it takes for JSON. The types are those of the values; undefined where
 * they are neither texts nor whole numbers, or both in one column.
 */
function arraySource(names: readonly string[], rows: readonly (readonly SqlValue[])[]): Source | undefined {
  if (rows.length < ARRAY_ROWS) return undefined;
  const params: Record<string, SqlValue> = {};
  const [fields, arrays, columns]: [string[], string[], string[]] = [[], [], []];
  for (const index of names.keys()) {
    const values = rows.map((row) => arrayValue(row[index] ?? null));
    const type = arrayType(values);
    if (type === undefined) return undefined;
    // Of no type, so that it fits every column.
    if (type === 'null') fields.push('NULL');
    else {
      fields.push(`v.c${index}`);
      columns.push(`c${index}`);
      arrays.push(`:c${index}::${type}[]`);
      params[`c${index}`] = arrayText(values);
    }
  }
  if (columns.length === 0) return undefined;
  return {
    text: `SELECT ${fields.join(', ')} FROM unnest(${arrays.join(', ')}) AS v(${columns.join(', ')})`,
    params,
  };
}

function arrayValue(value: SqlValue): SqlValue {
  if (typeof value === 'string') return value.toWellFormed();
  return typeof value === 'boolean' ? Number(value) : value;
}

type ArrayType = 'text' | 'bigint' | 'null';

function arrayType(values: readonly SqlValue[]): ArrayType | undefined {
  let type: ArrayType = 'null';
  for (const value of values) {
    if (value === null) continue;
    const own = typeof value === 'string' ? 'text' : Number.isSafeInteger(value) ? 'bigint' : undefined;
    if (own === undefined || (type !== 'null' && type !== own)) return undefined;
    type = own;
  }
  return type;
}

/** As PostgreSQL reads it: like JSON, but for its brackets, and for control characters, which stand as they are. */
function arrayText(values: readonly SqlValue[]): string {
  const json = JSON.stringify(values);
  if (!/\\[^"\\]/.test(json)) return `{${json.slice(1, -1)}}`;
  const texts = values.map((value) =>
    value === null ? 'NULL' : `"${String(value).replaceAll(/["\\]/g, '\\$&')}"`,
  );
  return `{${texts.join()}}`;
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
