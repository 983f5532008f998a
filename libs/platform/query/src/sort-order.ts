import {
  comparedColumn,
  findProperty,
  keyProperty,
  type ClassModel,
  type PropertyType,
} from '@espalier/conditions';
import type { OrderField } from '@espalier/filter-expression';
import type { Dialect } from '@espalier/persistence';
import { quoted } from './compiled-sql.js';

/** One column of a list's order. */
export interface SortColumn {
  readonly column: string;
  readonly type: PropertyType;
  readonly descending: boolean;
  /** False for columns that are never null. */
  readonly nullable: boolean;
}

/** The order that is asked for, and after it what makes it unique. */
export function sortOrder(
  model: ClassModel,
  fields: readonly OrderField[],
  defaultOrder: readonly string[],
): SortColumn[] {
  const columns = new Map<string, SortColumn>();
  const unique = defaultOrder.map((item) => defaultColumn(model, item));
  for (const { property, descending } of fields) {
    const column = comparedColumn(property);
    const nullable = unique.every((other) => other.column !== column);
    columns.set(column, { column, type: property.type, descending, nullable });
  }
  for (const column of unique) if (!columns.has(column.column)) columns.set(column.column, column);
  return [...columns.values()];
}

function defaultColumn(model: ClassModel, item: string): SortColumn {
  const [name = '', direction] = item.split(' ');
  const property =
    findProperty(model, name) ??
    model.properties.find(({ column, foldedColumn }) => column === name || foldedColumn === name) ??
    (name === model.keyColumn ? keyProperty(model) : undefined);
  if (property === undefined) throw new TypeError(`${model.name} has no property to order by: ${item}`);
  const { type } = property;
  return { column: comparedColumn(property), type, descending: direction === 'desc', nullable: false };
}

/** Where a value is missing, it stands where the database puts it by itself, so that an index gives the order. */
export const nullsComeLast = (dialect: Dialect, { descending }: SortColumn): boolean =>
  (dialect === 'postgres') !== descending;

export const orderBySql = (order: readonly SortColumn[]): string =>
  order.map(({ column, descending }) => `${quoted(column)}${descending ? ' DESC' : ''}`).join(', ');
