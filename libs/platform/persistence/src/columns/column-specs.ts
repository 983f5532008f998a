import type { ColumnSpec } from '../migrations/migration.js';

interface Common {
  readonly nullable?: boolean;
}

/** Columns of tables in migrations; `column` has the same names for entities. */
export const t = {
  /** A UUID, UDID or other identifier: text of 64 characters. */
  id: (options: Common = {}): ColumnSpec => ({ type: 'id', ...options }),
  /** Unicode text of limited length. Keep primary keys and unique columns ≤ 400 (SQL Server's index limit). */
  text: (length: number, options: Common & { default?: string } = {}): ColumnSpec => ({
    type: 'text',
    length,
    ...options,
  }),
  /** Unicode text of any length; cannot be indexed. */
  longText: (options: Common = {}): ColumnSpec => ({ type: 'longText', ...options }),
  /** JSON as text of any length. */
  json: (options: Common = {}): ColumnSpec => ({ type: 'json', ...options }),
  bytes: (options: Common = {}): ColumnSpec => ({ type: 'bytes', ...options }),
  /** Epoch milliseconds. */
  time: (options: Common = {}): ColumnSpec => ({ type: 'time', ...options }),
  integer: (options: Common & { default?: number } = {}): ColumnSpec => ({ type: 'integer', ...options }),
  bigint: (options: Common & { default?: number } = {}): ColumnSpec => ({ type: 'bigint', ...options }),
  real: (options: Common & { default?: number } = {}): ColumnSpec => ({ type: 'real', ...options }),
  /** Boolean stored as 0/1, so that `WHERE open = 1` is an index condition everywhere. */
  flag: (options: Common & { default?: 0 | 1 } = {}): ColumnSpec => ({ type: 'flag', ...options }),
  /** A bigint that grows with every insert; must be the whole primary key. */
  sequence: (): ColumnSpec => ({ type: 'sequence' }),
} as const;
