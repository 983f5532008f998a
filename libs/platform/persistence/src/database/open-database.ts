import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { commonErrors } from '@espalier/contracts';
import type { Logger } from 'pino';
import type { DataSource, EntityManager } from 'typeorm';
import { MssqlBackend } from '../backends/mssql.backend.js';
import { PostgresBackend } from '../backends/postgres.backend.js';
import { SqliteBackend } from '../backends/sqlite.backend.js';
import type {
  Backend,
  BackendOptions,
  BackendTransaction,
  BackendTransactionOptions,
} from '../backends/backend.js';
import { DatabaseError, fromCallback } from '../errors/database-error.js';
import type { Migration } from '../migrations/migration.js';
import { MigrationRunner } from '../migrations/migration-runner.js';
import { Connector } from './connector.js';
import { InFlight } from './in-flight.js';
import { databaseMetrics, type DatabaseMetrics } from './database.metrics.js';
import { Statements } from './statements.js';
import type {
  Database,
  DatabaseOptions,
  QueryOptions,
  SqlParams,
  TransactionOptions,
  Tx,
} from './database.js';

const PING_LIMIT_MS = 2_000;
const DEFAULT_RETRIES = 5;

/**
 * Opens one service's schema. Returns at once and connects in the background: until that works, and whenever the
 * database is away, operations fail fast with `ESP_DATABASE_UNAVAILABLE`; nothing has to be done when it is back.
 */
export function openDatabase(options: DatabaseOptions): Database {
  return new DatabaseHandle(options);
}

class DatabaseHandle implements Database {
  readonly schema: string;
  private readonly backend: Backend;
  private readonly connector: Connector;
  private readonly inFlight = new InFlight();
  private readonly metrics: DatabaseMetrics;
  private readonly statements: Statements;
  private readonly logger: Logger;
  private readonly migrations: readonly Migration[];
  private readonly now: () => Date;
  private readonly mssqlCollation: string | undefined;
  /** Set inside the callbacks of `transaction` and `use` while they run. */
  private readonly scope = new AsyncLocalStorage<{ active: boolean }>();

  constructor(options: DatabaseOptions) {
    this.schema = options.schema;
    this.migrations = options.migrations ?? [];
    this.now = options.now ?? (() => new Date());
    this.mssqlCollation = new URL(options.url).searchParams.get('collation') ?? undefined;
    this.logger = options.logger.child({ schema: options.schema });
    this.backend = createBackend(options, this.logger, () => this.assertInside());
    this.metrics = databaseMetrics(this.backend, options.schema, options.metrics);
    this.statements = new Statements(this.backend.dialect, options.schema, {
      run: (statement, name) => this.operate('statement', () => this.backend.run(statement, name)),
    });
    this.connector = new Connector(() => this.backend.connect(), this.logger);
  }

  get dialect(): Database['dialect'] {
    return this.backend.dialect;
  }

  get dataSource(): DataSource {
    return this.backend.dataSource;
  }

  query<T>(sql: string, params?: SqlParams, options?: QueryOptions): Promise<T[]> {
    return this.statements.query<T>(sql, params, options);
  }

  execute(sql: string, params?: SqlParams): Promise<number> {
    return this.statements.execute(sql, params);
  }

  prepared<T>(name: string, sql: string, params?: SqlParams): Promise<T[]> {
    return this.statements.prepared<T>(name, sql, params);
  }

  transaction<T>(fn: (tx: Tx) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const { isolation = 'read committed', retries = DEFAULT_RETRIES } = options;
    return this.operate('transaction', () => this.runTransaction(fn, { isolation }, retries));
  }

  use<T>(fn: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.operate('statement', () =>
      this.inScope(() => this.backend.use(fn)).catch((error: unknown) => {
        throw fromCallback(this.dialect, error);
      }),
    );
  }

  migrate(): Promise<string[]> {
    return this.migrationRunner().migrate();
  }

  revert(steps = 1): Promise<string[]> {
    return this.migrationRunner().revert(steps);
  }

  pendingMigrations(): Promise<string[]> {
    return this.migrationRunner().pending();
  }

  ready(): Promise<void> {
    return this.connector.ready;
  }

