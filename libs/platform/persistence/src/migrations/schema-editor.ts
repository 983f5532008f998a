import type { Dialect, SqlParams } from '../database/database.js';
import { bindSql } from '../sql/sql-template.js';
import { Ddl, MSSQL_COLLATION } from './ddl.js';
import type { Migration, SchemaEditor } from './migration.js';

/** Where a schema editor sends statements: a transaction, or a list. */
export interface StatementSink {
  readonly dialect: Dialect;
  query<T>(sql: string, params?: SqlParams): Promise<T[]>;
  execute(sql: string, params?: SqlParams): Promise<unknown>;
}

export function schemaEditor(
  sink: StatementSink,
  schema: string,
  mssqlCollation = MSSQL_COLLATION,
): SchemaEditor {
  const ddl = new Ddl(sink.dialect, schema, mssqlCollation);
  const all = async (statements: readonly string[]): Promise<void> => {
    for (const statement of statements) await sink.execute(statement);
  };
  return {
    dialect: sink.dialect,
    schema,
    createTable: (name, table) => all(ddl.createTable(name, table)),
    dropTable: (name) => all(ddl.dropTable(name)),
    addColumn: (table, name, column) => all(ddl.addColumn(table, name, column)),
    dropColumn: (table, name) => all(ddl.dropColumn(table, name)),
    renameColumn: (table, from, to) => all(ddl.renameColumn(table, from, to)),
    createIndex: (table, index) => all([ddl.createIndex(table, index)]),
    dropIndex: (table, index) => all(ddl.dropIndex(table, index)),
    createView: (name, select) => all([`CREATE VIEW {${name}} AS ${select}`]),
    dropView: (name) => all([`DROP VIEW {${name}}`]),
    execute: async (sql, params) => {
      await sink.execute(sql, params);
    },
    query: (sql, params) => sink.query(sql, params),
  };
}

/**
 * The statements of migrations for a dialect, without a database: for golden tests and for DBAs who review or run
 * them by hand. Data moves that query first see no rows.
 */
export async function renderMigrations(
  migrations: readonly Migration[],
  options: { readonly dialect: Dialect; readonly schema: string; readonly direction?: 'up' | 'down' },
): Promise<string> {
  const { dialect, schema, direction = 'up' } = options;
  const lines: string[] = [];
  const sink: StatementSink = {
    dialect,
    query: () => Promise.resolve([]),
    execute: (sql, params) => {
      lines.push(`${bindSql(dialect, schema, sql, params).text};`);
      return Promise.resolve();
    },
  };
  const editor = schemaEditor(sink, schema);
  const ordered = direction === 'up' ? migrations : migrations.toReversed();
  for (const migration of ordered) {
    lines.push(`-- ${migration.name}`);
    await migration[direction](editor);
  }
  return `${lines.join('\n')}\n`;
}
