import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { StatementResult } from './backend.js';

const STATEMENT_CACHE_SIZE = 500;
const IN_MEMORY = ':memory:';

interface CachedStatement {
  readonly statement: StatementSync;
  readonly reader: boolean;
  /** Names of columns declared as BLOB: node:sqlite gives Uint8Array, callers expect Buffer. */
  readonly blobs: readonly string[];
}

/**
 * Node's SQLite in the shape of better-sqlite3, as far as TypeORM uses it, plus `run` for statements that do not go
 * through TypeORM. `guard` is asked before each TypeORM statement.
 */
export class NodeSqliteConnection {
  private readonly database: DatabaseSync;
  private readonly statements = new Map<string, CachedStatement>();
  guard: () => void = () => undefined;

  constructor(path: string) {
    // The file holds personal data and sealed secrets; its -wal and -shm take over its mode.
    if (path !== IN_MEMORY) closeSync(openSync(path, 'a', 0o600));
    this.database = new DatabaseSync(path, { enableForeignKeyConstraints: true });
  }

  get inTransaction(): boolean {
    return this.database.isTransaction;
  }

  exec(sql: string): void {
    this.database.exec(sql);
  }

  pragma(pragma: string): unknown[] {
    return this.database.prepare(`PRAGMA ${pragma}`).all();
  }

  close(): void {
    this.statements.clear();
    this.database.close();
  }

  run(sql: string, values: readonly unknown[]): StatementResult {
    const { statement, reader, blobs } = this.cached(sql);
    const input = values.map(toInput);
    if (!reader) return { rows: [], affected: Number(statement.run(...input).changes) };
    const rows = statement.all(...input) as Record<string, unknown>[];
    for (const name of blobs) for (const row of rows) row[name] = toBuffer(row[name]);
    return { rows, affected: rows.length };
  }

  /** For TypeORM. */
  prepare(sql: string): object {
    if (sql === 'BEGIN TRANSACTION' || sql === 'ROLLBACK') return this.transactionEdge(sql);
    const { reader, statement } = this.cached(sql);
    return {
      reader,
      all: (...values: unknown[]) => {
        this.guard();
        return this.run(sql, values).rows;
      },
      run: (...values: unknown[]) => {
        this.guard();
        return statement.run(...values.map(toInput));
      },
    };
  }

  /**
   * A deferred BEGIN that writes later fails where another process wrote in between, so every transaction begins
   * IMMEDIATE (or has begun, see SqliteBackend). After some errors (disk full) SQLite has rolled back by itself.
   */
  private transactionEdge(sql: 'BEGIN TRANSACTION' | 'ROLLBACK'): object {
    const run = (): object => {
      this.guard();
      if (sql === 'ROLLBACK' && this.inTransaction) this.exec('ROLLBACK');
      if (sql === 'BEGIN TRANSACTION' && !this.inTransaction) this.exec('BEGIN IMMEDIATE');
      return { changes: 0, lastInsertRowid: 0 };
    };
    return { reader: false, run };
  }

  private cached(sql: string): CachedStatement {
    const known = this.statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.database.prepare(sql);
    const columns = statement.columns();
    const blobs = columns.filter((c) => c.type?.toUpperCase() === 'BLOB').map((c) => c.name);
    const entry = { statement, reader: columns.length > 0, blobs };
    if (this.statements.size >= STATEMENT_CACHE_SIZE) {
      this.statements.delete(this.statements.keys().next().value as string);
    }
    this.statements.set(sql, entry);
    return entry;
  }
}

function toInput(value: unknown): SQLInputValue {
  if (typeof value === 'boolean') return Number(value);
  if (value instanceof Date) return value.toISOString();
  if (value === undefined) return null;
  return value as SQLInputValue;
}

function toBuffer(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value;
}
