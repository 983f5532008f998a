import type { DataSource, EntityManager } from 'typeorm';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Migration } from '../migrations/migration.js';

/** The databases that the product runs on. */
export type Dialect = 'sqlite' | 'postgres' | 'mssql';

/** What a parameter may hold. Times are epoch milliseconds, flags are stored as 0/1. */
export type SqlValue = string | number | bigint | boolean | null | Uint8Array;

/** Values of the `:name` placeholders of a statement. A list stands for `IN (:ids)` and must not be empty. */
export type SqlParams = Readonly<Record<string, SqlValue | readonly SqlValue[]>>;

export interface QueryOptions {
  /**
   * On PostgreSQL: planned for these very values each time. For conditions that people write: a plan that is kept for
   * all of them takes any pattern for a rare one, and reads and sorts the whole table where an index would give the
   * first page at once.
   */
  readonly planAnew?: boolean;
}

/**
 * Runs statements that are spelt the same for every dialect:
 * - `:name` is a parameter (never replaced inside strings, comments, quoted names; `::type` is left alone);
 * - `{table}` is a table of this service's schema. Always write table names so: unqualified names do not
 *   resolve on PostgreSQL and SQL Server.
 *
 * Rows are plain objects keyed by column name; bigint columns arrive as number, flags as 0/1, bytes as Buffer
 * on every dialect. Errors: `ESP_DATABASE_UNAVAILABLE` where the database cannot be reached or does not answer
 * in time, otherwise {@link DatabaseError}.
 */
export interface Queryable {
  readonly dialect: Dialect;
  /** Runs one statement and gives its rows (first result set of a batch on SQL Server). */
  query<T = Record<string, unknown>>(sql: string, params?: SqlParams, options?: QueryOptions): Promise<T[]>;
  /** Runs one statement and gives the number of rows it changed (all statements of a batch on SQL Server). */
  execute(sql: string, params?: SqlParams): Promise<number>;
  /**
   * Like `query`, for hot paths: a named prepared statement on PostgreSQL, the statement cache on SQLite and the
   * plan cache on SQL Server. `name` belongs to exactly one text; list parameters are not allowed.
   */
  prepared<T = Record<string, unknown>>(name: string, sql: string, params?: SqlParams): Promise<T[]>;
}

/** A transaction. Usable only until the callback that got it has ended. */
export interface Tx extends Queryable {
  /** TypeORM inside this transaction, for ordinary create, read, update and delete. */
  readonly manager: EntityManager;
  /** Runs after the commit; not after a rollback. Errors of the callback are logged. */
  afterCommit(callback: () => void): void;
}

/** SQLite is always serializable. */
export type Isolation = 'read committed' | 'repeatable read' | 'serializable';

export interface TransactionOptions {
  /** Default: read committed. */
  readonly isolation?: Isolation;
  /** How often the callback runs again after a deadlock or serialization failure. Default 5. */
  readonly retries?: number;
}

/** One service's schema in one database. */
export interface Database extends Queryable {
  /** Name of the service's schema; on SQLite only a name. */
  readonly schema: string;
  /**
   * TypeORM's data source, for metadata. Statements run through it outside `transaction` and `use` are refused on
   * SQLite, where they would fall into another caller's transaction.
   */
  readonly dataSource: DataSource;
  /**
   * Runs the callback in a transaction and again after a deadlock or serialization failure, so it must have no
   * effect outside the database: use `tx.afterCommit`. Inside it use `tx`; using the Database there is refused.
   */
  transaction<T>(fn: (tx: Tx) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Ordinary TypeORM work that needs no transaction of its own. */
  use<T>(fn: (manager: EntityManager) => Promise<T>): Promise<T>;
  /** Applies the pending migrations under a lock, each in its own transaction; gives their names. */
  migrate(): Promise<string[]>;
  /** Reverts the newest migrations; gives their names. */
  revert(steps?: number): Promise<string[]>;
  /** Names of the migrations that are not applied yet. */
  pendingMigrations(): Promise<string[]>;
  /** Resolves at the first successful connection; rejects only when the Database is closed before. */
  ready(): Promise<void>;
  /** For readiness: throws `ESP_DATABASE_UNAVAILABLE` unless the database answers within two seconds. */
  ping(): Promise<void>;
  /** Refuses new work (`ESP_SHUTTING_DOWN`), waits for what is in flight, then disconnects. */
  close(): Promise<void>;
}

type EntityClass = abstract new (...args: never[]) => object;

export interface DatabaseOptions {
  /**
   * `sqlite:/path/to/file`, `sqlite::memory:`, `postgres://user:password@host:5432/database?sslmode=verify-full` or
   * `mssql://user:password@host:1433/database?encrypt=true&trustServerCertificate=false`; there also `domain` for an
   * NTLM login, and `collation` for text columns that migrations make (default Latin1_General_100_BIN2).
   */
  readonly url: string;
  /** The service's schema: lower case letters, digits and `_`. */
  readonly schema: string;
  readonly entities?: readonly EntityClass[];
  /** In the order in which they apply. */
  readonly migrations?: readonly Migration[];
  readonly logger: Logger;
  readonly metrics?: Registry;
  /** Connections at most (PostgreSQL, SQL Server). Default 10. */
  readonly poolSize?: number;
  /** Longest wait for a connection, in ms. Default 3000. */
  readonly connectTimeoutMs?: number;
  /** Longest run of one statement, in ms; also how long a busy SQLite file is waited for. Default 10000. */
  readonly statementTimeoutMs?: number;
  readonly now?: () => Date;
}
