import type { Dialect } from '@espalier/persistence';

type ColumnType = 'text' | 'integer' | 'json';

/** How each type is spelt in `json_to_recordset` and in OPENJSON. */
const postgresTypes: Readonly<Record<ColumnType, string>> = {
  text: 'text',
  integer: 'integer',
  json: 'json',
};
const mssqlTypes: Readonly<Record<ColumnType, string>> = {
  text: 'nvarchar(400)',
  integer: 'int',
  json: 'nvarchar(max)',
};
/** As text columns have it: SQL Server refuses to compare texts of two collations. */
const COLLATED = 'COLLATE Latin1_General_100_BIN2';

/**
 * FROM clause of a parameter `:name` that holds a JSON array of objects, a row each: one statement with the same
 * text for any number of rows, and no limit of parameters. Columns are named as the objects' keys.
 */
export function jsonRows(
  dialect: Dialect,
  name: string,
  alias: string,
  columns: Readonly<Record<string, ColumnType>>,
): string {
  const each = (write: (column: string, type: ColumnType) => string): string =>
    Object.entries(columns)
      .map(([column, type]) => write(column, type))
      .join(', ');
  switch (dialect) {
    case 'sqlite':
      return `(SELECT ${each((column) => `value ->> '${column}' AS ${column}`)} FROM json_each(:${name})) AS ${alias}`;
    case 'postgres':
      return `json_to_recordset(CAST(:${name} AS json)) AS ${alias} (${each(
        (column, type) => `${column} ${postgresTypes[type]}`,
      )})`;
    case 'mssql':
      return `(SELECT ${each((column, type) => (type === 'text' ? `${column} ${COLLATED} AS ${column}` : column))}
        FROM OPENJSON(:${name}) WITH (${each(
          (column, type) => `${column} ${mssqlTypes[type]} '$.${column}'${type === 'json' ? ' AS JSON' : ''}`,
        )}) AS rows_of_json) AS ${alias}`;
  }
}

/** Continues a FROM clause: a row for each item, `items.value`, of a column that holds a JSON array. */
export const jsonItems: Readonly<Record<Dialect, (column: string) => string>> = {
  sqlite: (column) => `CROSS JOIN json_each(${column}) AS items`,
  postgres: (column) => `CROSS JOIN LATERAL json_array_elements_text(${column}) AS items (value)`,
  mssql: (column) => `CROSS APPLY OPENJSON(${column}) AS items`,
};
