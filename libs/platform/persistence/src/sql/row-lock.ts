import type { Dialect } from '../database/database.js';

/** Parts of a SELECT in a transaction: `hint` stands behind the table's alias, `end` at the end. */
export interface RowLock {
  readonly hint: string;
  readonly end: string;
}

/**
 * Keeps the rows found in a table from being changed by others until the transaction ends (`share`), or also from
 * being locked by them (`update`). Transactions of SQLite are alone anyway.
 */
export function rowLock(dialect: Dialect, alias: string, strength: 'share' | 'update'): RowLock {
  if (dialect === 'sqlite') return { hint: '', end: '' };
  if (dialect === 'postgres') return { hint: '', end: `FOR ${strength.toUpperCase()} OF ${alias}` };
  return { hint: strength === 'share' ? 'WITH (REPEATABLEREAD)' : 'WITH (UPDLOCK)', end: '' };
}
