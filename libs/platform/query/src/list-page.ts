import type { ClassModel, Condition } from '@espalier/conditions';
import { siteErrors } from '@espalier/contracts';
import {
  FILTER_ALIAS,
  FilterError,
  parseFilter,
  parseOrderBy,
  type OrderField,
} from '@espalier/filter-expression';
import { limitSql, type Page, type Queryable, type SqlParams } from '@espalier/persistence';
import { quoted, SqlWriter, type CompiledSql } from './compiled-sql.js';
import { compileCondition } from './query.compiler.js';
import { stretchesAfter } from './keyset.js';
import { decodeCursor, encodeCursor } from './page-cursor.js';
import { orderBySql, sortOrder, type SortColumn } from './sort-order.js';

/** One page of a list that callers filter and order. */
export interface ListRequest {
  /** What can be filtered and ordered by; its columns, folded ones included, are columns of `sql`. */
  readonly model: ClassModel;
  /**
   * A SELECT without ORDER BY. Names of its parameters do not begin with `filter_` or `after_`. Where it has many
   * columns, it may leave out those that this list does not use: they cost nothing to read, but planning does.
   */
  readonly sql: string | ((uses: (column: string) => boolean) => string);
  readonly params?: SqlParams;
  /**
   * Columns of `sql` that the rows are to have, besides those of the order; default: all. What is not asked for costs
   * nothing: neither folded columns, which only filters need, nor what a subquery of its own would find.
   */
  readonly columns?: readonly string[] | undefined;
  /** As the caller wrote it: see `parseFilter`. */
  readonly filter?: string | undefined;
  /** As the caller wrote it: see `parseOrderBy`. */
  readonly orderBy?: string | undefined;
  /** What a parser of another language made of a filter; its source is `FILTER_ALIAS`. In place of `filter`. */
  readonly condition?: Condition | undefined;
  /** In place of `orderBy`. */
  readonly order?: readonly OrderField[] | undefined;
  /**
   * Properties or columns, never null and together unique, as in `['joinedAt desc', 'id']`: the order where the
   * caller gives none, and what decides between equals where one is given.
   */
  readonly defaultOrder: readonly string[];
  readonly limit: number;
  /** `next` of the page before, for the same order. */
  readonly cursor?: string | undefined;
  /** Rows to leave out before the page, which the database reads all the same. Not together with `cursor`. */
  readonly skip?: number | undefined;
  /** What `now()` is in filters; epoch ms. Default: the clock. */
  readonly now?: number;
}

/**
 * One page of a list by keyset: costs the same at any depth, and rows that come or go meanwhile neither repeat nor
 * hide others. Rows that lack a value come first in ascending order, on PostgreSQL last, as indexes have them.
 * Throws `ESP_SITE_FILTER_INVALID` for a filter or order that cannot be read, `ESP_BAD_REQUEST` for a cursor that
 * was not given for this order.
 */
export async function listPage<T extends object>(on: Queryable, request: ListRequest): Promise<Page<T>> {
  const { model, limit } = request;
  const order = sortOrder(model, request.order ?? orderOf(request), request.defaultOrder);
  const rows = await rowsAfter<T>(on, request, order, filterSql(on, request));
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  if (last === undefined) return { rows };
  return { rows: rows.slice(0, limit), next: encodeCursor(last, order) };
}

/** How many rows the list has over all its pages. Throws as `listPage`. */
export async function countList(
  on: Queryable,
  request: Pick<ListRequest, 'model' | 'sql' | 'params' | 'filter' | 'condition' | 'now'>,
): Promise<number> {
  const filter = filterSql(on, request);
  const where = filter.sql === '' ? '' : `WHERE ${filter.sql}`;
  const [row] = await on.query<{ count: number }>(
    `SELECT COUNT(*) AS count FROM (${listSql(request, filter, () => false)}) AS ${LIST} ${where}`,
    { ...request.params, ...filter.params },
    { planAnew: true },
  );
  return row?.count ?? 0;
}

/** One row more than the page takes, where there is one. */
async function rowsAfter<T extends object>(
  on: Queryable,
  request: ListRequest,
  order: readonly SortColumn[],
  filter: CompiledSql,
): Promise<T[]> {
  const { cursor, skip } = request;
  const wanted = request.limit + 1;
  const writer = new SqlWriter(on.dialect, 'after_');
  const stretches = cursor === undefined ? [''] : stretchesAfter(writer, order, decodeCursor(cursor, order));
  const params = { ...request.params, ...filter.params, ...writer.params };
  const rows: T[] = [];
  const shown = new Set([...(request.columns ?? []), ...order.map(({ column }) => column)]);
  const selected = request.columns === undefined ? '*' : [...shown].map(quoted).join(', ');
  const list = listSql(request, filter, (column) => request.columns === undefined || shown.has(column));
  for (const stretch of stretches) {
    if (rows.length === wanted) break;
    const where = [filter.sql, stretch].filter((part) => part !== '').join(' AND ');
    const found = await on.query<T>(
      `SELECT ${selected} FROM (${list}) AS ${LIST} ${where === '' ? '' : `WHERE ${where}`}
       ORDER BY ${orderBySql(order)} ${limitSql(on.dialect, wanted - rows.length, skip)}`,
      params,
      { planAnew: true },
    );
    rows.push(...found);
  }
  return rows;
}

/** The SELECT of the list, with the columns that the page shows, and that its filter asks about. */
const listSql = (
  { sql }: Pick<ListRequest, 'sql'>,
  filter: CompiledSql,
  shows: (column: string) => boolean,
): string =>
  typeof sql === 'string' ? sql : sql((column) => shows(column) || filter.sql.includes(quoted(column)));

/** SQL alias of the list. */
const LIST = 'list';

function filterSql(
  on: Queryable,
  request: Pick<ListRequest, 'model' | 'filter' | 'condition' | 'now'>,
): CompiledSql {
  const { model, filter, now } = request;
  const condition =
    request.condition ??
    (filter === undefined ? undefined : understood('filter', () => parseFilter(filter, model)));
  if (condition === undefined) return { sql: '', params: {} };
  const aliases = new Map([[FILTER_ALIAS, LIST]]);
  return compileCondition(condition, on.dialect, { aliases, prefix: 'filter_', now: now ?? Date.now() });
}

const orderOf = ({ model, orderBy }: ListRequest): readonly OrderField[] =>
  orderBy === undefined ? [] : understood('orderBy', () => parseOrderBy(orderBy, model));

function understood<T>(field: 'filter' | 'orderBy', read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    throw siteErrors.ESP_SITE_FILTER_INVALID({ detail: error.message, fields: { [field]: error.message } });
  }
}
