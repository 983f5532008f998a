export type { CompiledSql } from './compiled-sql.js';
export { countList, listPage, type ListRequest } from './list-page.js';
export {
  compileCondition,
  compileQuery,
  type ConditionOptions,
  type QueryOptions,
  type Restriction,
} from './query.compiler.js';
