import { findNamed } from '@espalier/conditions';
import type { OrderField } from '@espalier/filter-expression';
import { lookUpProperty, unknown } from './entity.lookup.js';
import type { EntityModel, EntityProperty, NavigationModel } from './entity.model.js';
import { odataLimits } from './limits.js';
import { ODataError } from './odata.error.js';
import { TokenReader } from './token.reader.js';

/** What `$select` asks for. */
export interface Selection {
  /** In the order of the model; key properties are always among them. */
  readonly properties: readonly EntityProperty[];
  readonly navigations: readonly NavigationModel[];
}

/** Reads a decoded `$select`; undefined where it asks for everything. Throws ODataError. */
export function parseSelect(text: string, entity: EntityModel): Selection | undefined {
  const names = parseNames(text, '$select');
  if (names.some(({ name }) => name === '*')) return undefined;
  const selected = new Set(entity.keys.map((key) => key.toLowerCase()));
  const navigations = new Set<NavigationModel>();
  for (const { name, at } of names) {
    const navigation = findNamed(entity.navigations ?? NONE, name);
    if (navigation === undefined) selected.add(lookUpProperty(entity, name, at).name.toLowerCase());
    else navigations.add(navigation);
  }
  const properties = entity.properties.filter(({ name }) => selected.has(name.toLowerCase()));
  return { properties, navigations: [...navigations] };
}

/** Reads a decoded `$expand`: `*` or names of navigations. Throws ODataError. */
export function parseExpand(text: string, entity: EntityModel): NavigationModel[] {
  const known = entity.navigations ?? NONE;
  const found = parseNames(text, '$expand').flatMap(({ name, at }) =>
    name === '*'
      ? known
      : [findNamed(known, name) ?? unknown(400, `navigation of ${entity.name}`, name, known, at)],
  );
  return [...new Set(found)];
}

/** Reads a decoded `$orderby`: `Name desc,ResourceId`, in any case. Throws ODataError. */
export function parseOrder(text: string, entity: EntityModel): OrderField[] {
  const tokens: TokenReader = new TokenReader(text);
  const fields: OrderField[] = [];
  do {
    const { kind, value, at } = tokens.next;
    if (kind !== 'word' || tokens.isBefore('(')) tokens.fail('Here the name of a property is expected.');
    const { name, source, isCollection } = lookUpProperty(entity, value, at);
    if (source === undefined || isCollection === true) tokens.fail(`${name} cannot be ordered by.`);
    if (fields.some(({ property }) => property.name === name)) tokens.fail(`${name} comes twice.`);
    if (fields.length === odataLimits.orderFields) {
      tokens.fail(`An order has at most ${odataLimits.orderFields} properties.`);
    }
    tokens.take();
    fields.push({ property: { ...source, name }, descending: tokens.isDescending() });
  } while (tokens.skipSymbol(','));
  tokens.expectEnd('"desc", a comma');
  return fields;
}

const NONE: readonly NavigationModel[] = [];

/** Names between commas; options of an expanded entity are refused rather than forgotten. */
function parseNames(text: string, option: string): { readonly name: string; readonly at: number }[] {
  const [nested] = NESTED.exec(text) ?? [];
  if (nested !== undefined) throw namesOnly(option, nested);
  const tokens: TokenReader = new TokenReader(text);
  const names = [];
  do {
    const { kind, value, at } = tokens.next;
    if (kind !== 'word' && !tokens.isSymbol('*')) tokens.fail('Here a name is expected.');
    tokens.take();
    if (tokens.isSymbol('(') || tokens.isSymbol('/')) throw namesOnly(option, value);
    names.push({ name: value, at });
    if (names.length > odataLimits.names)
      throw new ODataError(400, `${option} takes at most ${odataLimits.names} names.`);
  } while (tokens.skipSymbol(','));
  tokens.expectEnd('a comma');
  return names;
}

/** A name before options of its own, which other readers take for names: `Collection($select=Name)`. */
const NESTED = /[A-Za-z_]\w{0,127}(?=\s*\(\s*\$)/;

const namesOnly = (option: string, name: string): ODataError =>
  new ODataError(501, `${option} takes names only: nothing can be asked about what is inside of ${name}.`);
