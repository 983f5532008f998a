import type { Dialect } from '../database/database.js';

/**
 * Lists of ids as one parameter: the statement's text stays the same for any number of them, SQL Server's limit of
 * parameters does not matter, and each database looks them up by index.
 */
export interface IdListSql {
  /** Value of the parameter. */
  param(ids: readonly number[]): string;
  /** `column` is among the ids of the parameter `:name`. */
  isIn(column: string, name: string): string;
  /** Aggregate that gives ids as text separated by commas: one row instead of a thousand. */
  joined(column: string): string;
}

const json = (ids: readonly number[]): string => `[${ids.join(',')}]`;

const idLists: Readonly<Record<Dialect, IdListSql>> = {
  sqlite: {
    param: json,
    isIn: (column, name) => `${column} IN (SELECT value FROM json_each(:${name}))`,
    joined: (column) => `group_concat(${column}, ',')`,
  },
  postgres: {
    param: (ids) => `{${ids.join(',')}}`,
    isIn: (column, name) => `${column} = ANY(:${name}::bigint[])`,
    joined: (column) => `string_agg(${column}::text, ',')`,
  },
  mssql: {
    param: json,
    isIn: (column, name) => `${column} IN (SELECT CAST(value AS bigint) FROM OPENJSON(:${name}))`,
    joined: (column) => `STRING_AGG(CAST(${column} AS varchar(max)), ',')`,
  },
};

/** How lists of ids are spelt on a database. */
export const idListSql = (dialect: Dialect): IdListSql => idLists[dialect];

/** What `joined` gave; null where there was nothing. */
export const splitIds = (joined: string | null): number[] =>
  joined === null || joined === '' ? [] : joined.split(',').map(Number);
