import {
  FilterReader,
  findProperty,
  type ClassModel,
  type Place,
  type PropertyModel,
} from '@espalier/conditions';
import { filterExpressions } from './filter.language.js';
import { unknownField } from './operand.parser.js';

/** One field of an order. */
export interface OrderField {
  readonly property: PropertyModel;
  readonly descending: boolean;
}

const FIELD_LIMIT = 5;

/** Reads `name desc, joinedAt`, in any case. Throws FilterError. */
export function parseOrderBy(text: string, model: ClassModel): OrderField[] {
  const tokens: FilterReader<Place> = new FilterReader(text, filterExpressions);
  const fields: OrderField[] = [];
  do {
    const { kind, value } = tokens.next;
    if (kind !== 'word') return tokens.fail('Here the name of a field is expected.');
    const property = findProperty(model, value);
    if (property === undefined) return tokens.fail(unknownField(model, value));
    if (fields.some((field) => field.property === property)) tokens.fail(`${property.name} comes twice.`);
    if (fields.length === FIELD_LIMIT) tokens.fail(`An order has at most ${FIELD_LIMIT} fields.`);
    tokens.take();
    fields.push({ property, descending: tokens.isDescending() });
  } while (tokens.skipSymbol(','));
  tokens.expectEnd('"desc", a comma');
  return fields;
}
