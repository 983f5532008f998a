import {
  affixPattern,
  comparisonOf,
  compareWith,
  keyProperty,
  literalFor,
  mirrored,
  type Comparand,
  type ComparisonOperator,
  type Condition,
  type Fail,
  type InList,
  type PropertyRef,
} from '@espalier/conditions';
import { FILTER_ALIAS } from '@espalier/filter-expression';
import { lookUpProperty } from './entity.lookup.js';
import type { EntityModel } from './entity.model.js';
import type { FilterExpression, FilterOperand } from './filter.ast.js';
import { ElementScope, EntityScope, problem, type Scope } from './filter.scope.js';

/**
 * Looks up the names of a filter in a model and gives its values their types. The condition names its source
 * `FILTER_ALIAS`; `any` and `all` over rows of another class are subqueries. As in every filter here, what is compared
 * with a missing value is unknown and not listed, also by `ne`: ConfigMgr's own database answers so. Throws ODataError.
 */
export const bindFilter = (filter: FilterExpression, entity: EntityModel): Condition =>
  new Binder(entity, new EntityScope(entity)).bind(filter);

/** Alias of the rows of an array in the condition of `any` or `all`. */
const ELEMENT_ALIAS = 'element';

class Binder {
  constructor(
    private readonly entity: EntityModel,
    private readonly scope: Scope,
  ) {}

  bind(filter: FilterExpression): Condition {
    switch (filter.kind) {
      case 'and':
      case 'or':
        return { kind: filter.kind, conditions: filter.parts.map((part) => this.bind(part)) };
      case 'not':
        return { kind: 'not', condition: this.bind(filter.part) };
      case 'compare':
        return this.comparison(filter.left, comparisonOf[filter.operator], filter.right);
      case 'affix':
        return this.affix(filter);
      case 'in':
        return this.membership(filter);
      case 'truth': {
        const left = this.scope.property(filter.name, filter.at);
        if (left.property.type !== 'flag') {
          throw problem(`${left.property.name} is not true or false: compare it, as in eq.`, filter.at);
        }
        return { kind: 'compare', operator: '=', left, right: { kind: 'literal', type: 'flag', value: 1 } };
      }
      case 'lambda':
        return this.lambda(filter);
    }
  }

  private comparison(left: FilterOperand, operator: ComparisonOperator, right: FilterOperand): Condition {
    const [one, other] = [this.operand(left), this.operand(right)];
    if (one.kind === 'property') return compareWith(one.ref, operator, other, failAt(right.at));
    if (other.kind === 'property') return compareWith(other.ref, mirrored[operator], one, failAt(left.at));
    throw problem('A comparison needs a property on one side.', left.at);
  }

  private affix({ function: name, text, sought }: FilterExpression & { kind: 'affix' }): Condition {
    const [where, what] = [this.operand(text), this.operand(sought)];
    if (where.kind !== 'property' || where.ref.property.type !== 'text') {
      throw problem(`${name} takes a property that is a text, and a text.`, text.at);
    }
    if (what.kind !== 'value' || what.value.kind !== 'text') {
      throw problem(`${name} takes a property that is a text, and a text.`, sought.at);
    }
    const pattern = affixPattern(name, where.ref.property, what.value.value);
    return { kind: 'like', property: where.ref, pattern };
  }

  private membership({ operand, values }: FilterExpression & { kind: 'in' }): Condition {
    const left = this.operand(operand);
    if (left.kind !== 'property') throw problem('Before "in" a property is expected.', operand.at);
    const property = left.ref;
    const literals = values
      .filter(({ kind }) => kind !== 'null')
      .map((value) => {
        const bound = this.operand(value);
        if (bound.kind !== 'value') throw problem('A list holds values.', value.at);
        return literalFor(property.property, bound.value, failAt(value.at));
      });
    const isIn: InList = { kind: 'in-list', property, values: literals };
    if (literals.length === values.length) return isIn;
    const isNull: Condition = { kind: 'is-null', property };
    return literals.length === 0 ? isNull : { kind: 'or', conditions: [isIn, isNull] };
  }

