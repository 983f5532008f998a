import {
  findNamed,
  isFixedUnit,
  literalFor,
  mirrored,
  type Condition,
  type Constant,
  type Fail,
  type PropertyRef,
  type QueryModel,
  type TypedQuery,
  type TypedSubquery,
} from '@espalier/conditions';
import { parseLikePattern } from './like-pattern.parser.js';
import { failAt, WqlScope } from './wql.scope.js';
import type {
  WqlCondition,
  WqlDateDifference,
  WqlOperand,
  WqlQuery,
  WqlRunTime,
  WqlValue,
} from './wql-query.js';

/** Finds out what the names of a query stand for, and checks types. Throws WqlError. */
export function bindWql(query: WqlQuery, model: QueryModel): TypedQuery {
  const { from } = query;
  const found = findNamed(model.classes, from.className);
  if (found !== undefined && found.name.toLowerCase() !== model.root.toLowerCase()) {
    failAt(from.at, `A rule of this collection selects from ${model.root}; join other classes to it.`);
  }
  return bindSources(query, model, () => undefined).typed;
}

/** `select` finds out what is selected; what it asks for is joined as well. */
function bindSources<T>(
  query: WqlQuery,
  model: QueryModel,
  select: (scope: WqlScope) => T,
): { readonly typed: TypedQuery; readonly selected: T } {
  const scope = new WqlScope(model);
  const root = scope.add(query.from);
  const joins = query.joins.map((join) => scope.addJoin(join));
  for (const selected of query.select) scope.checkSelected(selected);
  const binder = new ConditionBinder(scope, model);
  const where = query.where === undefined ? {} : { where: binder.bind(query.where) };
  const selected = select(scope);
  return { typed: { root, joins: [...joins, ...scope.arrays], ...where }, selected };
}

type Compare = Extract<WqlCondition, { kind: 'compare' }>;

class ConditionBinder {
  constructor(
    private readonly scope: WqlScope,
    private readonly model: QueryModel,
  ) {}

  bind(condition: WqlCondition): Condition {
    switch (condition.kind) {
      case 'and':
      case 'or':
        return { kind: condition.kind, conditions: condition.conditions.map((part) => this.bind(part)) };
      case 'not':
        return { kind: 'not', condition: this.bind(condition.condition) };
      case 'compare':
        return this.comparison(condition);
      case 'like':
        return negated(condition.negated, this.like(condition));
      case 'in-list': {
        const property = this.scope.property(condition.property);
        const values = condition.values.map((value) => literal(property, value));
        return negated(condition.negated, { kind: 'in-list', property, values });
      }
      case 'in-query':
        return negated(condition.negated, this.membership(condition));
      case 'is-null': {
        const property = this.scope.property(condition.property);
        return negated(condition.negated, { kind: 'is-null', property });
      }
    }
  }

  private like({ property: path, pattern }: Extract<WqlCondition, { kind: 'like' }>): Condition {
    const property = this.scope.property(path);
    if (property.property.type !== 'text') {
      failAt(path.at, `${property.property.name} is no text: like is for texts.`);
    }
    const fail: Fail = (problem) => failAt(pattern.at, problem);
    return { kind: 'like', property, pattern: parseLikePattern(property.property, pattern.value, fail) };
  }

  private membership({ property: path, query }: Extract<WqlCondition, { kind: 'in-query' }>): Condition {
    const property = this.scope.property(path);
    const { typed, selected } = bindSources(query, this.model, (scope) => {
      const [first, second] = query.select;
      if (first === undefined || second !== undefined || first.kind !== 'path') {
        return failAt(
          second?.at ?? first?.at ?? path.at,
          'A subquery selects one property, as in "select ResourceId".',
        );
      }
      const select = scope.property(first);
      checkSameForm(property, select, first.at);
      return select;
    });
    const subquery: TypedSubquery = { ...typed, select: selected };
    return { kind: 'in-query', property, query: subquery };
  }

  private comparison(condition: Compare): Condition {
    const { left, right, operator } = condition;
    if (left.kind === 'date-difference') return this.dateDifference(left, condition, right, false);
    if (right.kind === 'date-difference') return this.dateDifference(right, condition, left, true);
    if (left.kind === 'path') {
      const property = this.scope.property(left);
      return { kind: 'compare', operator, left: property, right: this.against(property, right) };
    }
    if (right.kind !== 'path') return failAt(left.at, 'A comparison needs a property on one side.');
    const property = this.scope.property(right);
    return {
      kind: 'compare',
      operator: mirrored[operator],
      left: property,
      right: this.against(property, left),
    };
  }

  private against(
    property: PropertyRef,
    operand: Exclude<WqlOperand, WqlDateDifference>,
  ): PropertyRef | Constant {
    if (operand.kind === 'path') {
      const other = this.scope.property(operand);
      checkSameForm(property, other, operand.at);
      return other;
    }
    if (operand.kind !== 'run-time') return literal(property, operand);
    if (property.property.type === 'time') return runTime(operand);
    return failAt(operand.at, `${property.property.name} is no time.`);
  }

  private dateDifference(
    difference: WqlDateDifference,
    { operator }: Compare,
    other: WqlOperand,
    isMirrored: boolean,
  ): Condition {
    if (other.kind !== 'integer') return failAt(other.at, 'DateDiff is compared with a whole number.');
    const { unit } = difference;
    const [from, to] = [this.time(difference.from), this.time(difference.to)];
    if (from.kind !== 'property' && to.kind !== 'property') {
      failAt(difference.at, 'DateDiff needs a property as one of its times.');
    }
    if (from.kind === 'property' && to.kind === 'property' && !isFixedUnit(unit)) {
      failAt(
        difference.at,
        `Between two properties count weeks, days, hours, minutes or seconds, not ${unit}s.`,
      );
    }
    const stated = isMirrored ? mirrored[operator] : operator;
    return { kind: 'date-difference', unit, from, to, operator: stated, value: other.value };
  }

  private time(operand: WqlDateDifference['from']): PropertyRef | Constant {
    if (operand.kind === 'run-time') return runTime(operand);
    if (operand.kind === 'text') return literal(SOME_TIME, operand);
    const property = this.scope.property(operand);
    if (property.property.type === 'time') return property;
    return failAt(operand.at, `${property.property.name} is no time.`);
  }
}

/** Stands for the property in messages about a time that is compared with none. */
const SOME_TIME: PropertyRef = {
  kind: 'property',
  alias: '',
  property: { name: 'This', type: 'time', column: '' },
};

const negated = (isNegated: boolean, condition: Condition): Condition =>
  isNegated ? { kind: 'not', condition } : condition;

const runTime = ({ shifts }: WqlRunTime): Constant => ({ kind: 'run-time', shifts });

const literal = ({ property }: PropertyRef, value: WqlValue): ReturnType<typeof literalFor> =>
  literalFor(property, value, (problem) => failAt(value.at, problem));

function checkSameForm(one: PropertyRef, other: PropertyRef, at: WqlQuery['from']['at']): void {
  const [a, b] = [one.property, other.property];
  const isExact = (property: typeof a): boolean => property.foldedColumn === undefined;
  if (a.type !== b.type) failAt(at, `${a.name} is ${TYPES[a.type]}, ${b.name} is ${TYPES[b.type]}.`);
  if (a.type === 'text' && isExact(a) !== isExact(b)) {
    failAt(at, `${a.name} and ${b.name} cannot be compared: case counts in one of them only.`);
  }
}

const TYPES = { text: 'a text', integer: 'a whole number', time: 'a time', flag: 'true or false' } as const;
