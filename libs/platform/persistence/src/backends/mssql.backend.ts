import { createRequire } from 'node:module';
import type Mssql from 'mssql';
import type { ConnectionPool, Recordset, Request } from 'mssql';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { bytesTransformer } from '../columns/entity-columns.js';
import type { SqlValue } from '../database/database.js';
import { toDatabaseError } from '../errors/database-error.js';
import type { BoundStatement } from '../sql/sql-template.js';
import type {
  Backend,
  BackendOptions,
  BackendTransaction,
  BackendTransactionOptions,
  StatementResult,
} from './backend.js';

let driver: typeof Mssql | undefined;
/** The driver brings Azure's ways to sign in along, 4 MB of source: who uses another database does not load it. */
const mssql = (): typeof Mssql => (driver ??= createRequire(import.meta.url)('mssql') as typeof Mssql);

/** Longest nvarchar that is not `max`. */
const NVARCHAR_LIMIT = 4_000;

/** TypeORM keeps its transaction and the lock that orders its requests to itself. */
type MssqlRunner = QueryRunner & {
  readonly databaseConnection: object;
  readonly lock: { acquire(): Promise<() => void> };
};

/** SQL Server through TypeORM's own `mssql` pool; raw statements go to it directly. */
export class MssqlBackend implements Backend {
  readonly dialect = 'mssql';
  readonly dataSource: DataSource;

  constructor(private readonly options: BackendOptions) {
    this.dataSource = mssqlDataSource(options);
  }

  async connect(): Promise<void> {
    try {
      await this.dataSource.initialize();
      this.pool.on('error', this.options.onPoolError);
      nameBytesColumns(this.dataSource);
    } catch (error) {
      throw toDatabaseError('mssql', error);
    }
  }

  async disconnect(): Promise<void> {
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
  }

  run(statement: BoundStatement): Promise<StatementResult> {
    return query(new (mssql().Request)(this.pool), statement);
  }

  async transaction<T>(
    fn: (tx: BackendTransaction) => Promise<T>,
    options: BackendTransactionOptions,
  ): Promise<T> {
    const runner = this.dataSource.createQueryRunner() as MssqlRunner;
    try {
      await runner.startTransaction(isolationLevels[options.isolation]).catch(rethrow);
      const overrides = options.unbounded === true ? { requestTimeout: 0 } : {};
      const result = await fn({
        manager: runner.manager,
        run: async (statement) => {
          const release = await runner.lock.acquire();
          try {
            return await query(new (mssql().Request)(runner.databaseConnection, overrides), statement);
          } finally {
            release();
          }
        },
      });
      await runner.commitTransaction().catch(rethrow);
      return result;
    } catch (error) {
      // XACT_ABORT or a broken connection has ended it already: then this fails, and nothing is left to do.
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
  }

  use<T>(fn: (manager: EntityManager) => Promise<T>): Promise<T> {
    return fn(this.dataSource.manager);
  }

  async ping(): Promise<void> {
    await this.run({ text: 'SELECT 1', values: [] });
  }

  poolState(): { total: number; idle: number; waiting: number } {
    if (!this.dataSource.isInitialized) return { total: 0, idle: 0, waiting: 0 };
    const { size, available, pending } = this.pool;
    return { total: size, idle: available, waiting: pending };
  }

  private get pool(): ConnectionPool {
    return (this.dataSource.driver as unknown as { master: ConnectionPool }).master;
  }
}

const isolationLevels = {
  'read committed': 'READ COMMITTED',
  'repeatable read': 'REPEATABLE READ',
  serializable: 'SERIALIZABLE',
} as const;

/** TypeORM's data source for `mssql://user:password@host:1433/database?encrypt=…&domain=…`; connects not yet. */
function mssqlDataSource(options: BackendOptions): DataSource {
  const { url, connectTimeoutMs } = options;
  const username = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  const domain = url.searchParams.get('domain');
  return new DataSource({
    type: 'mssql',
    driver: mssql(),
    host: url.hostname,
    port: Number(url.port || 1433),
    database: decodeURIComponent(url.pathname.slice(1)) || 'master',
    schema: options.schema,
    ...(domain === null
      ? { username, password }
      : { authentication: { type: 'ntlm', options: { userName: username, password, domain } } }),
    entities: [...options.entities],
    logging: false,
    connectionTimeout: connectTimeoutMs,
    requestTimeout: options.statementTimeoutMs,
    pool: {
      max: options.poolSize,
      min: 0,
      acquireTimeoutMillis: connectTimeoutMs,
    },
    options: {
      appName: `espalier-${options.schema}`,
      encrypt: url.searchParams.get('encrypt') !== 'false',
      trustServerCertificate: url.searchParams.get('trustServerCertificate') === 'true',
      // XACT_ABORT ON: an error inside a transaction never leaves half of it to be committed.
      abortTransactionOnError: true,
    },
    // A look at the socket instead of a SELECT 1 before every statement.
    extra: { validateConnection: 'socket' },
  });
}

/** Entities declare bytes as String (see column.bytes); parameters of such columns must be varbinary. */
function nameBytesColumns(dataSource: DataSource): void {
  for (const { columns } of dataSource.entityMetadatas) {
    for (const column of columns) if (column.transformer === bytesTransformer) column.type = 'varbinary';
  }
}

async function query(request: Request, { text, values }: BoundStatement): Promise<StatementResult> {
  try {
    // Lists are spelt out: SQL Server takes none as a parameter.
    for (const [index, value] of (values as readonly SqlValue[]).entries())
      request.input(String(index), parameterType(value), value);
    const { recordset, rowsAffected } = await request.query(text);
    if (recordset !== undefined) bigintsToNumbers(recordset);
    return { rows: recordset ?? [], affected: rowsAffected.reduce((sum, count) => sum + count, 0) };
  } catch (error) {
    return rethrow(error);
  }
}

/** Few distinct declarations, so that one text has one cached plan however long its strings are. */
function parameterType(value: SqlValue): unknown {
  if (typeof value === 'string')
    return mssql().NVarChar(value.length <= NVARCHAR_LIMIT ? NVARCHAR_LIMIT : mssql().MAX);
  if (typeof value === 'number') return Number.isInteger(value) ? mssql().BigInt : mssql().Float;
  if (typeof value === 'bigint') return mssql().BigInt;
  return mssql().VarBinary(mssql().MAX);
}

function bigintsToNumbers(recordset: Recordset): void {
  for (const { name, type } of Object.values(recordset.columns)) {
    if (type !== mssql().BigInt) continue;
    for (const row of recordset) if (row[name] !== null) row[name] = Number(row[name]);
  }
}

function rethrow(error: unknown): never {
  throw toDatabaseError('mssql', error);
}
