import type { Dialect } from '../database/database.js';

/**
 * A value: texts of some rows, none of which is empty or holds a comma, with commas between them and in no order; null
 * where there is none.
 * @param from what stands behind FROM
 */
export function joinedTexts(dialect: Dialect, text: string, from: string): string {
  switch (dialect) {
    case 'sqlite':
      return `(SELECT group_concat(${text}, ',') FROM ${from})`;
    case 'postgres':
      // For the few rows of one object an array costs less than an aggregate.
      return `NULLIF(ARRAY_TO_STRING(ARRAY(SELECT ${text} FROM ${from}), ','), '')`;
    case 'mssql':
      // Without the cast it fails for what is longer than 8,000 bytes.
      return `(SELECT STRING_AGG(CAST(${text} AS nvarchar(max)), ',') FROM ${from})`;
  }
}
