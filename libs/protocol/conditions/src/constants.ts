import type { ComparisonOperator, Constant } from './condition.js';
import { addUnits } from './time-units.js';

/** What a constant is when the query runs at `now` (epoch ms). */
export const constantValue = (constant: Constant, now: number): string | number =>
  constant.kind === 'literal'
    ? constant.value
    : constant.shifts.reduce((time, { unit, amount }) => addUnits(unit, amount, time), now);

/** The operator that says the same with the sides exchanged. */
export const mirrored: Readonly<Record<ComparisonOperator, ComparisonOperator>> = {
  '=': '=',
  '<>': '<>',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

/** The operator that is true where the other is false. */
export const inverted: Readonly<Record<ComparisonOperator, ComparisonOperator>> = {
  '=': '<>',
  '<>': '=',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
};
