import pg from 'pg';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { DatabaseError, fromCallback, isUnavailable, toDatabaseError } from '../errors/database-error.js';
import type { BoundStatement } from '../sql/sql-template.js';
import type {
  Backend,
  BackendOptions,
  BackendTransaction,
  BackendTransactionOptions,
  StatementResult,
} from './backend.js';

const INT8 = 20;
const NUMERIC = 1700;
/** The server cancels first and keeps the connection; the client gives up only on a dead network. */
const NETWORK_GRACE_MS = 2_000;
const NEVER_MS = 2 ** 31 - 1;

const isolationLevels = { 'repeatable read': 'REPEATABLE READ', serializable: 'SERIALIZABLE' } as const;

type PostgresRunner = QueryRunner & {
  connect(): Promise<pg.PoolClient>;
  releasePostgresConnection(error?: Error): Promise<void>;
};

/** PostgreSQL through TypeORM's own `pg` pool; raw statements go to the pool directly, without TypeORM's share. */
export class PostgresBackend implements Backend {
  readonly dialect = 'postgres';
  readonly dataSource: DataSource;

  constructor(options: BackendOptions) {
    this.dataSource = new DataSource({
      type: 'postgres',
      driver: pg,
      url: options.url.href,
      schema: options.schema,
      entities: [...options.entities],
      logging: false,
      installExtensions: false,
      applicationName: `espalier-${options.schema}`,
      poolSize: options.poolSize,
      connectTimeoutMS: options.connectTimeoutMs,
      poolErrorHandler: options.onPoolError,
      extra: {
        statement_timeout: options.statementTimeoutMs,
        query_timeout: options.statementTimeoutMs + NETWORK_GRACE_MS,
        keepAlive: true,
        types: { getTypeParser },
      },
    });
  }

  async connect(): Promise<void> {
    try {
      await this.dataSource.initialize();
    } catch (error) {
      throw toDatabaseError('postgres', error);
    }
  }

  async disconnect(): Promise<void> {
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
  }

  run(statement: BoundStatement, name?: string): Promise<StatementResult> {
    return this.runOnce(statement, name).catch((error: unknown) => {
      // A migration of another replica changed what the prepared statement gives: its connection is gone now.
      if (isStalePlan(error)) return this.runOnce(statement, name);
      throw error;
    });
  }

  transaction<T>(fn: (tx: BackendTransaction) => Promise<T>, options: BackendTransactionOptions): Promise<T> {
    return this.connected(async (runner, client) => {
      await begin(runner, client, options);
      const result = await fn({
        manager: runner.manager,
        run: (statement, name) => query(client, statement, name, options.unbounded),
      });
      await runner.commitTransaction().catch(rethrow);
      return result;
    });
  }

  use<T>(fn: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.connected((runner) => fn(runner.manager));
  }

  async ping(): Promise<void> {
    await this.runOnce({ text: 'SELECT 1', values: [] });
  }

  poolState(): { total: number; idle: number; waiting: number } {
    if (!this.dataSource.isInitialized) return { total: 0, idle: 0, waiting: 0 };
    const { totalCount, idleCount, waitingCount } = this.pool;
    return { total: totalCount, idle: idleCount, waiting: waitingCount };
  }

  private get pool(): pg.Pool {
    return (this.dataSource.driver as unknown as { master: pg.Pool }).master;
  }

  private async connected<T>(fn: (runner: PostgresRunner, client: pg.PoolClient) => Promise<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner() as PostgresRunner;
    try {
      const result = await fn(runner, await runner.connect().catch(rethrow));
      await runner.release();
      return result;
    } catch (error) {
      const seen = fromCallback('postgres', error);
      await abandon(runner, seen);
      throw seen;
    }
  }

