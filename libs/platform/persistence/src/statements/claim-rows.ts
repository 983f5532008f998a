import type { Dialect, Queryable, SqlParams } from '../database/database.js';
import { orderBySql, parseOrder, sortRows } from './order.js';

/** Which rows of a work queue to take, and how to mark them as taken. */
export interface Claim {
  readonly table: string;
  /** The table's single-column primary key. Default `id`. */
  readonly id?: string;
  /** Condition on the table's columns. Literals (`open = 1`) let a partial index serve it. */
  readonly where: string;
  /** Assignments that make the row stop matching `where`, as in `leased_until = :until`. */
  readonly set: string;
  /** Parameters of `where` and `set`. */
  readonly params: SqlParams;
  /** As in `['priority desc', 'id']`; columns must be among `columns`. */
  readonly orderBy: readonly string[];
  /** Columns to give back, as they are after `set`. */
  readonly columns: readonly string[];
  readonly limit: number;
}

/**
 * Takes rows of a work queue: no row goes to two callers, and concurrent callers skip each other's rows instead of
 * waiting. One statement, atomic by itself.
 */
export async function claimRows<T extends object>(on: Queryable, claim: Claim): Promise<T[]> {
  const order = parseOrder(claim.orderBy);
  if (!Number.isSafeInteger(claim.limit) || claim.limit < 1) throw new TypeError('limit must be at least 1');
  const rows = await on.query<T>(claimSql[on.dialect](claim, orderBySql(order)), claim.params);
  return sortRows(rows, order);
}

const claimSql: Readonly<Record<Dialect, (claim: Claim, order: string) => string>> = {
  sqlite: ({ table, id = 'id', where, set, columns, limit }, order) =>
    `UPDATE {${table}} SET ${set} WHERE "${id}" IN
       (SELECT "${id}" FROM {${table}} WHERE ${where} ORDER BY ${order} LIMIT ${limit})
     RETURNING ${columns.map((name) => `"${name}"`).join(', ')}`,
  // MATERIALIZED: an inlined subquery could run more than once and lock more rows than the limit.
  postgres: ({ table, id = 'id', where, set, columns, limit }, order) =>
    `WITH taken AS MATERIALIZED
       (SELECT "${id}" FROM {${table}} WHERE ${where} ORDER BY ${order} LIMIT ${limit} FOR UPDATE SKIP LOCKED)
     UPDATE {${table}} AS t SET ${set} FROM taken WHERE t."${id}" = taken."${id}"
     RETURNING ${columns.map((name) => `t."${name}"`).join(', ')}`,
  // The condition stands outside too: a row that changed between the two looks is not taken.
  mssql: ({ table, id = 'id', where, set, columns, limit }, order) =>
    `UPDATE {${table}} WITH (UPDLOCK, READPAST, ROWLOCK) SET ${set}
     OUTPUT ${columns.map((name) => `inserted."${name}"`).join(', ')}
     WHERE (${where}) AND "${id}" IN
       (SELECT TOP (${limit}) "${id}" FROM {${table}} WITH (UPDLOCK, READPAST, ROWLOCK)
        WHERE ${where} ORDER BY ${order})`,
};
