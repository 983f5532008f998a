import type { Dialect } from '@espalier/persistence';

/** A column of a reporting view. */
export interface ReportColumn {
  /** As published SQL spells it. */
  readonly name: string;
  /** Expression over the tables of `from`. */
  readonly sql: string;
  readonly type: 'text' | 'number' | 'time';
}

/** A view of the reporting schema. */
export interface ReportView {
  readonly name: string;
  /** As v_SchemaViews says it. */
  readonly type: 'Discovery' | 'Inventory' | 'History' | 'Collection' | 'Status' | 'Schema';
  readonly columns: readonly ReportColumn[];
  /** FROM and WHERE in the portable spelling. */
  readonly from: string;
}

export const text = (name: string, sql: string): ReportColumn => ({ name, sql, type: 'text' });
export const number = (name: string, sql: string): ReportColumn => ({ name, sql, type: 'number' });
/** Epoch milliseconds, shown as a time. */
export const time = (name: string, sql: string): ReportColumn => ({ name, sql, type: 'time' });

/** Columns that published SQL names and that Macs have nothing for. */
export const empty = (type: ReportColumn['type'], ...names: readonly string[]): ReportColumn[] =>
  names.map((name) => ({ name, sql: 'NULL', type }));

/**
 * The SELECT of a view. Names are not quoted, so that PostgreSQL finds them however a report spells them; texts
 * compare on SQL Server as the database does, as reports written for ConfigMgr expect.
 */
export const selectSql = (
  dialect: Dialect,
  { columns, from }: Pick<ReportView, 'columns' | 'from'>,
): string =>
  `SELECT ${columns.map(({ name, sql, type }) => `${expressions[dialect][type](sql)} AS ${name}`).join(',\n  ')}
${from}`;

type Expressions = Readonly<Record<ReportColumn['type'], (sql: string) => string>>;

const typed =
  (type: string, expression: (sql: string) => string) =>
  (sql: string): string =>
    sql === 'NULL' ? `CAST(NULL AS ${type})` : expression(sql);

const expressions: Readonly<Record<Dialect, Expressions>> = {
  sqlite: {
    text: (sql) => sql,
    number: (sql) => sql,
    time: typed('text', (sql) => `strftime('%Y-%m-%d %H:%M:%S', ${sql} / 1000, 'unixepoch')`),
  },
  postgres: {
    text: typed('varchar(255)', (sql) => sql),
    number: typed('integer', (sql) => sql),
    time: typed('timestamp', (sql) => `(to_timestamp(${sql} / 1000.0) AT TIME ZONE 'UTC')`),
  },
  mssql: {
    text: typed('nvarchar(255)', (sql) => `${sql} COLLATE DATABASE_DEFAULT`),
    number: typed('int', (sql) => sql),
    // DATEADD counts in int: days, then what is left of the day.
    time: typed(
      'datetime',
      (sql) =>
        `DATEADD(millisecond, CAST(${sql} % 86400000 AS int),
    DATEADD(day, CAST(${sql} / 86400000 AS int), CAST('19700101' AS datetime)))`,
    ),
  },
};