  private async runOnce(statement: BoundStatement, name?: string): Promise<StatementResult> {
    const client = await this.pool.connect().catch(rethrow);
    // While it is lent out, nobody else listens, and an unheard 'error' event ends the process.
    client.on('error', ignore);
    let broken = false;
    try {
      return await query(client, statement, name);
    } catch (error) {
      broken = isUnavailable(error) || isStalePlan(error);
      throw error;
    } finally {
      client.removeListener('error', ignore);
      client.release(broken);
    }
  }
}

async function begin(
  runner: PostgresRunner,
  client: pg.PoolClient,
  { isolation, unbounded }: BackendTransactionOptions,
): Promise<void> {
  try {
    // Read committed is the server's default: no second round trip for it.
    await runner.startTransaction(isolation === 'read committed' ? undefined : isolationLevels[isolation]);
    if (unbounded === true) await client.query('SET LOCAL statement_timeout = 0');
  } catch (error) {
    rethrow(error);
  }
}

async function query(
  client: pg.PoolClient,
  { text, values, planAnew = false }: BoundStatement,
  givenName?: string,
  unbounded?: boolean,
): Promise<StatementResult> {
  // A plan that is kept is made for lists of ten, and for the table as it was: for an empty one, to read all of it.
  const isKept = !planAnew && !values.some(Array.isArray);
  const name = isKept ? (givenName ?? nameOf(text, values.length)) : undefined;
  try {
    const result = await client.query<Record<string, unknown>>({
      text,
      values: [...values],
      ...(name !== undefined && { name }),
      ...(unbounded === true && { query_timeout: NEVER_MS }),
    });
    return { rows: result.rows, affected: result.rowCount ?? 0 };
  } catch (error) {
    return rethrow(error);
  }
}

/** feature_not_supported, with which PostgreSQL also says that a cached plan no longer fits. */
const STALE_PLAN = '0A000';
const NAMED_STATEMENTS = 500;
const NAMED_PARAMETERS = 64;
/** Statements that callers make up (filters, queries of collections) seldom come so often. */
const NAMED_AFTER = 20;
const WATCHED_STATEMENTS = 2_000;
const names = new Map<string, string>();
/** How often a statement without a name came; the longest unseen ones are forgotten. */
const seen = new Map<string, number>();

/**
 * A name for a statement that comes again and again, so that the server parses and plans it once per connection: half
 * of its CPU for short statements. Statements with long lists are many and get none.
 */
function nameOf(text: string, parameters: number): string | undefined {
  if (parameters === 0 || parameters > NAMED_PARAMETERS) return undefined;
  const known = names.get(text);
  if (known !== undefined || names.size >= NAMED_STATEMENTS) return known;
  const count = (seen.get(text) ?? 0) + 1;
  seen.delete(text);
  if (count < NAMED_AFTER) {
    seen.set(text, count);
    const [oldest] = seen.size > WATCHED_STATEMENTS ? seen.keys() : [];
    if (oldest !== undefined) seen.delete(oldest);
    return undefined;
  }
  const name = `auto_${names.size}`;
  names.set(text, name);
  return name;
}

/** A connection that did not answer must not go back to the pool, nor be asked for a rollback. */
async function abandon(runner: PostgresRunner, error: unknown): Promise<void> {
  if (runner.isReleased) return;
  if (isUnavailable(error) || isStalePlan(error)) return runner.releasePostgresConnection(error as Error);
  try {
    if (runner.isTransactionActive) await runner.rollbackTransaction();
    await runner.release();
  } catch (rollbackError) {
    await runner.releasePostgresConnection(rollbackError as Error);
  }
}

/** bigint, and numeric as SUM gives it, as number: times and counts stay below 2^53. */
function getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  return oid === INT8 || oid === NUMERIC ? Number : pg.types.getTypeParser(oid, format);
}

function isStalePlan(error: unknown): boolean {
  return (
    error instanceof DatabaseError && error.sqlCode === STALE_PLAN && error.message.includes('cached plan')
  );
}

function rethrow(error: unknown): never {
  throw toDatabaseError('postgres', error);
}

const ignore = (): void => undefined;
