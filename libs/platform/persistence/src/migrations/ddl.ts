import type { Dialect } from '../database/database.js';
import type { ColumnSpec, ForeignKeySpec, IndexSpec, TableSpec } from './migration.js';

/** PostgreSQL cuts longer names silently, which makes two of them one. */
const NAME_LIMIT = 63;

/** Compares and sorts by code, as SQLite does by itself; SQL Server's usual default ignores case. */
export const MSSQL_COLLATION = 'Latin1_General_100_BIN2';

/** Writes the DDL of one dialect, in the portable spelling where `{table}` stands for a table. */
export class Ddl {
  constructor(
    private readonly dialect: Dialect,
    private readonly schema: string,
    private readonly mssqlCollation: string,
  ) {
    if (!/^[A-Za-z0-9_]+$/.test(mssqlCollation)) throw new Error(`Not a collation: ${mssqlCollation}`);
  }

  createTable(name: string, table: TableSpec): string[] {
    const columns = Object.entries(table.columns).map(([column, spec]) => this.column(name, column, spec));
    const sequence = Object.values(table.columns).some(({ type }) => type === 'sequence');
    const constraints = [
      // SQLite's AUTOINCREMENT is spelt as part of the column.
      ...(sequence && this.dialect === 'sqlite'
        ? []
        : [
            `CONSTRAINT ${quoted(this.name('pk', name))} ${this.primaryKey(table)} (${list(table.primaryKey)})`,
          ]),
      ...(table.unique ?? []).map(
        (unique) => `CONSTRAINT ${quoted(this.name('uq', name, unique))} UNIQUE (${list(unique)})`,
      ),
      ...(table.foreignKeys ?? []).map((key) => this.foreignKey(name, key)),
    ];
    const lines = [...columns, ...constraints].map((line) => `  ${line}`).join(',\n');
    return [
      `CREATE TABLE {${name}} (\n${lines}\n)`,
      ...(table.indexes ?? []).map((index) => this.createIndex(name, index)),
    ];
  }

  dropTable(name: string): string[] {
    return [`DROP TABLE {${name}}`];
  }

  addColumn(table: string, name: string, column: ColumnSpec): string[] {
    const keyword = this.dialect === 'mssql' ? 'ADD' : 'ADD COLUMN';
    return [`ALTER TABLE {${table}} ${keyword} ${this.column(table, name, column)}`];
  }

  dropColumn(table: string, name: string): string[] {
    const drop = `ALTER TABLE {${table}} DROP COLUMN ${quoted(name)}`;
    // SQL Server keeps a default as a constraint of its own, in the way of the column.
    const constraint = quoted(this.name('df', table, [name]));
    return this.dialect === 'mssql'
      ? [`ALTER TABLE {${table}} DROP CONSTRAINT IF EXISTS ${constraint}`, drop]
      : [drop];
  }

  renameColumn(table: string, from: string, to: string): string[] {
    return this.dialect === 'mssql'
      ? [`EXEC sp_rename '${this.schema}.${table}.${from}', '${to}', 'COLUMN'`]
      : [`ALTER TABLE {${table}} RENAME COLUMN ${quoted(from)} TO ${quoted(to)}`];
  }

  createIndex(table: string, index: IndexSpec): string {
    const columns = index.columns.map((column) => {
      const [name = '', direction] = column.split(' ');
      return direction === undefined ? quoted(name) : `${quoted(name)} ${direction.toUpperCase()}`;
    });
    const unique = index.unique === true ? 'UNIQUE ' : '';
    const where = index.where === undefined ? '' : ` WHERE ${index.where}`;
    const name = quoted(this.indexName(table, index));
    return `CREATE ${unique}INDEX ${name} ON {${table}} (${columns.join(', ')})${where}`;
  }

  dropIndex(table: string, index: Pick<IndexSpec, 'name' | 'columns'>): string[] {
    const name = quoted(this.indexName(table, index));
    if (this.dialect === 'mssql') return [`DROP INDEX ${name} ON {${table}}`];
    return [`DROP INDEX ${this.dialect === 'postgres' ? `${quoted(this.schema)}.` : ''}${name}`];
  }

  /** SQL Server clusters a table by its primary key, whose values must not exceed 900 bytes then, else 1,700. */
  private primaryKey({ columns, primaryKey }: TableSpec): string {
    if (this.dialect !== 'mssql') return 'PRIMARY KEY';
    const bytes = primaryKey.reduce((sum, name) => sum + mssqlKeyBytes(columns[name]), 0);
    return bytes > CLUSTERED_KEY_BYTES ? 'PRIMARY KEY NONCLUSTERED' : 'PRIMARY KEY';
  }

