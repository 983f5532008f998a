import { quoted, type SqlWriter } from './compiled-sql.js';
import type { Position } from './page-cursor.js';
import { nullsComeLast, type SortColumn } from './sort-order.js';

/**
 * The rows after a position, as conditions each of which one stretch of an index serves, in the order of the list:
 * first those equal in all columns but the last, and after the position there; then those equal in all but the last
 * two, and so on. One condition for all (`a > :a OR a = :a AND b > :b`) would read the index from its beginning.
 */
export function stretchesAfter(
  writer: SqlWriter,
  order: readonly SortColumn[],
  position: Position,
): string[] {
  return order.toReversed().flatMap((column, fromEnd) => {
    const index = order.length - 1 - fromEnd;
    const equal = order.slice(0, index).map(({ column }, i) => equalTo(writer, column, position[i] ?? null));
    return beyond(writer, column, position[index] ?? null).map((after) => [...equal, after].join(' AND '));
  });
}

const equalTo = (writer: SqlWriter, column: string, value: string | number | null): string =>
  value === null ? `${quoted(column)} IS NULL` : `${quoted(column)} = ${writer.value(value)}`;

function beyond(writer: SqlWriter, sort: SortColumn, value: string | number | null): string[] {
  const column = quoted(sort.column);
  const isLast = nullsComeLast(writer.dialect, sort);
  if (value === null) return isLast ? [] : [`${column} IS NOT NULL`];
  const greater = `${column} ${sort.descending ? '<' : '>'} ${writer.value(value)}`;
  return sort.nullable && isLast ? [greater, `${column} IS NULL`] : [greater];
}
