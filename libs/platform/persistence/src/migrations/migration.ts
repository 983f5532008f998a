import type { Dialect, SqlParams } from '../database/database.js';

/** A column in a migration. The type decides the spelling per dialect; text compares and sorts by bytes on all. */
export interface ColumnSpec {
  readonly type:
    | 'id'
    | 'text'
    | 'longText'
    | 'json'
    | 'bytes'
    | 'time'
    | 'integer'
    | 'bigint'
    | 'real'
    | 'flag'
    | 'sequence';
  /** Characters, for `text`. */
  readonly length?: number;
  readonly nullable?: boolean;
  readonly default?: string | number;
}

export interface IndexSpec {
  /** Column names, each optionally followed by ` desc`. */
  readonly columns: readonly string[];
  readonly unique?: boolean;
  /** Literal condition of a partial (filtered) index, as in `open = 1`. */
  readonly where?: string;
  /** Default: made of table and columns. */
  readonly name?: string;
}

export interface ForeignKeySpec {
  readonly columns: readonly string[];
  readonly references: string;
  /** Default: `id`. */
  readonly referencedColumns?: readonly string[];
  readonly onDelete?: 'cascade' | 'set null' | 'no action';
}

export interface TableSpec {
  readonly columns: Readonly<Record<string, ColumnSpec>>;
  readonly primaryKey: readonly string[];
  readonly unique?: readonly (readonly string[])[];
  readonly indexes?: readonly IndexSpec[];
  readonly foreignKeys?: readonly ForeignKeySpec[];
}

/** Changes a schema, the same way on every dialect. */
export interface SchemaEditor {
  readonly dialect: Dialect;
  /** Name of the service's schema; on SQLite only a name. */
  readonly schema: string;
  createTable(name: string, table: TableSpec): Promise<void>;
  dropTable(name: string): Promise<void>;
  /** A column of a table with rows must be nullable or have a default. */
  addColumn(table: string, name: string, column: ColumnSpec): Promise<void>;
  /** Indexes that name the column must be dropped before. */
  dropColumn(table: string, name: string): Promise<void>;
  renameColumn(table: string, from: string, to: string): Promise<void>;
  createIndex(table: string, index: IndexSpec): Promise<void>;
  /** `index` as it was given to `createIndex` or `createTable`. */
  dropIndex(table: string, index: Pick<IndexSpec, 'name' | 'columns'>): Promise<void>;
  /** `select` in the portable spelling, with `{table}`; the same columns on every dialect. */
  createView(name: string, select: string): Promise<void>;
  dropView(name: string): Promise<void>;
  /** Moves data; same spelling as {@link Queryable}. */
  execute(sql: string, params?: SqlParams): Promise<void>;
  /** For data moves that must look first. Gives no rows where DDL is only rendered. */
  query<T>(sql: string, params?: SqlParams): Promise<T[]>;
}

/** One step of a schema's history. */
export interface Migration {
  /** Stable and unique in the schema, sorted by date: `2026-11-21-create-devices`. At most 200 characters. */
  readonly name: string;
  up(schema: SchemaEditor): void | Promise<void>;
  down(schema: SchemaEditor): void | Promise<void>;
}

/** Declares a migration that runs on every dialect. Await every step: `up: async (schema) => { await … }`. */
export function portableMigration(
  name: string,
  steps: {
    readonly up: (schema: SchemaEditor) => Promise<void>;
    readonly down: (schema: SchemaEditor) => Promise<void>;
  },
): Migration {
  return { name, ...steps };
}
