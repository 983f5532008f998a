import { expressionLimits } from '@espalier/conditions';

/** What one request may hold; of a filter also `expressionLimits`. */
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
  /** Properties of an order. */
  orderFields: 5,
  /** Names in `$select` or `$expand`. */
  names: 300,
} as const;
