import {
  compareTexts,
  foldText,
  literalFor,
  type FilterOperator,
  type GivenValue,
  type PropertyModel,
} from '@espalier/conditions';
import { lookUpProperty } from './entity.lookup.js';
import type { EntityModel } from './entity.model.js';
import type { FilterExpression, FilterOperand } from './filter.ast.js';
import { ODataError } from './odata.error.js';

/** Values of one entity by the names of its properties: texts, numbers, booleans or 0 and 1, epoch ms, arrays of them. */
export type EntityValues = Readonly<Record<string, unknown>>;

/**
 * What a filter that `bindFilter` takes says of one entity in memory: true where the entity is listed. The plainest
 * reading of the filter itself, against which databases are tested; also serves classes that have no table. `now` is
 * epoch ms. Throws ODataError for some filters that `bindFilter` refuses.
 */
export const evaluateFilter = (
  filter: FilterExpression,
  entity: EntityModel,
  values: EntityValues,
  now: number,
): boolean => truthOf(filter, { entity, values, now }) === true;

interface World {
  readonly entity: EntityModel;
  readonly values: EntityValues;
  readonly now: number;
  readonly variable?: { readonly name: string; readonly model: PropertyModel; readonly value: unknown };
}

/** Null is unknown: what is asked about is missing. */
type Truth = boolean | null;
/** A value in the form in which it is compared. */
type Scalar = string | number | null;

function truthOf(filter: FilterExpression, world: World): Truth {
  switch (filter.kind) {
    case 'and':
      return not(anyOf(filter.parts.map((part) => not(truthOf(part, world)))));
    case 'or':
      return anyOf(filter.parts.map((part) => truthOf(part, world)));
    case 'not':
      return not(truthOf(filter.part, world));
    case 'compare':
      return compare(filter.left, filter.operator, filter.right, world);
    case 'affix': {
      const [text, sought] = sides(filter.text, filter.sought, world);
      if (text === null || sought === null) return null;
      const [whole, piece] = [String(text), String(sought)];
      if (filter.function === 'contains') return whole.includes(piece);
      return filter.function === 'startswith' ? whole.startsWith(piece) : whole.endsWith(piece);
    }
    case 'in':
      return anyOf(filter.values.map((value) => compare(filter.operand, 'eq', value, world)));
    case 'truth': {
      const value = valueOfName(filter.name, filter.at, world);
      return value === null ? null : value === 1;
    }
    case 'lambda':
      return quantified(filter, world);
  }
}

function quantified(
  { name, at, quantifier, variable, condition }: FilterExpression & { kind: 'lambda' },
  world: World,
): Truth {
  const property = lookUpProperty(world.entity, name, at);
  const model = property.elements?.property;
  const list = world.values[property.name];
  if (model === undefined) throw new ODataError(400, `${property.name} cannot be asked for in a filter.`, at);
  const elements = (Array.isArray(list) ? list : []).filter((value: unknown) => value !== null);
  if (condition === undefined || variable === undefined) return elements.length > 0;
  const truths = elements.map((value: unknown) =>
    truthOf(condition, { ...world, variable: { name: variable, model, value } }),
  );
  return quantifier === 'any' ? truths.includes(true) : !truths.includes(false);
}

const not = (truth: Truth): Truth => (truth === null ? null : !truth);

function anyOf(truths: readonly Truth[]): Truth {
  if (truths.includes(true)) return true;
  return truths.includes(null) ? null : false;
}

function compare(left: FilterOperand, operator: FilterOperator, right: FilterOperand, world: World): Truth {
  const [one, other] = sides(left, right, world);
  if (left.kind === 'null' || right.kind === 'null') {
    const isNull = one === null && other === null;
    return operator === 'eq' ? isNull : !isNull;
  }
  if (one === null || other === null) return null;
  const order = typeof one === 'number' ? one - Number(other) : compareTexts(one, String(other));
  return { eq: order === 0, ne: order !== 0, lt: order < 0, le: order <= 0, gt: order > 0, ge: order >= 0 }[
    operator
  ];
}

/** Both sides; what is a value takes the type of the other side. */
function sides(left: FilterOperand, right: FilterOperand, world: World): [Scalar, Scalar] {
  const model = modelOf(left, world) ?? modelOf(right, world);
  if (model === undefined) throw new ODataError(400, 'A comparison needs a property on one side.', left.at);
  return [valueOf(left, model, world), valueOf(right, model, world)];
}

function modelOf(operand: FilterOperand, world: World): PropertyModel | undefined {
  if (operand.kind === 'case') return modelOf(operand.operand, world);
  return operand.kind === 'name' ? named(operand.name, operand.at, world).model : undefined;
}

function named(
  name: string,
  at: number,
  { entity, values, variable }: World,
): { model: PropertyModel; value: unknown } {
  if (variable !== undefined && name.toLowerCase() === variable.name.toLowerCase()) return variable;
  const property = lookUpProperty(entity, name, at);
  if (property.source !== undefined) return { model: property.source, value: values[property.name] };
  throw new ODataError(400, `${property.name} cannot be asked for in a filter.`, at);
}

function valueOf(operand: FilterOperand, model: PropertyModel, world: World): Scalar {
  switch (operand.kind) {
    case 'name':
      return valueOfName(operand.name, operand.at, world);
    case 'case': {
      if (operand.operand.kind !== 'text') return valueOf(operand.operand, model, world);
      const { value } = operand.operand;
      const changed = operand.function === 'tolower' ? value.toLowerCase() : value.toUpperCase();
      return typed({ kind: 'text', value: changed }, model, operand.at);
    }
    case 'null':
      return null;
    case 'now':
      return world.now;
    case 'text':
    case 'flag':
      return typed(operand, model, operand.at);
    case 'time':
      return typed({ kind: 'text', value: operand.value }, model, operand.at);
    case 'number':
      return typed({ kind: 'integer', value: operand.value }, model, operand.at);
  }
}

function valueOfName(name: string, at: number, world: World): Scalar {
  const { model, value } = named(name, at, world);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string') return model.foldedColumn === undefined ? value : foldText(value);
  return typeof value === 'number' ? value : null;
}

const typed = (given: GivenValue, model: PropertyModel, at: number): Scalar =>
  literalFor(model, given, (text) => {
    throw new ODataError(400, text, at);
  }).value;
