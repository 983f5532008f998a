import type { StatementRunner } from '../backends/backend.js';
import type { Dialect, Queryable, QueryOptions, SqlParams } from './database.js';
import { bindSql, type BoundStatement } from '../sql/sql-template.js';

/** The portable spelling on top of a runner of bound statements. */
export class Statements implements Queryable {
  constructor(
    readonly dialect: Dialect,
    private readonly schemaName: string,
    private readonly runner: StatementRunner,
  ) {}

  async query<T>(sql: string, params?: SqlParams, options?: QueryOptions): Promise<T[]> {
    const statement = this.bind(sql, params);
    return (await this.runner.run(options === undefined ? statement : { ...statement, ...options }))
      .rows as T[];
  }

  async execute(sql: string, params?: SqlParams): Promise<number> {
    return (await this.runner.run(this.bind(sql, params))).affected;
  }

  async prepared<T>(name: string, sql: string, params?: SqlParams): Promise<T[]> {
    return (await this.runner.run(this.bind(sql, params), name)).rows as T[];
  }

  private bind(sql: string, params?: SqlParams): BoundStatement {
    return bindSql(this.dialect, this.schemaName, sql, params);
  }
}
