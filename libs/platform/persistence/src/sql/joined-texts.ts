import type { Dialect } from '../database/database.js';

/**
 * An aggregate: the texts of a group, none of which holds a comma, with commas between them and in no order; null
 * where there is none.
 */
export function joinedTexts(dialect: Dialect, text: string): string {
  switch (dialect) {
    case 'sqlite':
      return `group_concat(${text}, ',')`;
    case 'postgres':
      return `STRING_AGG(${text}, ',')`;
    case 'mssql':
      // Without the cast it fails for what is longer than 8,000 bytes.
      return `STRING_AGG(CAST(${text} AS nvarchar(max)), ',')`;
  }
}
