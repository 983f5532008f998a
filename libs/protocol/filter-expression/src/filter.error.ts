import { ExpressionError } from '@espalier/conditions';

/** The only error of this library: what is wrong with a filter or an order, where, and what to write instead. */
export class FilterError extends ExpressionError {
  override readonly name = 'FilterError';
}
