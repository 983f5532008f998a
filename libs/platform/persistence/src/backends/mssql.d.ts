/** The part of node-mssql that the backend uses; it brings no types of its own. */
declare module 'mssql' {
  export interface Recordset extends Array<Record<string, unknown>> {
    readonly columns: Readonly<Record<string, { readonly name: string; readonly type: unknown }>>;
  }
  export interface QueryResult {
    readonly recordset: Recordset | undefined;
    readonly rowsAffected: readonly number[];
  }
  export interface ConnectionPool {
    readonly size: number;
    readonly available: number;
    readonly pending: number;
    on(event: 'error', listener: (error: Error) => void): this;
  }
  export interface Request {
    input(name: string, type: unknown, value: unknown): this;
    query(sql: string): Promise<QueryResult>;
  }
  const mssql: {
    readonly Request: new (parent: object, overrides?: { requestTimeout?: number }) => Request;
    readonly MAX: number;
    readonly NVarChar: (length: number) => unknown;
    readonly VarBinary: (length: number) => unknown;
    readonly BigInt: unknown;
    readonly Int: unknown;
    readonly Float: unknown;
  };
  export default mssql;
}
