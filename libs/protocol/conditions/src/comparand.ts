import type { ComparisonOperator, Condition, Constant, PropertyRef } from './condition.js';
import type { Fail } from './expression.error.js';
import { literalFor, type GivenValue } from './values.js';

/** What a filter compares a property with, as written. */
export type Comparand =
  | { readonly kind: 'property'; readonly ref: PropertyRef }
  | { readonly kind: 'value'; readonly value: GivenValue }
  | { readonly kind: 'now' }
  | { readonly kind: 'null' };

/** The condition that a comparison is; `fail` says what is wrong with its right side. */
export function compareWith(
  left: PropertyRef,
  operator: ComparisonOperator,
  right: Comparand,
  fail: Fail,
): Condition {
  if (right.kind !== 'null') return { kind: 'compare', operator, left, right: against(left, right, fail) };
  const isNull: Condition = { kind: 'is-null', property: left };
  if (operator === '=') return isNull;
  if (operator === '<>') return { kind: 'not', condition: isNull };
  return fail('Nothing is greater or less than null: write eq null or ne null.');
}

function against(
  { property }: PropertyRef,
  right: Exclude<Comparand, { kind: 'null' }>,
  fail: Fail,
): PropertyRef | Constant {
  switch (right.kind) {
    case 'value':
      return literalFor(property, right.value, fail);
    case 'now':
      return property.type === 'time'
        ? { kind: 'run-time', shifts: [] }
        : fail(`${property.name} is no time.`);
    case 'property': {
      const other = right.ref.property;
      const isSameForm = (property.foldedColumn === undefined) === (other.foldedColumn === undefined);
      return property.type === other.type && (property.type !== 'text' || isSameForm)
        ? right.ref
        : fail(`${property.name} and ${other.name} cannot be compared.`);
    }
  }
}
