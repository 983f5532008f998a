import type { ClassModel, PropertyModel, PropertyType } from './model.js';
import type { TimeUnit } from './time-units.js';

export type ComparisonOperator = '=' | '<>' | '<' | '<=' | '>' | '>=';

/** A property of one of the query's sources. */
export interface PropertyRef {
  readonly kind: 'property';
  /** Alias of the source in the query that the condition belongs to. */
  readonly alias: string;
  readonly property: PropertyModel;
}

/** A value in the form in which it is compared: texts folded where the property is, times as epoch ms, flags 0 or 1. */
export interface Literal {
  readonly kind: 'literal';
  readonly type: PropertyType;
  readonly value: string | number;
}

/** The time at which the query runs, shifted step by step: `DateAdd(day, -7, GetDate())`. */
export interface RunTime {
  readonly kind: 'run-time';
  readonly shifts: readonly { readonly unit: TimeUnit; readonly amount: number }[];
}

export type Constant = Literal | RunTime;

/** One range of code points, both ends included; a single character is a range of one. */
export interface CharacterRange {
  readonly from: number;
  readonly to: number;
}

/**
 * One piece of a pattern, over the compared form of the text: `text` stands for itself, `any` for any number of
 * characters, `one` for one, `set` for one of the ranges (or none of them). No range begins or ends with `]`,
 * which SQL Server cannot express.
 */
export type PatternPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'one' }
  | { readonly kind: 'set'; readonly negated: boolean; readonly ranges: readonly CharacterRange[] };

export type Pattern = readonly PatternPart[];

/** `left` and `right` have the same type. */
export interface Comparison {
  readonly kind: 'compare';
  readonly operator: ComparisonOperator;
  readonly left: PropertyRef;
  readonly right: PropertyRef | Constant;
}

/**
 * `DateDiff(unit, from, to) operator value`: how many boundaries of the unit (midnights, firsts of a month, Sundays
 * at midnight; UTC) lie between the two, negative where `to` is earlier. At least one of the two is a property; where
 * both are, the unit has a fixed length ({@link isFixedUnit}).
 */
export interface DateDifference {
  readonly kind: 'date-difference';
  readonly unit: TimeUnit;
  readonly from: PropertyRef | Constant;
  readonly to: PropertyRef | Constant;
  readonly operator: ComparisonOperator;
  readonly value: number;
}

/** The whole text matches the pattern. The property is a text. */
export interface Like {
  readonly kind: 'like';
  readonly property: PropertyRef;
  readonly pattern: Pattern;
}

/** Equal to one of the values; there is at least one. */
export interface InList {
  readonly kind: 'in-list';
  readonly property: PropertyRef;
  readonly values: readonly Literal[];
}

/** Equal to what one row of the subquery selects, of the same type. */
export interface InQuery {
  readonly kind: 'in-query';
  readonly property: PropertyRef;
  readonly query: TypedSubquery;
}

export interface IsNull {
  readonly kind: 'is-null';
  readonly property: PropertyRef;
}

/** A condition about one row. */
export type Leaf = Comparison | DateDifference | Like | InList | InQuery | IsNull;

/** What rows must fulfil. What it means is defined by `evaluateCondition`. */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly conditions: readonly Condition[] }
  | { readonly kind: 'not'; readonly condition: Condition }
  | Leaf;

/** A class in a query, by a name of its own. */
export interface Source {
  /** Unique among the sources of one query. */
  readonly alias: string;
  readonly class: ClassModel;
}

/** A further class, joined by the key that ties its rows to a resource. */
export interface Join extends Source {
  readonly kind: 'inner' | 'left';
  /** Aliases of earlier sources whose keys the row's key must equal; at least one. */
  readonly on: readonly string[];
}

/** Selects keys of `root`: those for which some combination of joined rows fulfils `where`. */
export interface TypedQuery {
  readonly root: Source;
  readonly joins: readonly Join[];
  readonly where?: Condition;
}

/** A query of its own: its conditions name its own sources only. */
export interface TypedSubquery extends TypedQuery {
  readonly select: PropertyRef;
}
