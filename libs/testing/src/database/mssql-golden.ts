import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import {
  bindSql,
  renderMigrations,
  type DatabaseOptions,
  type Migration,
  type Queryable,
  type SqlParams,
} from '@espalier/persistence';
import { DataSource } from 'typeorm';

export interface MssqlGolden {
  /** `import.meta.url` of the spec. */
  readonly spec: string;
  /** Golden file beside the spec's source, as in `mdm.mssql.sql`. */
  readonly file: string;
  readonly schema: string;
  readonly entities?: NonNullable<DatabaseOptions['entities']>;
}

/**
 * Compares the DDL that migrations send to SQL Server, forward and back, with a golden file, and has TypeORM check
 * the entities for SQL Server: both without a server. `UPDATE_GOLDEN=1` writes the file anew.
 */
export async function expectMssqlDdl(migrations: readonly Migration[], golden: MssqlGolden): Promise<void> {
  const { schema, entities = [] } = golden;
  const render = (direction: 'up' | 'down'): Promise<string> =>
    renderMigrations(migrations, { dialect: 'mssql', schema, direction });
  const actual = `${await render('up')}\n-- and back\n${await render('down')}`;
  expectGolden(actual, golden);
  await checkEntities(entities);
}

/**
 * Compares the statements that a store sends to SQL Server with a golden file. `run` gets a recorder that answers
 * every query with `rows` (default none) and every execute with 1.
 */
export async function expectMssqlStatements(
  run: (on: Queryable) => Promise<unknown>,
  golden: Omit<MssqlGolden, 'entities'>,
  rows: readonly Record<string, unknown>[] = [],
): Promise<void> {
  const statements: string[] = [];
  const record = (sql: string, params?: SqlParams): void => {
    const { text, values } = bindSql('mssql', golden.schema, sql, params);
    statements.push(`${text.replace(/\n\s*/g, '\n  ')};\n-- ${JSON.stringify(values)}\n`);
  };
  const answer = <T>(sql: string, params?: SqlParams): Promise<T[]> => {
    record(sql, params);
    return Promise.resolve(rows.map((row) => ({ ...row }) as T));
  };
  await run({
    dialect: 'mssql',
    query: answer,
    prepared: (_name, sql, params) => answer(sql, params),
    execute: (sql, params) => {
      record(sql, params);
      return Promise.resolve(1);
    },
  });
  expectGolden(statements.join('\n'), golden);
}

function expectGolden(actual: string, { spec, file }: MssqlGolden): void {
  const path = new URL(file, spec.replace('/dist/', '/src/'));
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, actual);
  expect(actual).toBe(existsSync(path) ? readFileSync(path, 'utf8') : 'a golden file: set UPDATE_GOLDEN=1');
}

/** Throws where an entity uses a column type that SQL Server lacks. */
async function checkEntities(entities: NonNullable<DatabaseOptions['entities']>): Promise<void> {
  const dataSource = new DataSource({ type: 'mssql', host: 'unused', entities: [...entities] });
  await (dataSource as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas();
}
