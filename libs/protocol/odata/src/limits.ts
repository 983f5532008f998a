import { expressionLimits } from '@espalier/conditions';

/** What one request may hold. */
export const odataLimits = {
  /** Characters of a raw path. */
  path: 8_000,
  /** Parts of a path between slashes. */
  segments: 10,
  /** Values of a key, or arguments of a function. */
  pathValues: 20,
  /** Characters of a raw query. */
  query: 32_000,
  /** Options of a query, those that are ignored included. */
  options: 100,
  /** Characters of one option, decoded. */
  option: expressionLimits.characters,
  /** Conditions of a filter. */
  conditions: expressionLimits.conditions,
  /** Parentheses, functions and `not` around each other. */
  depth: expressionLimits.depth,
  /** Values in the lists of a filter, all together. */
  values: expressionLimits.values,
  /** Properties of an order. */
  orderFields: 5,
  /** Names in `$select` or `$expand`. */
  names: 300,
} as const;
