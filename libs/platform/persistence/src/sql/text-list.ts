import type { Dialect } from '../database/database.js';

/** Lists of texts as one parameter, for the reasons of `idListSql`. */
export interface TextListSql {
  /** Value of the parameter. */
  param(texts: readonly string[]): string;
  /** `column` is among the texts of the parameter `:name`. */
  isIn(column: string, name: string): string;
}

const param = (texts: readonly string[]): string => JSON.stringify(texts);

const textLists: Readonly<Record<Dialect, TextListSql>> = {
  sqlite: {
    param,
    isIn: (column, name) => `${column} IN (SELECT value FROM json_each(:${name}))`,
  },
  postgres: {
    param,
    // An array, not a join: the index is used whatever the planner thinks of the length of the list.
    isIn: (column, name) => `${column} = ANY(ARRAY(SELECT jsonb_array_elements_text(:${name}::jsonb)))`,
  },
  mssql: {
    param,
    // The collation of the column decides, not that of the database; nvarchar(max), OPENJSON's own type, would keep
    // SQL Server from joining by the index.
    isIn: (column, name) =>
      `${column} IN (SELECT value COLLATE Latin1_General_100_BIN2
         FROM OPENJSON(:${name}) WITH (value nvarchar(400) '$'))`,
  },
};

/** How lists of texts are spelt on a database. Texts must hold no NUL. */
export const textListSql = (dialect: Dialect): TextListSql => textLists[dialect];