  async ping(): Promise<void> {
    this.inFlight.enter();
    const expired = new AbortController();
    try {
      await this.connector.whenConnected();
      const limit = delay(PING_LIMIT_MS, undefined, { signal: expired.signal }).then(() => {
        throw commonErrors.ESP_DATABASE_UNAVAILABLE({ detail: `No answer within ${PING_LIMIT_MS} ms.` });
      });
      await Promise.race([this.backend.ping(), limit]);
    } finally {
      expired.abort();
      this.inFlight.leave();
    }
  }

  async close(): Promise<void> {
    if (this.inFlight.closing) return;
    await this.inFlight.close();
    await this.connector.stop();
    await this.backend.disconnect();
  }

  private migrationRunner(): MigrationRunner {
    const run = <T>(fn: (tx: Tx) => Promise<T>): Promise<T> =>
      this.operate('transaction', () =>
        this.runTransaction(fn, { isolation: 'read committed', unbounded: true }, 0),
      );
    return new MigrationRunner(this, this.migrations, this.now, this.logger, run, this.mssqlCollation);
  }

  private async operate<T>(operation: 'statement' | 'transaction', work: () => Promise<T>): Promise<T> {
    if (this.scope.getStore()?.active === true) {
      throw new Error('Database used inside its own transaction or use callback: call tx or manager there');
    }
    this.inFlight.enter();
    let end: ((error?: unknown) => void) | undefined;
    try {
      if (!this.connector.isConnected) await this.connector.whenConnected();
      end = this.metrics.start(operation);
      const result = await work();
      end();
      return result;
    } catch (error) {
      end?.(error);
      throw error;
    } finally {
      this.inFlight.leave();
    }
  }

  private async runTransaction<T>(
    fn: (tx: Tx) => Promise<T>,
    options: BackendTransactionOptions,
    retries: number,
  ): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.runTransactionOnce(fn, options);
      } catch (error) {
        const again = error instanceof DatabaseError && error.kind === 'conflict' && attempt < retries;
        if (!again) throw error;
        this.metrics.retried();
        await delay(Math.random() * 20 * 2 ** attempt);
      }
    }
  }

  private async runTransactionOnce<T>(
    fn: (tx: Tx) => Promise<T>,
    options: BackendTransactionOptions,
  ): Promise<T> {
    const callbacks: (() => void)[] = [];
    const work = (transaction: BackendTransaction): Promise<T> => {
      const statements = new Statements(this.dialect, this.schema, transaction);
      return fn({
        dialect: this.dialect,
        manager: transaction.manager,
        query: (sql, params, asked) => statements.query(sql, params, asked),
        execute: (sql, params) => statements.execute(sql, params),
        prepared: (name, sql, params) => statements.prepared(name, sql, params),
        afterCommit: (callback) => callbacks.push(callback),
      });
    };
    const result = await this.inScope(() => this.backend.transaction(work, options)).catch(
      (error: unknown) => {
        throw fromCallback(this.dialect, error);
      },
    );
    for (const callback of callbacks) this.runAfterCommit(callback);
    return result;
  }

  private runAfterCommit(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.logger.error({ err: error }, 'callback after commit failed');
    }
  }

  private async inScope<T>(fn: () => Promise<T>): Promise<T> {
    const scope = { active: true };
    try {
      return await this.scope.run(scope, fn);
    } finally {
      scope.active = false;
    }
  }

  private assertInside(): void {
    if (this.scope.getStore()?.active !== true) {
      throw new Error('TypeORM used outside Database.transaction and Database.use');
    }
  }
}

function createBackend(options: DatabaseOptions, logger: Logger, guard: () => void): Backend {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(options.schema)) {
    throw new Error(`Not a schema name: ${options.schema}`);
  }
  const url = new URL(options.url);
  const backendOptions: BackendOptions = {
    url,
    schema: options.schema,
    entities: options.entities ?? [],
    poolSize: options.poolSize ?? 10,
    connectTimeoutMs: options.connectTimeoutMs ?? 3_000,
    statementTimeoutMs: options.statementTimeoutMs ?? 10_000,
    onPoolError: (error) => logger.warn({ err: error }, 'idle database connection lost'),
  };
  switch (url.protocol) {
    case 'sqlite:':
      return new SqliteBackend(backendOptions, guard);
    case 'postgres:':
    case 'postgresql:':
      return new PostgresBackend(backendOptions);
    case 'mssql:':
      return new MssqlBackend(backendOptions);
    default:
      throw new Error(`Not a database URL (sqlite:, postgres:, mssql:): ${url.protocol}`);
  }
}
