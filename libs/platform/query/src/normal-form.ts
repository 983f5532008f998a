import type { Condition, Leaf } from '@espalier/conditions';

/**
 * A condition without `not` but at its leaves. There "unknown" and "false" need not be told apart any more, so that
 * no database's way with NULL comes into it.
 */
export type NormalForm =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly NormalForm[] }
  | { readonly kind: 'leaf'; readonly leaf: Leaf; readonly negated: boolean };

/** Moves `not` inwards (De Morgan). */
export function normalForm(condition: Condition, negated = false): NormalForm {
  switch (condition.kind) {
    case 'and':
    case 'or': {
      const kind = (condition.kind === 'and') === negated ? 'or' : 'and';
      return { kind, parts: condition.conditions.map((part) => normalForm(part, negated)) };
    }
    case 'not':
      return normalForm(condition.condition, !negated);
    default:
      return { kind: 'leaf', leaf: condition, negated };
  }
}

/** The conditions that must all be true. */
export const conjuncts = (form: NormalForm): NormalForm[] =>
  form.kind === 'and' ? form.parts.flatMap(conjuncts) : [form];

/** True where the condition is never true of a missing row of that alias, which a left join gives where there is none. */
export function needsRow(form: NormalForm, alias: string): boolean {
  if (form.kind !== 'leaf') {
    const does = (part: NormalForm): boolean => needsRow(part, alias);
    return form.kind === 'and' ? form.parts.some(does) : form.parts.every(does);
  }
  const isAbsence = form.leaf.kind === 'is-null' && !form.negated;
  return !isAbsence && aliasesOf(form).includes(alias);
}

/** Aliases that a condition names; those of its subqueries are their own. */
export function aliasesOf(form: NormalForm): string[] {
  if (form.kind !== 'leaf') return form.parts.flatMap(aliasesOf);
  const { leaf } = form;
  switch (leaf.kind) {
    case 'compare':
      return [leaf.left, leaf.right].flatMap((side) => (side.kind === 'property' ? [side.alias] : []));
    case 'date-difference':
      return [leaf.from, leaf.to].flatMap((side) => (side.kind === 'property' ? [side.alias] : []));
    default:
      return [leaf.property.alias];
  }
}
