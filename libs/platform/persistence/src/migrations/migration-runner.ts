import type { Logger } from 'pino';
import type { Dialect, Queryable, Tx } from '../database/database.js';
import { DatabaseError } from '../errors/database-error.js';
import type { Migration, SchemaEditor } from './migration.js';
import { schemaEditor } from './schema-editor.js';

const TABLE = 'schema_migration';
const NAME_LIMIT = 200;

type RunTransaction = <T>(fn: (tx: Tx) => Promise<T>) => Promise<T>;

/**
 * Applies and reverts migrations. Each runs in one transaction with its record, under a lock of the schema, so that
 * several replicas may start at once and a failed migration leaves nothing behind (DDL is transactional on all
 * three databases).
 */
export class MigrationRunner {
  constructor(
    private readonly database: Queryable & { readonly schema: string },
    private readonly migrations: readonly Migration[],
    private readonly now: () => Date,
    private readonly logger: Logger,
    private readonly transaction: RunTransaction,
    private readonly mssqlCollation?: string,
  ) {
    const names = migrations.map(({ name }) => name);
    if (new Set(names).size !== names.length) throw new Error('Two migrations have the same name');
    const long = names.find((name) => name.length > NAME_LIMIT);
    if (long !== undefined) throw new Error(`Migration name over ${NAME_LIMIT} characters: ${long}`);
  }

  async migrate(): Promise<string[]> {
    await this.locked((tx) => this.prepareSchema(tx));
    const done: string[] = [];
    for (const migration of this.migrations) {
      const applied = await this.locked(async (tx) => {
        if ((await appliedNames(tx)).includes(migration.name)) return false;
        await migration.up(this.editor(tx));
        await tx.execute(`INSERT INTO {${TABLE}} (name, applied_at) VALUES (:name, :now)`, {
          name: migration.name,
          now: this.now().getTime(),
        });
        return true;
      });
      if (!applied) continue;
      this.logger.info({ migration: migration.name }, 'migration applied');
      done.push(migration.name);
    }
    return done;
  }

  async revert(steps: number): Promise<string[]> {
    const done: string[] = [];
    for (let step = 0; step < steps; step += 1) {
      const reverted = await this.locked(async (tx) => {
        const name = (await appliedNames(tx)).at(-1);
        if (name === undefined) return undefined;
        const migration = this.migrations.find((known) => known.name === name);
        if (migration === undefined) throw new Error(`Migration ${name} was applied by another version`);
        await migration.down(this.editor(tx));
        await tx.execute(`DELETE FROM {${TABLE}} WHERE name = :name`, { name });
        return name;
      });
      if (reverted === undefined) break;
      this.logger.info({ migration: reverted }, 'migration reverted');
      done.push(reverted);
    }
    return done;
  }

  async pending(): Promise<string[]> {
    const applied = await appliedNames(this.database).catch((error: unknown): string[] => {
      if (error instanceof DatabaseError) return [];
      throw error;
    });
    return this.migrations.map(({ name }) => name).filter((name) => !applied.includes(name));
  }

  private editor(tx: Tx): SchemaEditor {
    return schemaEditor(tx, this.database.schema, this.mssqlCollation);
  }

  private locked<T>(fn: (tx: Tx) => Promise<T>): Promise<T> {
    return this.transaction(async (tx) => {
      await takeLock(tx, this.database.schema);
      return fn(tx);
    });
  }

  private async prepareSchema(tx: Tx): Promise<void> {
    for (const statement of preparation[tx.dialect](this.database.schema)) await tx.execute(statement);
  }
}

async function appliedNames(from: Queryable): Promise<string[]> {
  const rows = await from.query<{ name: string }>(`SELECT name FROM {${TABLE}} ORDER BY sequence`);
  return rows.map(({ name }) => name);
}

/** Held until the transaction ends. SQLite's BEGIN IMMEDIATE is the lock already. */
async function takeLock(tx: Tx, schema: string): Promise<void> {
  const resource = `espalier.migrations.${schema}`;
  if (tx.dialect === 'postgres') {
    await tx.query('SELECT pg_advisory_xact_lock(hashtextextended(:resource, 0))', { resource });
  } else if (tx.dialect === 'mssql') {
    await tx.execute(
      `DECLARE @result int;
       EXEC @result = sp_getapplock @Resource = :resource, @LockMode = 'Exclusive',
         @LockOwner = 'Transaction', @LockTimeout = -1;
       IF @result < 0 THROW 51000, 'The migration lock was not given.', 1`,
      { resource },
    );
  }
}

/** The schema is created only where it is missing, for a service's account may not be allowed to. */
const preparation: Readonly<Record<Dialect, (schema: string) => string[]>> = {
  sqlite: () => [
    `CREATE TABLE IF NOT EXISTS {${TABLE}} (
       sequence INTEGER PRIMARY KEY AUTOINCREMENT, name text NOT NULL UNIQUE, applied_at integer NOT NULL)`,
  ],
  postgres: (schema) => [
    `DO $$ BEGIN
       IF NOT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = '${schema}') THEN
         CREATE SCHEMA "${schema}";
       END IF;
     END $$`,
    `CREATE TABLE IF NOT EXISTS {${TABLE}} (
       sequence bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
       name varchar(${NAME_LIMIT}) NOT NULL UNIQUE, applied_at bigint NOT NULL)`,
  ],
  mssql: (schema) => [
    `IF SCHEMA_ID('${schema}') IS NULL EXEC('CREATE SCHEMA "${schema}"')`,
    `IF OBJECT_ID('${schema}.${TABLE}') IS NULL CREATE TABLE {${TABLE}} (
       sequence bigint IDENTITY(1,1) NOT NULL PRIMARY KEY,
       name nvarchar(${NAME_LIMIT}) NOT NULL UNIQUE, applied_at bigint NOT NULL)`,
  ],
};
