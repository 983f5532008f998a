export { classesOf } from '@espalier/conditions';
export { bindWql } from './wql.binder.js';
export { WqlError } from './wql.error.js';
export { parseWql } from './wql.parser.js';
export { formatWql } from './wql.printer.js';
export type {
  WqlCondition,
  WqlDateDifference,
  WqlFlag,
  WqlInteger,
  WqlJoin,
  WqlOperand,
  WqlPath,
  WqlQuery,
  WqlRunTime,
  WqlSelected,
  WqlSource,
  WqlText,
  WqlTimeOperand,
  WqlValue,
} from './wql-query.js';
