export {
  comparedColumn,
  comparedText,
  foldText,
  type ClassModel,
  type PropertyModel,
  type PropertyType,
  type QueryModel,
} from './model.js';
export type {
  CharacterRange,
  Comparison,
  ComparisonOperator,
  Condition,
  Constant,
  DateDifference,
  InList,
  InQuery,
  IsNull,
  Join,
  Leaf,
  Like,
  Literal,
  Pattern,
  PatternPart,
  PropertyRef,
  RunTime,
  Source,
  TypedQuery,
  TypedSubquery,
} from './condition.js';
export { compareWith, type Comparand } from './comparand.js';
export { constantValue, inverted, mirrored } from './constants.js';
export {
  compareTexts,
  evaluateCondition,
  evaluateQuery,
  type PlainRow,
  type PlainTables,
  type Truth,
} from './evaluate.js';
export { ExpressionError, type Fail, type Place } from './expression.error.js';
export { comparisonOf, type AffixFunction, type FilterOperator } from './filter-words.js';
export { expressionLimits, type ExpressionLimits } from './limits.js';
export { matchesPattern } from './match-pattern.js';
export { findNamed, findProperty, keyProperty, suggestName } from './names.js';
export {
  addUnits,
  fixedUnit,
  isFixedUnit,
  parseTimeUnit,
  TIME_LIMIT,
  unitIndex,
  unitsBetween,
  unitStart,
  type FixedUnit,
  type TimeUnit,
} from './time-units.js';
export { readCondition, type ConditionGrammar } from './reading/condition.reader.js';
export { filterLanguage, FilterReader } from './reading/filter.reader.js';
export type { ExpressionLanguage, PlaceOf, Token, TokenKind } from './reading/language.js';
export { TokenReader } from './reading/token.reader.js';
export { checkedText, unquote } from './reading/tokenize.js';
export { classesOf, traitsOf, type QueryTraits } from './traits.js';
export { affixPattern, literalFor, parseTime, textProblem, type GivenValue } from './values.js';
