import type { Dialect, SqlParams, SqlValue } from '../database/database.js';

/** A statement as a driver takes it: text with the dialect's placeholders and the values in their order. */
export interface BoundStatement {
  readonly text: string;
  /** A list only where the driver takes one. */
  readonly values: readonly (SqlValue | readonly SqlValue[])[];
  /** See `QueryOptions`. */
  readonly planAnew?: boolean;
}

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'param'; readonly name: string }
  | { readonly kind: 'list'; readonly name: string; readonly negated: boolean }
  | { readonly kind: 'table'; readonly name: string };

/** What must not be searched for placeholders, then what is one. `::` comes first so that casts stay alone. */
const TOKENS =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$([A-Za-z_]*)\$[\s\S]*?\$\1\$|::|\b(NOT )?IN \(:(\w+)\)|:([A-Za-z_][A-Za-z0-9_]*)|\{([a-z_][a-z0-9_]*)\}/g;

/** Characters of the statements that are kept. */
const PARSED_LIMIT = 4_000_000;
/** Longer ones are bulk writes, each with a number of rows of its own: keeping them would only cost memory. */
const PARSED_LENGTH = 10_000;
const parsed = new Map<string, readonly Part[]>();
let parsedLength = 0;

function parse(sql: string): readonly Part[] {
  const known = parsed.get(sql);
  if (known !== undefined) return known;
  const parts: Part[] = [];
  let from = 0;
  for (const match of sql.matchAll(TOKENS)) {
    const [token, , negation, list, param, table] = match;
    if (list === undefined && param === undefined && table === undefined) continue;
    if (match.index > from) parts.push({ kind: 'text', text: sql.slice(from, match.index) });
    if (list !== undefined) parts.push({ kind: 'list', name: list, negated: negation !== undefined });
    else if (param !== undefined) parts.push({ kind: 'param', name: param });
    else parts.push({ kind: 'table', name: table as string });
    from = match.index + token.length;
  }
  if (from < sql.length) parts.push({ kind: 'text', text: sql.slice(from) });
  if (sql.length > PARSED_LENGTH) return parts;
  parsedLength += sql.length;
  if (parsedLength > PARSED_LIMIT) {
    parsed.clear();
    parsedLength = sql.length;
  }
  parsed.set(sql, parts);
  return parts;
}

/** The name of a table as a statement of this dialect must write it. */
export function qualifiedTable(dialect: Dialect, schema: string, table: string): string {
  return dialect === 'sqlite' ? `"${table}"` : `"${schema}"."${table}"`;
}

function checked(name: string, value: SqlValue | undefined): SqlValue {
  if (value === undefined) throw new TypeError(`SQL parameter :${name} has no value`);
  if (typeof value === 'number') return checkedNumber(`SQL parameter :${name}`, value);
  return typeof value === 'boolean' ? Number(value) : value;
}

/** Databases would store NaN and Infinity as NULL, as they are, or not at all. */
export function checkedNumber(what: string, value: number): number {
  if (!Number.isFinite(value)) throw new TypeError(`${what} is ${value}`);
  return value;
}

/**
 * Translates `:name`, `IN (:names)` and `{table}` (see Queryable). A name that comes twice is sent twice except on SQL
 * Server: PostgreSQL deduces one type per placeholder, and refuses one that stands for two. Its lists are one
 * parameter, so that the text, and with it the plan, is the same for lists of any length.
 */
export function bindSql(
  dialect: Dialect,
  schema: string,
  sql: string,
  params: SqlParams = {},
): BoundStatement {
  const values: (SqlValue | readonly SqlValue[])[] = [];
  const numbers = new Map<string, number>();
  const placeholder = (name: string, value: SqlValue | undefined): string => {
    const known = dialect === 'mssql' ? numbers.get(name) : undefined;
    if (known !== undefined) return `@${known}`;
    const number = values.push(checked(name, value));
    if (dialect === 'sqlite') return '?';
    if (dialect === 'postgres') return `$${number}`;
    // A bare NULL fits every column type; a typed NULL (nvarchar) is refused for varbinary.
    if (value === null) {
      values.pop();
      return 'NULL';
    }
    numbers.set(name, number - 1);
    return `@${number - 1}`;
  };
  const valueOf = (name: string): SqlValue | readonly SqlValue[] | undefined =>
    Object.hasOwn(params, name) ? params[name] : undefined;
  const list = (name: string, negated: boolean): string => {
    const value = valueOf(name);
    if (!isList(value)) return `${negated ? 'NOT IN' : 'IN'} (${placeholder(name, value)})`;
    if (value.length === 0) throw new TypeError(`SQL parameter :${name} is an empty list`);
    if (dialect === 'postgres')
      return `${negated ? '<> ALL' : '= ANY'} ($${values.push(value.map((item) => checked(name, item)))})`;
    const placeholders = value.map((item, index) => placeholder(`${name}[${index}]`, item));
    return `${negated ? 'NOT IN' : 'IN'} (${placeholders.join(', ')})`;
  };
  let text = '';
  for (const part of parse(sql)) {
    if (part.kind === 'text') text += part.text;
    else if (part.kind === 'table') text += qualifiedTable(dialect, schema, part.name);
    else if (part.kind === 'list') text += list(part.name, part.negated);
    else {
      const value = valueOf(part.name);
      if (isList(value)) throw new TypeError(`SQL parameter :${part.name} is a list outside of IN`);
      text += placeholder(part.name, value);
    }
  }
  return { text, values };
}

function isList(value: SqlValue | readonly SqlValue[] | undefined): value is readonly SqlValue[] {
  return Array.isArray(value);
}
