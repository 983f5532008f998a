export { FilterError } from './filter.error.js';
export { parseFilter } from './filter.parser.js';
export { FILTER_ALIAS } from './operand.parser.js';
export { parseOrderBy, type OrderField } from './order.parser.js';
