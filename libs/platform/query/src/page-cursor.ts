import { createHash } from 'node:crypto';
import { commonErrors } from '@espalier/contracts';
import type { SortColumn } from './sort-order.js';

/** What the last row of a page has in the columns of its order. */
export type Position = readonly (string | number | null)[];

/** Where the next page begins, for the caller to give back. It holds for this order only. */
export function encodeCursor(row: object, order: readonly SortColumn[]): string {
  const position = order.map(({ column, nullable }) => {
    const value: unknown = (row as Record<string, unknown>)[column];
    if (value === undefined) throw new TypeError(`The list has no column ${column} to order by`);
    if (value === null && !nullable) throw new TypeError(`${column} of the default order is null`);
    return value;
  });
  return Buffer.from(JSON.stringify([markOf(order), ...position])).toString('base64url');
}

/** Throws `ESP_BAD_REQUEST` for a cursor that was not given for this order. */
export function decodeCursor(cursor: string, order: readonly SortColumn[]): Position {
  const [mark, ...position] = parse(cursor);
  const isWhole = mark === markOf(order) && position.length === order.length;
  if (!isWhole || !order.every((column, index) => fits(position[index], column))) {
    throw commonErrors.ESP_BAD_REQUEST({
      detail: 'The cursor does not belong to this list in this order: leave it out to get the first page.',
    });
  }
  return position as Position;
}

function parse(cursor: string): unknown[] {
  try {
    const values: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(values) ? values : [];
  } catch {
    return [];
  }
}

function fits(value: unknown, { type, nullable }: SortColumn): boolean {
  if (value === null) return nullable;
  if (type !== 'text') return Number.isSafeInteger(value);
  // PostgreSQL takes no NUL.
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\0');
}

const markOf = (order: readonly SortColumn[]): string =>
  createHash('sha256')
    .update(JSON.stringify(order.map(({ column, descending }) => [column, descending])))
    .digest('base64url')
    .slice(0, 8);
