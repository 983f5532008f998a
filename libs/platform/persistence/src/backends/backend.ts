import type { DataSource, EntityManager } from 'typeorm';
import type { Dialect, Isolation } from '../database/database.js';
import type { BoundStatement } from '../sql/sql-template.js';

/** Rows and number of changed rows of one statement. */
export interface StatementResult {
  readonly rows: Record<string, unknown>[];
  readonly affected: number;
}

/** Where statements run: a pool, or the one connection of a transaction. Throws what toDatabaseError gives. */
export interface StatementRunner {
  /** `name` asks for a named prepared statement. */
  run(statement: BoundStatement, name?: string): Promise<StatementResult>;
}

/** The one connection of a transaction. */
export interface BackendTransaction extends StatementRunner {
  readonly manager: EntityManager;
}

export interface BackendTransactionOptions {
  readonly isolation: Isolation;
  /** Migrations may run longer than any statement of a service. */
  readonly unbounded?: boolean;
}

/** One kind of database behind Database: drivers, connections and their traps. */
export interface Backend extends StatementRunner {
  readonly dialect: Dialect;
  readonly dataSource: DataSource;
  /** One attempt to connect. */
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  /** Begins, runs, commits; rolls back where the callback throws. */
  transaction<T>(fn: (tx: BackendTransaction) => Promise<T>, options: BackendTransactionOptions): Promise<T>;
  use<T>(fn: (manager: EntityManager) => Promise<T>): Promise<T>;
  /** Throws where the database does not answer. */
  ping(): Promise<void>;
  /** Connections, for metrics. */
  poolState(): { readonly total: number; readonly idle: number; readonly waiting: number };
}

/** What every backend is made of. */
export interface BackendOptions {
  readonly url: URL;
  readonly schema: string;
  readonly entities: readonly (abstract new (...args: never[]) => object)[];
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  /** A pool's background error, for the log. */
  readonly onPoolError: (error: Error) => void;
}
