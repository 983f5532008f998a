import type {
  WqlCondition,
  WqlJoin,
  WqlOperand,
  WqlPath,
  WqlQuery,
  WqlRunTime,
  WqlSelected,
  WqlSource,
} from './wql-query.js';

/** Writes a query in its canonical spelling, on one line; `parseWql` reads the same query from it. */
export function formatWql(query: WqlQuery): string {
  const { distinct, select, from, joins, where } = query;
  return [
    `select ${distinct ? 'distinct ' : ''}${select.map(formatSelected).join(', ')}`,
    `from ${formatSource(from)}`,
    ...joins.map(formatJoin),
    ...(where === undefined ? [] : [`where ${formatCondition(where)}`]),
  ].join(' ');
}

function formatSelected(selected: WqlSelected): string {
  if (selected.kind === 'path') return formatPath(selected);
  return selected.qualifier === undefined ? '*' : `${selected.qualifier}.*`;
}

const formatSource = ({ className, alias }: WqlSource): string =>
  alias === undefined ? className : `${className} as ${alias}`;

function formatJoin(join: WqlJoin): string {
  const on = join.on.map(({ left, right }) => `${formatPath(left)} = ${formatPath(right)}`);
  return `${join.kind} join ${formatSource(join)} on ${on.join(' and ')}`;
}

const formatPath = ({ qualifier, name }: WqlPath): string =>
  qualifier === undefined ? name : `${qualifier}.${name}`;

function formatCondition(condition: WqlCondition): string {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.conditions.map(formatPart).join(` ${condition.kind} `);
    case 'not':
      return `not ${formatPart(condition.condition)}`;
    case 'compare': {
      const { operator, left, right } = condition;
      return `${formatOperand(left)} ${operator} ${formatOperand(right)}`;
    }
    case 'like':
      return `${formatNegatable(condition)} like ${formatOperand(condition.pattern)}`;
    case 'in-list':
      return `${formatNegatable(condition)} in (${condition.values.map(formatOperand).join(', ')})`;
    case 'in-query':
      return `${formatNegatable(condition)} in (${formatWql(condition.query)})`;
    case 'is-null':
      return `${formatPath(condition.property)} is ${condition.negated ? 'not ' : ''}null`;
  }
}

const formatNegatable = ({ property, negated }: { property: WqlPath; negated: boolean }): string =>
  `${formatPath(property)}${negated ? ' not' : ''}`;

/** A condition inside another. */
const formatPart = (condition: WqlCondition): string =>
  condition.kind === 'and' || condition.kind === 'or'
    ? `(${formatCondition(condition)})`
    : formatCondition(condition);

function formatOperand(operand: WqlOperand): string {
  switch (operand.kind) {
    case 'path':
      return formatPath(operand);
    case 'text':
      return `"${operand.value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
    case 'integer':
    case 'flag':
      return String(operand.value);
    case 'run-time':
      return formatRunTime(operand);
    case 'date-difference': {
      const { unit, from, to } = operand;
      return `DateDiff(${unit}, ${formatOperand(from)}, ${formatOperand(to)})`;
    }
  }
}

const formatRunTime = ({ shifts }: WqlRunTime): string =>
  shifts.reduce((inner, { unit, amount }) => `DateAdd(${unit}, ${amount}, ${inner})`, 'GetDate()');
