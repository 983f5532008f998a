import { commonErrors, isEspalierError } from '@espalier/contracts';
import type { Dialect } from '../database/database.js';

/** What went wrong in a statement that the database did answer. */
export type DatabaseErrorKind = 'unique' | 'foreign-key' | 'not-null' | 'conflict' | 'other';

/**
 * A statement that failed. Holds neither the statement's parameters nor row values, so it may be logged.
 * `conflict` is a deadlock, a serialization failure or a lock that was not given: the transaction may run again.
 */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';

  constructor(
    readonly kind: DatabaseErrorKind,
    /** SQLSTATE, SQL Server's error number or SQLite's extended result code. */
    readonly sqlCode: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** True where a row with the same unique key exists already. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof DatabaseError && error.kind === 'unique';
}

/** True where a row refers to one that is missing, or is still referred to. */
export function isForeignKeyViolation(error: unknown): boolean {
  return error instanceof DatabaseError && error.kind === 'foreign-key';
}

/** The fields that the three drivers put on their errors. */
interface DriverError extends Error {
  readonly code?: string | number;
  readonly number?: number;
  readonly errcode?: number;
  readonly driverError?: unknown;
  readonly originalError?: unknown;
}

type Verdict = { readonly kind: DatabaseErrorKind | 'unavailable'; readonly code: string };

const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
]);
/** `pg` and `pg-pool` raise these without a code. */
const POSTGRES_MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client (has encountered a connection error|was closed)|Cannot use a pool after calling end|timeout expired)/;

function judgePostgres(error: DriverError): Verdict {
  const code = String(error.code ?? '');
  const kinds: Readonly<Record<string, Verdict['kind']>> = {
    '23505': 'unique',
    '23503': 'foreign-key',
    '23502': 'not-null',
    '40001': 'conflict',
    '40P01': 'conflict',
    '55P03': 'conflict',
    '57014': 'unavailable',
    '57P01': 'unavailable',
    '57P02': 'unavailable',
    '57P03': 'unavailable',
    '53300': 'unavailable',
    '28P01': 'unavailable',
    '28000': 'unavailable',
    '3D000': 'unavailable',
    '25006': 'unavailable',
  };
  const lost = code.startsWith('08') || NETWORK.has(code) || POSTGRES_MESSAGES.test(error.message);
  // A migration changed what a prepared statement gives: run again, it is prepared anew.
  const stale = code === '0A000' && error.message.includes('cached plan');
  if (stale) return { kind: 'conflict', code };
  return { kind: lost ? 'unavailable' : (kinds[code] ?? 'other'), code };
}

function judgeMssql(error: DriverError): Verdict {
  const numbers: Readonly<Record<number, Verdict['kind']>> = {
    2601: 'unique',
    2627: 'unique',
    547: 'foreign-key',
    515: 'not-null',
    1205: 'conflict',
    1222: 'conflict',
    3960: 'conflict',
    40197: 'unavailable',
    40501: 'unavailable',
    40613: 'unavailable',
    18456: 'unavailable',
    4060: 'unavailable',
  };
  const known = error.number === undefined ? undefined : numbers[error.number];
  if (known !== undefined) return { kind: known, code: String(error.number) };
  const lost =
    NETWORK.has(String(error.code)) ||
    ['ESOCKET', 'ETIMEOUT', 'ECONNCLOSED', 'ENOTOPEN', 'ELOGIN', 'EINSTLOOKUP', 'EABORT'].includes(
      String(error.code),
    ) ||
    error.constructor.name === 'TimeoutError';
  return { kind: lost ? 'unavailable' : 'other', code: String(error.number ?? error.code ?? '') };
}

function judgeSqlite(error: DriverError): Verdict {
  const code = error.errcode ?? 0;
  const primary = code & 0xff;
  const constraints: Readonly<Record<number, DatabaseErrorKind>> = {
    2067: 'unique',
    1555: 'unique',
    787: 'foreign-key',
    1299: 'not-null',
  };
  const kind =
    constraints[code] ??
    // BUSY, LOCKED; then NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB
    ([5, 6].includes(primary)
      ? 'conflict'
      : [7, 8, 10, 11, 13, 14, 26].includes(primary)
        ? 'unavailable'
        : 'other');
  return { kind, code: String(code) };
}

/**
 * What a caller gets for an error that a driver threw: `ESP_DATABASE_UNAVAILABLE` or DatabaseError. The parameters
 * that TypeORM attaches go, and so do PostgreSQL's detail and SQL Server's key value, which quote rows.
 */
export function toDatabaseError(dialect: Dialect, thrown: unknown): Error {
  if (thrown instanceof DatabaseError || isEspalierError(thrown)) return thrown;
  const error = driverErrorOf(thrown instanceof Error ? thrown : new Error(String(thrown)));
  const { kind, code } = { sqlite: judgeSqlite, postgres: judgePostgres, mssql: judgeMssql }[dialect](error);
  const message = error.message.replace(/ ?The duplicate key value is \([\s\S]*$/, '');
  const cause = Object.assign(new Error(message), {
    code,
    stack: error.stack?.replace(error.message, message),
  });
  return kind === 'unavailable'
    ? commonErrors.ESP_DATABASE_UNAVAILABLE({ cause })
    : new DatabaseError(kind, code, message, { cause });
}

/** What TypeORM, and node-mssql below it, throw at a caller's callback. */
const LIBRARY_ERRORS = new Set([
  'QueryFailedError',
  'QueryRunnerAlreadyReleasedError',
  'ConnectionError',
  'TransactionError',
  'RequestError',
]);

/** Errors of the libraries are judged; any other error of a caller's callback passes through as it is. */
export function fromCallback(dialect: Dialect, thrown: unknown): unknown {
  return thrown instanceof Error && LIBRARY_ERRORS.has(thrown.name)
    ? toDatabaseError(dialect, thrown)
    : thrown;
}

/** True where the database could not be reached or did not answer in time. */
export function isUnavailable(error: unknown): boolean {
  return isEspalierError(error) && error.code === 'ESP_DATABASE_UNAVAILABLE';
}

function driverErrorOf(error: DriverError): DriverError {
  if (error.driverError instanceof Error) return driverErrorOf(error.driverError);
  // TypeORM releases a runner by itself only where its connection broke; ours live as long as their callback.
  if (error.name === 'QueryRunnerAlreadyReleasedError') {
    return Object.assign(new Error('Connection terminated'), { code: '08006' });
  }
  return error;
}