  /** Missing values are no elements, so that `all` is "not any that is not". */
  private lambda({
    name: written,
    quantifier,
    variable,
    condition,
    at,
  }: FilterExpression & { kind: 'lambda' }): Condition {
    if (!(this.scope instanceof EntityScope)) throw problem('Inside of any and all there are no others.', at);
    const { name, isCollection, elements } = lookUpProperty(this.entity, written, at);
    if (isCollection !== true) throw problem(`${name} is no list: compare it itself.`, at);
    if (elements === undefined) throw problem(`${name} cannot be asked for in a filter.`, at);
    const alias = elements.kind === 'column' ? FILTER_ALIAS : ELEMENT_ALIAS;
    const element: PropertyRef = {
      kind: 'property',
      alias,
      property: { ...elements.property, name: variable ?? name },
    };
    const exists: Condition = { kind: 'not', condition: { kind: 'is-null', property: element } };
    const isMet =
      condition === undefined || variable === undefined
        ? undefined
        : new Binder(this.entity, new ElementScope(variable, element)).bind(condition);
    const isAll = quantifier === 'all';
    const sought: Condition =
      isAll && isMet !== undefined ? { kind: 'not', condition: isMet } : (isMet ?? exists);
    const where: Condition = { kind: 'and', conditions: [exists, sought] };
    const any: Condition = elements.kind === 'column' ? where : inRows(this.entity, elements.class, where);
    return isAll ? { kind: 'not', condition: any } : any;
  }

  private operand(operand: FilterOperand): Comparand {
    switch (operand.kind) {
      case 'name':
        return { kind: 'property', ref: this.scope.property(operand.name, operand.at) };
      case 'text':
      case 'flag':
        return { kind: 'value', value: operand };
      case 'time':
        return { kind: 'value', value: { kind: 'text', value: operand.value } };
      case 'number':
        if (!Number.isSafeInteger(operand.value)) throw problem('Numbers are whole here.', operand.at);
        return { kind: 'value', value: { kind: 'integer', value: operand.value } };
      case 'null':
      case 'now':
        return { kind: operand.kind };
      case 'case':
        return this.inOneCase(operand);
    }
  }

  /** Case does not count, so that `tolower(Name)` is `Name`; where it does, a function of it would be another text. */
  private inOneCase(call: FilterOperand & { kind: 'case' }): Comparand {
    const inner = this.operand(call.operand);
    if (inner.kind === 'value' && inner.value.kind === 'text') {
      const { value } = inner.value;
      const changed = call.function === 'tolower' ? value.toLowerCase() : value.toUpperCase();
      return { kind: 'value', value: { kind: 'text', value: changed } };
    }
    if (inner.kind !== 'property' || inner.ref.property.type !== 'text') {
      throw problem(`${call.function} takes a text.`, call.operand.at);
    }
    const { name, foldedColumn } = inner.ref.property;
    if (foldedColumn !== undefined) return inner;
    throw problem(`${name} is compared exactly: leave out ${call.function}.`, call.at);
  }
}

/** The key of the entity is that of a row for which the condition is true. */
function inRows(entity: EntityModel, rows: EntityModel['class'], where: Condition): Condition {
  const key = (alias: string, model: EntityModel['class']): PropertyRef => ({
    kind: 'property',
    alias,
    property: keyProperty(model),
  });
  return {
    kind: 'in-query',
    property: key(FILTER_ALIAS, entity.class),
    query: {
      root: { alias: ELEMENT_ALIAS, class: rows },
      joins: [],
      where,
      select: key(ELEMENT_ALIAS, rows),
    },
  };
}

const failAt =
  (at: number): Fail =>
  (text) => {
    throw problem(text, at);
  };
