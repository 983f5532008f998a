import type { ComparisonOperator, Place, TimeUnit } from '@espalier/conditions';

/** A part of a query that messages can point at. */
interface Located {
  readonly at: Place;
}

/** `Name`, or `SMS_R_System.Name`. */
export interface WqlPath extends Located {
  readonly kind: 'path';
  readonly qualifier: string | undefined;
  readonly name: string;
}

export interface WqlText extends Located {
  readonly kind: 'text';
  readonly value: string;
}

export interface WqlInteger extends Located {
  readonly kind: 'integer';
  readonly value: number;
}

export interface WqlFlag extends Located {
  readonly kind: 'flag';
  readonly value: boolean;
}

/** `GetDate()`, with what is added to it, innermost first. */
export interface WqlRunTime extends Located {
  readonly kind: 'run-time';
  readonly shifts: readonly { readonly unit: TimeUnit; readonly amount: number }[];
}

export interface WqlDateDifference extends Located {
  readonly kind: 'date-difference';
  readonly unit: TimeUnit;
  readonly from: WqlTimeOperand;
  readonly to: WqlTimeOperand;
}

export type WqlValue = WqlText | WqlInteger | WqlFlag;
export type WqlTimeOperand = WqlPath | WqlText | WqlRunTime;
export type WqlOperand = WqlPath | WqlValue | WqlRunTime | WqlDateDifference;

export type WqlCondition =
  | { readonly kind: 'and' | 'or'; readonly conditions: readonly WqlCondition[] }
  | { readonly kind: 'not'; readonly condition: WqlCondition }
  | (Located & {
      readonly kind: 'compare';
      readonly operator: ComparisonOperator;
      readonly left: WqlOperand;
      readonly right: WqlOperand;
    })
  | {
      readonly kind: 'like';
      readonly negated: boolean;
      readonly property: WqlPath;
      /** As written, with `%`, `_` and sets. */
      readonly pattern: WqlText;
    }
  | {
      readonly kind: 'in-list';
      readonly negated: boolean;
      readonly property: WqlPath;
      readonly values: readonly WqlValue[];
    }
  | {
      readonly kind: 'in-query';
      readonly negated: boolean;
      readonly property: WqlPath;
      readonly query: WqlQuery;
    }
  | { readonly kind: 'is-null'; readonly negated: boolean; readonly property: WqlPath };

/** `SMS_R_System as S`. */
export interface WqlSource extends Located {
  readonly className: string;
  readonly alias: string | undefined;
}

export interface WqlJoin extends WqlSource {
  readonly kind: 'inner' | 'left';
  /** Pairs of keys that must be equal. */
  readonly on: readonly { readonly left: WqlPath; readonly right: WqlPath }[];
}

/** `*`, `SMS_R_System.*` or a property. */
export type WqlSelected =
  WqlPath | (Located & { readonly kind: 'all'; readonly qualifier: string | undefined });

/** A query as it is written; names are not checked yet. */
export interface WqlQuery {
  readonly distinct: boolean;
  readonly select: readonly WqlSelected[];
  readonly from: WqlSource;
  readonly joins: readonly WqlJoin[];
  readonly where: WqlCondition | undefined;
}
