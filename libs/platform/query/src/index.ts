export type { CompiledSql } from './compiled-sql.js';
export { compileCondition, type ConditionOptions } from './condition.compiler.js';
export { listPage, type ListRequest } from './list-page.js';
export { compileQuery, type QueryOptions, type Restriction } from './query.compiler.js';
