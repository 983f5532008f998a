import { setTimeout as delay } from 'node:timers/promises';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { DatabaseError, toDatabaseError } from '../errors/database-error.js';
import { commonErrors } from '@espalier/contracts';
import { FairMutex } from '../sql/fair-mutex.js';
import { LoopTurn } from '../sql/loop-turn.js';
import type { BoundStatement } from '../sql/sql-template.js';
import type { Backend, BackendOptions, BackendTransaction, StatementResult } from './backend.js';
import { NodeSqliteConnection } from './node-sqlite.js';

/** Statements block the event loop, so SQLite itself waits this long only; longer waits are made between tries. */
const BLOCKING_WAIT_MS = 10;

/**
 * One connection, one user at a time. TypeORM shares its SQLite connection among all callers: without the mutex a
 * statement of one caller would run, and be rolled back, inside the transaction of another.
 *
 * WAL lets other processes read while one writes. synchronous=FULL syncs the log at every commit, so what was
 * acknowledged survives not only `kill -9` (NORMAL would do) but also a power cut.
 */
export class SqliteBackend implements Backend {
  readonly dialect = 'sqlite';
  readonly dataSource: DataSource;
  private connection: NodeSqliteConnection | undefined;
  private readonly mutex = new FairMutex();
  private readonly turn = new LoopTurn();
  private readonly statementTimeoutMs: number;

  /** `guard` throws where a TypeORM statement comes from outside `transaction` and `use`. */
  constructor(options: BackendOptions, guard: () => void) {
    this.statementTimeoutMs = options.statementTimeoutMs;
    this.dataSource = new DataSource({
      type: 'better-sqlite3',
      database: decodeURIComponent(options.url.pathname),
      driver: NodeSqliteConnection,
      enableWAL: true,
      entities: [...options.entities],
      logging: false,
      prepareDatabase: (connection: NodeSqliteConnection) => {
        connection.pragma(`busy_timeout = ${BLOCKING_WAIT_MS}`);
        connection.pragma('synchronous = FULL');
        this.connection = connection;
        connection.guard = guard;
      },
    });
  }

  async connect(): Promise<void> {
    try {
      await this.dataSource.initialize();
    } catch (error) {
      throw toDatabaseError('sqlite', error);
    }
  }

  async disconnect(): Promise<void> {
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
  }

  run(statement: BoundStatement): Promise<StatementResult> {
    return this.exclusively(() => this.patiently(() => this.open.run(statement.text, statement.values)));
  }

  transaction<T>(fn: (tx: BackendTransaction) => Promise<T>): Promise<T> {
    return this.exclusively(async () => {
      await this.patiently(() => this.open.exec('BEGIN IMMEDIATE'));
      const runner = this.dataSource.createQueryRunner();
      try {
        await runner.startTransaction();
        const result = await fn(this.transactionOf(runner));
        await runner.commitTransaction();
        return result;
      } catch (error) {
        // The first error is the one to tell.
        await runner.rollbackTransaction().catch(() => undefined);
        throw error;
      }
    });
  }

  use<T>(fn: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.exclusively(() => fn(this.dataSource.manager));
  }

  ping(): Promise<void> {
    // Not behind the mutex: a long transaction of ours does not make the database unavailable.
    this.open.run('SELECT 1', []);
    return Promise.resolve();
  }

  poolState(): { total: number; idle: number; waiting: number } {
    return { total: 1, idle: 0, waiting: this.mutex.queueLength };
  }

  private get open(): NodeSqliteConnection {
    if (this.connection === undefined) throw commonErrors.ESP_DATABASE_UNAVAILABLE();
    return this.connection;
  }

  private transactionOf(runner: QueryRunner): BackendTransaction {
    return {
      manager: runner.manager,
      run: async (statement) => {
        await this.turn.yieldIfLong();
        try {
          return this.open.run(statement.text, statement.values);
        } catch (error) {
          throw toDatabaseError('sqlite', error);
        }
      },
    };
  }

  private async exclusively<T>(fn: () => Promise<T>): Promise<T> {
    const release = await this.mutex.acquire();
    await this.turn.yieldIfLong();
    try {
      return await fn();
    } finally {
      release();
    }
  }

  /** Tries again while another process holds the file, without blocking the event loop for long. */
  private async patiently<T>(attempt: () => T): Promise<T> {
    const giveUpAt = Date.now() + this.statementTimeoutMs;
    for (;;) {
      try {
        return attempt();
      } catch (thrown) {
        const error = toDatabaseError('sqlite', thrown);
        const busy = error instanceof DatabaseError && error.kind === 'conflict';
        if (!busy) throw error;
        if (Date.now() > giveUpAt) throw commonErrors.ESP_DATABASE_UNAVAILABLE({ cause: error });
        await delay(5 + Math.random() * 20);
      }
    }
  }
}
