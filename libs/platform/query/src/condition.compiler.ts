import {
  comparedColumn,
  constantValue,
  fixedUnit,
  inverted,
  isFixedUnit,
  mirrored,
  unitIndex,
  unitStart,
  type ComparisonOperator,
  type Constant,
  type DateDifference,
  type InQuery,
  type Leaf,
  type PropertyRef,
  type TimeUnit,
} from '@espalier/conditions';
import { quoted, type SqlWriter } from './compiled-sql.js';
import type { NormalForm } from './normal-form.js';
import { patternSql } from './pattern.sql.js';

/** SQL aliases by aliases of the query. */
export type Aliases = ReadonlyMap<string, string>;

/** Writes `EXISTS (…)` for a subquery that selects what the column holds. */
export type ExistsSql = (membership: InQuery, equalTo: string) => string;

/** NULL of the right type on every database. */
const NO_TEXT = "NULLIF('', '')";
const NO_NUMBER = 'NULLIF(0, 0)';

/** Writes conditions as SQL that is true exactly where they are. */
export class ConditionCompiler {
  constructor(
    private readonly writer: SqlWriter,
    private readonly now: number,
    private readonly aliases: Aliases,
    private readonly exists: ExistsSql,
  ) {}

  sql(form: NormalForm): string {
    if (form.kind === 'leaf') return this.leaf(form.leaf, form.negated);
    return `(${form.parts.map((part) => this.sql(part)).join(form.kind === 'and' ? ' AND ' : ' OR ')})`;
  }

  column({ alias, property }: PropertyRef): string {
    const known = this.aliases.get(alias);
    if (known === undefined) throw new TypeError(`No source "${alias}" in the query`);
    if (property.isNothing === true) return property.type === 'text' ? NO_TEXT : NO_NUMBER;
    return `${known}.${quoted(comparedColumn(property))}`;
  }

  private leaf(leaf: Leaf, negated: boolean): string {
    const not = negated ? 'NOT ' : '';
    switch (leaf.kind) {
      case 'compare': {
        const operator = negated ? inverted[leaf.operator] : leaf.operator;
        return `${this.column(leaf.left)} ${operator} ${this.operand(leaf.right)}`;
      }
      case 'date-difference':
        return this.dateDifference(leaf, negated ? inverted[leaf.operator] : leaf.operator);
      case 'like':
        return patternSql(this.writer, this.column(leaf.property), leaf.pattern, negated);
      case 'in-list': {
        const values = new Set(leaf.values.map(({ value }) => value));
        const list = [...values].map((value) => this.writer.value(value)).join(', ');
        return `${this.column(leaf.property)} ${not}IN (${list})`;
      }
      case 'in-query': {
        const column = this.column(leaf.property);
        const exists = this.exists(leaf, column);
        return negated ? `(${column} IS NOT NULL AND NOT ${exists})` : exists;
      }
      case 'is-null':
        return `${this.column(leaf.property)} IS ${not}NULL`;
    }
  }

  private operand(operand: PropertyRef | Constant): string {
    return operand.kind === 'property'
      ? this.column(operand)
      : this.writer.value(constantValue(operand, this.now));
  }

  private dateDifference({ unit, from, to, value }: DateDifference, operator: ComparisonOperator): string {
    if (from.kind === 'property' && to.kind === 'property') {
      const difference = `${indexSql(unit, this.column(to))} - ${indexSql(unit, this.column(from))}`;
      return `${difference} ${operator} ${this.writer.value(value)}`;
    }
    // Solved for the property, so that an index serves it and months need no arithmetic in SQL.
    if (to.kind === 'property') {
      const index = unitIndex(unit, Number(constantOf(from, this.now)));
      return this.inUnit(this.column(to), unit, operator, index + value);
    }
    const index = unitIndex(unit, Number(constantOf(to, this.now)));
    return this.inUnit(this.columnOf(from), unit, mirrored[operator], index - value);
  }

  /** Compares the number of the unit in which a time lies. */
  private inUnit(column: string, unit: TimeUnit, operator: ComparisonOperator, index: number): string {
    const start = (): string => this.writer.value(unitStart(unit, index));
    const end = (): string => this.writer.value(unitStart(unit, index + 1));
    switch (operator) {
      case '=':
        return `(${column} >= ${start()} AND ${column} < ${end()})`;
      case '<>':
        return `(${column} < ${start()} OR ${column} >= ${end()})`;
      case '<':
        return `${column} < ${start()}`;
      case '<=':
        return `${column} < ${end()}`;
      case '>':
        return `${column} >= ${end()}`;
      case '>=':
        return `${column} >= ${start()}`;
    }
  }

  private columnOf(operand: PropertyRef | Constant): string {
    if (operand.kind === 'property') return this.column(operand);
    throw new TypeError('A date difference needs a property');
  }
}

function constantOf(operand: PropertyRef | Constant, now: number): string | number {
  if (operand.kind !== 'property') return constantValue(operand, now);
  throw new TypeError('A date difference needs a constant');
}

/** The number of the unit in which a time lies: division rounds towards zero, so the remainder goes first. */
function indexSql(unit: TimeUnit, column: string): string {
  if (!isFixedUnit(unit)) throw new TypeError(`Between two properties ${unit}s cannot be counted`);
  const { length, offset } = fixedUnit(unit);
  const time = offset === 0 ? column : `(${column} + ${offset})`;
  return `((${time} - ((${time} % ${length}) + ${length}) % ${length}) / ${length})`;
}
