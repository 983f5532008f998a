import { idListSql, type Dialect, type SqlParams, type SqlValue } from '@espalier/persistence';

/** A statement in the portable spelling of persistence, or a part of one. Values are in `params`, never in `sql`. */
export interface CompiledSql {
  readonly sql: string;
  readonly params: SqlParams;
}

/** Collects the parameters of a statement, and gives its tables aliases of its own. */
export class SqlWriter {
  readonly params: Record<string, SqlValue> = {};
  private parameters = 0;
  private aliases = 0;

  constructor(
    readonly dialect: Dialect,
    private readonly prefix: string,
  ) {}

  /** Writes a value: `:q0`. */
  value(value: string | number): string {
    const name = this.parameter(value);
    // PostgreSQL takes the type of the other side, and refuses what does not fit into an integer column.
    return typeof value === 'number' && this.dialect === 'postgres' ? `CAST(:${name} AS bigint)` : `:${name}`;
  }

  /** Writes that a column is among ids, which are one parameter. */
  isIn(column: string, ids: readonly number[]): string {
    const list = idListSql(this.dialect);
    return list.isIn(column, this.parameter(list.param(ids)));
  }

  alias(): string {
    this.aliases += 1;
    return `${this.prefix}t${this.aliases}`;
  }

  private parameter(value: SqlValue): string {
    const name = `${this.prefix}${this.parameters}`;
    this.parameters += 1;
    this.params[name] = value;
    return name;
  }
}

/** A column of a model: code names it, never a caller. */
export const quoted = (name: string): string => `"${name}"`;
