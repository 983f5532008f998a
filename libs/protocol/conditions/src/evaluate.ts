import type {
  ComparisonOperator,
  Condition,
  Constant,
  PropertyRef,
  TypedQuery,
  TypedSubquery,
} from './condition.js';
import { constantValue } from './constants.js';
import { matchesPattern } from './match-pattern.js';
import { comparedText } from './model.js';
import { unitsBetween } from './time-units.js';

/** A row as its table holds it, by column; folded columns are not needed. */
export type PlainRow = Readonly<Record<string, string | number | null>>;

/** Rows by name of the class. */
export type PlainTables = ReadonlyMap<string, readonly PlainRow[]>;

/** SQL's three-valued logic: null is unknown. */
export type Truth = boolean | null;

/** The row of each source by alias; null where a left join found none. */
type Rows = ReadonlyMap<string, PlainRow | null>;

/**
 * What queries mean, in the plainest way: every combination of joined rows is looked at, and the keys of those for
 * which the condition is true are selected. Databases are tested against this.
 */
export function evaluateQuery(query: TypedQuery, tables: PlainTables, now: number): Set<number> {
  const key = (rows: Rows): string | number | null | undefined =>
    rows.get(query.root.alias)?.[query.root.class.keyColumn];
  const keys = new Evaluation(tables, now).selectedBy(query).map(key);
  return new Set(keys.filter((value) => typeof value === 'number'));
}

/** What a condition says of one row of the only source; it holds no subqueries. */
export const evaluateCondition = (condition: Condition, alias: string, row: PlainRow, now: number): Truth =>
  new Evaluation(new Map(), now).truthOf(condition, new Map([[alias, row]]));

class Evaluation {
  /** What subqueries select: they do not depend on the row outside. */
  private readonly subqueries = new Map<TypedSubquery, ReadonlySet<string | number | null>>();

  constructor(
    private readonly tables: PlainTables,
    private readonly now: number,
  ) {}

  /** The combinations of rows for which the condition is true. */
  selectedBy({ where, ...sources }: TypedQuery): Rows[] {
    const all = this.combinations(sources);
    return where === undefined ? all : all.filter((rows) => this.truthOf(where, rows) === true);
  }

  truthOf(condition: Condition, rows: Rows): Truth {
    switch (condition.kind) {
      case 'and':
      case 'or':
        return this.connected(condition.conditions, condition.kind === 'or', rows);
      case 'not':
        return negation(this.truthOf(condition.condition, rows));
      case 'compare':
        return compare(
          condition.operator,
          this.value(condition.left, rows),
          this.value(condition.right, rows),
        );
      case 'date-difference': {
        const [from, to] = [this.value(condition.from, rows), this.value(condition.to, rows)];
        if (from === null || to === null) return null;
        const units = unitsBetween(condition.unit, Number(from), Number(to));
        return compare(condition.operator, units, condition.value);
      }
      case 'like': {
        const text = this.value(condition.property, rows);
        return text === null ? null : matchesPattern(condition.pattern, String(text));
      }
      case 'in-list': {
        const value = this.value(condition.property, rows);
        return value === null ? null : condition.values.some((literal) => literal.value === value);
      }
      case 'in-query': {
        const value = this.value(condition.property, rows);
        // A row that selects nothing equals nothing: it does not make `not in` unknown, as it would in SQL.
        return value === null ? null : this.valuesOf(condition.query).has(value);
      }
      case 'is-null':
        return this.value(condition.property, rows) === null;
    }
  }

  /** `and` is false where one part is, `or` true where one part is; else unknown where one part is. */
  private connected(parts: readonly Condition[], decisive: boolean, rows: Rows): Truth {
    let result: Truth = !decisive;
    for (const part of parts) {
      const truth = this.truthOf(part, rows);
      if (truth === decisive) return decisive;
      if (truth === null) result = null;
    }
    return result;
  }

  private combinations({ root, joins }: Pick<TypedQuery, 'root' | 'joins'>): Rows[] {
    let all: Rows[] = (this.tables.get(root.class.name) ?? []).map((row) => new Map([[root.alias, row]]));
    const keyColumns = new Map([root, ...joins].map((source) => [source.alias, source.class.keyColumn]));
    for (const join of joins) {
      const candidates = this.tables.get(join.class.name) ?? [];
      all = all.flatMap((rows) => {
        const keys = join.on.map((alias) => rows.get(alias)?.[keyColumns.get(alias) ?? ''] ?? null);
        const found: (PlainRow | null)[] = candidates.filter((row) =>
          keys.every((key) => key !== null && row[join.class.keyColumn] === key),
        );
        if (found.length === 0 && join.kind === 'left') found.push(null);
        return found.map((row) => new Map([...rows, [join.alias, row]]));
      });
    }
    return all;
  }

  private valuesOf(query: TypedSubquery): ReadonlySet<string | number | null> {
    let values = this.subqueries.get(query);
    if (values === undefined) {
      values = new Set(this.selectedBy(query).map((rows) => this.value(query.select, rows)));
      this.subqueries.set(query, values);
    }
    return values;
  }

  /** In the form in which it is compared; null where it is missing. */
  private value(operand: PropertyRef | Constant, rows: Rows): string | number | null {
    if (operand.kind !== 'property') return constantValue(operand, this.now);
    const { alias, property } = operand;
    const value = rows.get(alias)?.[property.column] ?? null;
    return typeof value === 'string' ? comparedText(property, value) : value;
  }
}

const negation = (truth: Truth): Truth => (truth === null ? null : !truth);

function compare(
  operator: ComparisonOperator,
  left: string | number | null,
  right: string | number | null,
): Truth {
  if (left === null || right === null) return null;
  const order = typeof left === 'number' ? left - Number(right) : compareTexts(left, String(right));
  switch (operator) {
    case '=':
      return order === 0;
    case '<>':
      return order !== 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

/** By Unicode code points, as UTF-8 bytes sort; JavaScript sorts by UTF-16. */
export function compareTexts(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  for (const [index, character] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (character !== other) return (character.codePointAt(0) ?? 0) - (other.codePointAt(0) ?? 0);
  }
  return left.length - right.length;
}
