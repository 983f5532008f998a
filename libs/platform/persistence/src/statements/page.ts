import { commonErrors, type EspalierError } from '@espalier/contracts';
import type { Dialect, Queryable, SqlParams, SqlValue } from '../database/database.js';
import { DatabaseError } from '../errors/database-error.js';
import { orderBySql, parseOrder, type OrderColumn } from './order.js';

export interface PageRequest {
  /** A SELECT without ORDER BY. */
  readonly sql: string;
  readonly params?: SqlParams;
  /** Columns of the SELECT that are never null and together unique, as in `['created_at desc', 'id']`. */
  readonly orderBy: readonly string[];
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string | undefined;
}

export interface Page<T> {
  readonly rows: T[];
  /** Opaque; missing on the last page. */
  readonly next?: string;
}

/**
 * One page of a list by keyset: costs the same at any depth, and rows that come or go meanwhile neither repeat nor
 * hide others. Throws `ESP_BAD_REQUEST` for a cursor that is not one of ours.
 */
export async function page<T extends object>(on: Queryable, request: PageRequest): Promise<Page<T>> {
  const order = parseOrder(request.orderBy);
  const cursor = request.after === undefined ? undefined : decodeCursor(request.after, order.length);
  const where = cursor === undefined ? '' : `WHERE ${after(order)}`;
  const keys = Object.fromEntries((cursor ?? []).map((value, index) => [`keyset_${index}`, value]));
  const select = on.query<T>(
    `SELECT * FROM (${request.sql}) AS page ${where} ORDER BY ${orderBySql(order)}
     ${limitSql(on.dialect, request.limit + 1)}`,
    { ...request.params, ...keys },
  );
  const rows = await select.catch((error: unknown) => {
    // A cursor that was tampered with compares a column with a value of another type.
    if (cursor !== undefined && error instanceof DatabaseError && WRONG_TYPE.has(error.sqlCode))
      throw badCursor(error);
    throw error;
  });
  const last = rows.length > request.limit ? rows[request.limit - 1] : undefined;
  if (last === undefined) return { rows };
  return { rows: rows.slice(0, request.limit), next: encodeCursor(last, order) };
}

/** PostgreSQL's invalid_text_representation and numeric_value_out_of_range, SQL Server's failed conversions. */
const WRONG_TYPE: ReadonlySet<string> = new Set(['22P02', '22003', '245', '8114', '8115']);

function badCursor(cause?: unknown): EspalierError {
  return commonErrors.ESP_BAD_REQUEST({ detail: 'The page cursor is not valid.', cause });
}

/** The end of a SELECT that has an ORDER BY. @param skip rows to leave out before, which are read all the same */
export function limitSql(dialect: Dialect, limit: number, skip = 0): string {
  if (!Number.isSafeInteger(limit) || limit < 1) throw new TypeError('limit must be at least 1');
  if (!Number.isSafeInteger(skip) || skip < 0) throw new TypeError('skip must be at least 0');
  if (dialect === 'mssql') return `OFFSET ${skip} ROWS FETCH NEXT ${limit} ROWS ONLY`;
  return skip === 0 ? `LIMIT ${limit}` : `LIMIT ${limit} OFFSET ${skip}`;
}

/** (a, b) > (x, y) without row values, which SQL Server lacks: a > x OR (a = x AND b > y). */
function after(order: readonly OrderColumn[]): string {
  const alternatives = order.map(({ name, descending }, index) => {
    const equal = order.slice(0, index).map((column, i) => `"${column.name}" = :keyset_${i} AND `);
    return `(${equal.join('')}"${name}" ${descending ? '<' : '>'} :keyset_${index})`;
  });
  return alternatives.join(' OR ');
}

function encodeCursor(row: object, order: readonly OrderColumn[]): string {
  const values = order.map(({ name }) => (row as Record<string, unknown>)[name]);
  return Buffer.from(JSON.stringify(values)).toString('base64url');
}

function decodeCursor(cursor: string, length: number): SqlValue[] {
  try {
    const values: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(values) && values.length === length && values.every(isKey)) return values;
  } catch (error) {
    throw badCursor(error);
  }
  throw badCursor();
}

function isKey(value: unknown): value is string | number {
  // PostgreSQL takes no NUL, and no half of a surrogate pair.
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  return typeof value === 'number';
}
