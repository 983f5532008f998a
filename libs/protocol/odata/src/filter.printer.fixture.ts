import type { FilterExpression, FilterOperand } from './index.js';

/** Writes a filter in one way: every part of `and`, `or` and `not` in parentheses where it has parts of its own. */
export function formatFilter(filter: FilterExpression): string {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.parts.map(inner).join(` ${filter.kind} `);
    case 'not':
      return `not ${inner(filter.part)}`;
    case 'compare':
      return `${formatOperand(filter.left)} ${filter.operator} ${formatOperand(filter.right)}`;
    case 'affix':
      return `${filter.function}(${formatOperand(filter.text)},${formatOperand(filter.sought)})`;
    case 'in':
      return `${formatOperand(filter.operand)} in (${filter.values.map(formatOperand).join(',')})`;
    case 'truth':
      return filter.name;
    case 'lambda': {
      const { name, quantifier, variable, condition } = filter;
      const body = condition === undefined ? '' : `${variable}: ${formatFilter(condition)}`;
      return `${name}/${quantifier}(${body})`;
    }
  }
}

const inner = (filter: FilterExpression): string =>
  filter.kind === 'and' || filter.kind === 'or' ? `(${formatFilter(filter)})` : formatFilter(filter);

function formatOperand(operand: FilterOperand): string {
  switch (operand.kind) {
    case 'name':
      return operand.name;
    case 'text':
      return `'${operand.value.replaceAll("'", "''")}'`;
    case 'number':
    case 'flag':
    case 'time':
      return String(operand.value);
    case 'null':
      return 'null';
    case 'now':
      return 'now()';
    case 'case':
      return `${operand.function}(${formatOperand(operand.operand)})`;
  }
}
