import type { ComparisonOperator } from './condition.js';

/** Words that compare in filters, as OData has them. */
export type FilterOperator = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';

/** Functions of filters that are conditions of two texts. */
export type AffixFunction = 'contains' | 'startswith' | 'endswith';

/** What the words mean. */
export const comparisonOf: Readonly<Record<FilterOperator, ComparisonOperator>> = {
  eq: '=',
  ne: '<>',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
};
