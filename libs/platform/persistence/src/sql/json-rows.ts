import type { Dialect } from '../database/database.js';

/** Columns of rows that come as JSON, by name as the keys of the objects; `json` holds an array or an object. */
export type JsonColumns = Readonly<Record<string, JsonColumnType>>;
export type JsonColumnType = 'text' | 'integer' | 'json';

/** In the collation of text columns: of two, PostgreSQL would pick the wrong one and SQL Server refuse. */
const postgresTypes: Readonly<Record<JsonColumnType, string>> = {
  text: 'text COLLATE "C"',
  integer: 'bigint',
  json: 'json',
};
const mssqlTypes: Readonly<Record<JsonColumnType, (name: string) => string>> = {
  text: (name) => `${name} nvarchar(1000) '$.${name}'`,
  integer: (name) => `${name} bigint '$.${name}'`,
  json: (name) => `${name} nvarchar(max) '$.${name}' AS JSON`,
};
const MSSQL_COLLATION = 'COLLATE Latin1_General_100_BIN2';

/**
 * What stands in FROM for the parameter `:param`, which holds a JSON array of objects, a row each: one statement, with
 * the same text, for any number of rows.
 */
export function jsonRows(dialect: Dialect, param: string, alias: string, columns: JsonColumns): string {
  const each = (write: (name: string, type: JsonColumnType) => string): string =>
    Object.entries(columns)
      .map(([name, type]) => write(name, type))
      .join(', ');
  switch (dialect) {
    case 'sqlite':
      return `(SELECT ${each((name) => `value ->> '${name}' AS ${name}`)} FROM json_each(:${param})) AS ${alias}`;
    case 'postgres':
      return `(SELECT * FROM json_to_recordset(CAST(:${param} AS json)) AS r (${each(
        (name, type) => `${name} ${postgresTypes[type]}`,
      )})) AS ${alias}`;
    case 'mssql':
      return `(SELECT ${each((name, type) => (type === 'text' ? `${name} ${MSSQL_COLLATION} AS ${name}` : name))}
        FROM OPENJSON(:${param}) WITH (${each((name, type) => mssqlTypes[type](name))}) AS r) AS ${alias}`;
  }
}

const items: Readonly<Record<Dialect, (column: string) => string>> = {
  sqlite: (column) => `CROSS JOIN json_each(${column}) AS items`,
  postgres: (column) => `CROSS JOIN LATERAL json_array_elements_text(${column}) AS items (value)`,
  mssql: (column) => `CROSS APPLY OPENJSON(${column}) AS items`,
};

/** Continues a FROM clause: a row for each item, `items.value`, of a column that holds a JSON array. */
export const jsonItems = (dialect: Dialect, column: string): string => items[dialect](column);
