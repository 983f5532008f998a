import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type Database, type DatabaseOptions, type Dialect } from '@espalier/persistence';
import { pino } from 'pino';
import { sharedPostgresUrl } from '../postgres/shared-postgres.js';

/** An empty schema for one test. */
export interface DatabasePlace {
  readonly url: string;
  readonly schema: string;
  drop(): Promise<void>;
}

/** A database that suites run on. */
export interface DatabaseTarget {
  readonly dialect: Dialect;
  readonly limits?: Partial<DatabaseOptions>;
  createPlace(): Promise<DatabasePlace>;
}

const postgres: DatabaseTarget = {
  dialect: 'postgres',
  createPlace: async () => serverPlace(await sharedPostgresUrl(), dropPostgres),
};

/** A connection to Babelfish takes half a second. */
const patient = { poolSize: 4, connectTimeoutMs: 20_000 };

/**
 * SQLite always; PostgreSQL unless the set-up found no server that runs here (`ESPALIER_TEST_SKIP_POSTGRES`);
 * SQL Server where `ESPALIER_TEST_MSSQL_URL` is set.
 */
export function databaseTargets(): DatabaseTarget[] {
  const mssqlUrl = process.env['ESPALIER_TEST_MSSQL_URL'] ?? '';
  return [
    { dialect: 'sqlite', createPlace: sqlitePlace },
    ...(process.env['ESPALIER_TEST_SKIP_POSTGRES'] === '1' ? [] : [postgres]),
    ...(mssqlUrl === ''
      ? []
      : [{ dialect: 'mssql', limits: patient, createPlace: () => mssqlPlace(mssqlUrl) } as const]),
  ];
}

function sqlitePlace(): Promise<DatabasePlace> {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-sqlite-'));
  return Promise.resolve({
    url: `sqlite:${join(folder, 'test.sqlite')}`,
    schema: 'test',
    drop: async () => rmSync(folder, { recursive: true, force: true }),
  });
}

function serverPlace(url: string, drop: (database: Database) => Promise<void>): DatabasePlace {
  const schema = `test_${randomBytes(6).toString('hex')}`;
  return {
    url,
    schema,
    drop: async () => {
      const database = openDatabase({ url, schema, poolSize: 1, logger: pino({ level: 'silent' }) });
      try {
        await drop(database);
      } finally {
        await database.close();
      }
    },
  };
}

async function mssqlPlace(given: string): Promise<DatabasePlace> {
  const url = new URL(given);
  // A test server has a certificate of its own making.
  if (!url.searchParams.has('encrypt')) url.searchParams.set('trustServerCertificate', 'true');
  // Babelfish fails on foreign keys between columns that name a collation.
  mssqlIsBabelfish ??= askVersion(url.href);
  if (await mssqlIsBabelfish) url.searchParams.set('collation', 'database_default');
  return serverPlace(url.href, dropMssql);
}

let mssqlIsBabelfish: Promise<boolean> | undefined;

async function askVersion(url: string): Promise<boolean> {
  const database = openDatabase({ url, schema: 'dbo', poolSize: 1, logger: pino({ level: 'silent' }) });
  try {
    return await isBabelfish(database);
  } finally {
    await database.close();
  }
}

/**
 * True for Babelfish, which may stand in for SQL Server in tests: it ignores UPDLOCK, READPAST and HOLDLOCK and
 * compares text without case, so tests of locks and of case prove nothing there.
 */
export async function isBabelfish(database: Database): Promise<boolean> {
  if (database.dialect !== 'mssql') return false;
  const [row] = await database.query<{ version: string }>('SELECT @@VERSION AS version');
  return row?.version.includes('Babelfish') ?? false;
}

/** Views for reports stand in a schema of their own, named after the service's. */
const reportingSchemaOf = (database: Database): string => `cm_${database.schema}`;

async function dropPostgres(database: Database): Promise<void> {
  for (const schema of [database.schema, reportingSchemaOf(database)])
    await database.execute(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
}

async function dropMssqlViews(database: Database, schema: string): Promise<void> {
  const views = await database.query<{ name: string }>(
    'SELECT name FROM sys.views WHERE schema_id = SCHEMA_ID(:schema)',
    { schema },
  );
  for (const { name } of views) await database.execute(`DROP VIEW "${schema}"."${name}"`);
}

/** SQL Server drops no schema with tables in it, and no table that another refers to. */
async function dropMssql(database: Database): Promise<void> {
  const { schema } = database;
  await dropMssqlViews(database, reportingSchemaOf(database));
  await dropMssqlViews(database, schema);
  await database.execute(`DROP SCHEMA IF EXISTS "${reportingSchemaOf(database)}"`);
  const keys = await database.query<{ table_name: string; name: string }>(
    `SELECT OBJECT_NAME(parent_object_id) AS table_name, name FROM sys.foreign_keys
     WHERE schema_id = SCHEMA_ID(:schema)`,
    { schema },
  );
  for (const { table_name, name } of keys) {
    await database.execute(`ALTER TABLE {${table_name}} DROP CONSTRAINT "${name}"`);
  }
  const tables = await database.query<{ name: string }>(
    'SELECT name FROM sys.tables WHERE schema_id = SCHEMA_ID(:schema)',
    { schema },
  );
  for (const { name } of tables) await database.execute(`DROP TABLE {${name}}`);
  await database.execute(`DROP SCHEMA IF EXISTS "${schema}"`);
}
