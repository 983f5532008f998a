import type { AffixFunction, FilterOperator } from '@espalier/conditions';

/** One side of a comparison. `at` is where it stands: in characters, from 1. */
export type FilterOperand =
  | { readonly kind: 'name'; readonly name: string; readonly at: number }
  | { readonly kind: 'text'; readonly value: string; readonly at: number }
  | { readonly kind: 'number'; readonly value: number; readonly at: number }
  | { readonly kind: 'flag'; readonly value: boolean; readonly at: number }
  /** As written: `2026-11-21T10:00:00Z`. */
  | { readonly kind: 'time'; readonly value: string; readonly at: number }
  | { readonly kind: 'null'; readonly at: number }
  | { readonly kind: 'now'; readonly at: number }
  | {
      readonly kind: 'case';
      readonly function: 'tolower' | 'toupper';
      readonly operand: FilterOperand;
      readonly at: number;
    };

/** A filter as written, before its names are looked up in a model. */
export type FilterExpression =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly FilterExpression[] }
  | { readonly kind: 'not'; readonly part: FilterExpression }
  | {
      readonly kind: 'compare';
      readonly operator: FilterOperator;
      readonly left: FilterOperand;
      readonly right: FilterOperand;
      readonly at: number;
    }
  | {
      readonly kind: 'affix';
      readonly function: AffixFunction;
      readonly text: FilterOperand;
      readonly sought: FilterOperand;
      readonly at: number;
    }
  | {
      readonly kind: 'in';
      readonly operand: FilterOperand;
      readonly values: readonly FilterOperand[];
      readonly at: number;
    }
  /** A boolean property that stands alone. */
  | { readonly kind: 'truth'; readonly name: string; readonly at: number }
  /** `RoleNames/any(role: role eq 'X')`; `any()` has neither variable nor condition. */
  | {
      readonly kind: 'lambda';
      readonly quantifier: 'any' | 'all';
      readonly name: string;
      readonly variable?: string;
      readonly condition?: FilterExpression;
      readonly at: number;
    };