  private column(table: string, name: string, spec: ColumnSpec): string {
    if (spec.type === 'sequence') return `${quoted(name)} ${sequences[this.dialect]}`;
    const type = types[this.dialect](spec, this.mssqlCollation);
    const nullable = spec.nullable === true ? 'NULL' : 'NOT NULL';
    return `${quoted(name)} ${type} ${nullable}${this.defaultOf(table, name, spec)}`;
  }

  private defaultOf(table: string, name: string, spec: ColumnSpec): string {
    if (spec.default === undefined) return '';
    const unicode = this.dialect === 'mssql' ? 'N' : '';
    const value =
      typeof spec.default === 'number'
        ? String(spec.default)
        : `${unicode}'${spec.default.replaceAll("'", "''")}'`;
    const constraint =
      this.dialect === 'mssql' ? ` CONSTRAINT ${quoted(this.name('df', table, [name]))}` : '';
    return `${constraint} DEFAULT ${value}`;
  }

  private foreignKey(table: string, key: ForeignKeySpec): string {
    const name = quoted(this.name('fk', table, key.columns));
    const onDelete = key.onDelete === undefined ? '' : ` ON DELETE ${key.onDelete.toUpperCase()}`;
    return `CONSTRAINT ${name} FOREIGN KEY (${list(key.columns)}) REFERENCES {${key.references}} (${list(
      key.referencedColumns ?? ['id'],
    )})${onDelete}`;
  }

  private indexName(table: string, index: Pick<IndexSpec, 'name' | 'columns'>): string {
    return (
      index.name ??
      this.name(
        'ix',
        table,
        index.columns.map((column) => column.split(' ')[0] ?? ''),
      )
    );
  }

  private name(kind: string, table: string, columns: readonly string[] = []): string {
    const name = [kind, table, ...columns].join('_');
    if (name.length > NAME_LIMIT) throw new Error(`Name too long, give the index a shorter one: ${name}`);
    return name;
  }
}

const quoted = (name: string): string => `"${name}"`;
const list = (names: readonly string[]): string => names.map(quoted).join(', ');

const ID_LENGTH = 64;

const CLUSTERED_KEY_BYTES = 900;

/** Two for each character; eight for numbers, of which some take less. */
const mssqlKeyBytes = (spec: ColumnSpec | undefined): number =>
  spec?.type === 'id' || spec?.type === 'text' ? 2 * lengthOf(spec) : 8;

const sequences: Readonly<Record<Dialect, string>> = {
  sqlite: 'INTEGER PRIMARY KEY AUTOINCREMENT',
  postgres: 'bigint GENERATED BY DEFAULT AS IDENTITY',
  mssql: 'bigint IDENTITY(1,1) NOT NULL',
};

const BYTES = 'COLLATE "C"';

function lengthOf(spec: ColumnSpec): number {
  return spec.type === 'id' ? ID_LENGTH : (spec.length ?? 255);
}

const types: Readonly<Record<Dialect, (spec: ColumnSpec, collation: string) => string>> = {
  sqlite: ({ type }) =>
    ({
      id: 'text',
      text: 'text',
      longText: 'text',
      json: 'text',
      bytes: 'blob',
      time: 'integer',
      integer: 'integer',
      bigint: 'integer',
      real: 'real',
      flag: 'integer',
      sequence: '',
    })[type],
  postgres: (spec) =>
    ({
      id: `varchar(${lengthOf(spec)}) ${BYTES}`,
      text: `varchar(${lengthOf(spec)}) ${BYTES}`,
      longText: `text ${BYTES}`,
      json: `text ${BYTES}`,
      bytes: 'bytea',
      time: 'bigint',
      integer: 'integer',
      bigint: 'bigint',
      real: 'double precision',
      flag: 'smallint',
      sequence: '',
    })[spec.type],
  mssql: (spec, collation) =>
    ({
      id: `nvarchar(${lengthOf(spec)}) COLLATE ${collation}`,
      text: `nvarchar(${lengthOf(spec)}) COLLATE ${collation}`,
      longText: `nvarchar(max) COLLATE ${collation}`,
      json: `nvarchar(max) COLLATE ${collation}`,
      bytes: 'varbinary(max)',
      time: 'bigint',
      integer: 'int',
      bigint: 'bigint',
      real: 'float',
      flag: 'smallint',
      sequence: '',
    })[spec.type],
};
