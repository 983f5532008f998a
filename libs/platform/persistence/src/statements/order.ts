/** One column of an ORDER BY. */
export interface OrderColumn {
  readonly name: string;
  readonly descending: boolean;
}

/** Reads `['priority desc', 'id']`. */
export function parseOrder(order: readonly string[]): OrderColumn[] {
  return order.map((item) => {
    const match = /^([a-z_][a-z0-9_]*)(?: (asc|desc))?$/.exec(item);
    if (match?.[1] === undefined) throw new TypeError(`Not a column to order by: ${item}`);
    return { name: match[1], descending: match[2] === 'desc' };
  });
}

export function orderBySql(order: readonly OrderColumn[]): string {
  return order.map(({ name, descending }) => `"${name}"${descending ? ' DESC' : ''}`).join(', ');
}

/** Sorts rows as the database would, where a statement cannot promise an order (RETURNING, OUTPUT). */
export function sortRows<T extends object>(rows: T[], order: readonly OrderColumn[]): T[] {
  return rows.sort((a, b) => {
    for (const { name, descending } of order) {
      const [left, right] = [a[name as keyof T], b[name as keyof T]];
      if (left !== right) return left < right !== descending ? -1 : 1;
    }
    return 0;
  });
}
