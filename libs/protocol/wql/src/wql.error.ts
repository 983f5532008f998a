import { ExpressionError } from '@espalier/conditions';

/** The only error of this library: what is wrong with a rule, where, and what to write instead. */
export class WqlError extends ExpressionError {
  override readonly name = 'WqlError';
}
