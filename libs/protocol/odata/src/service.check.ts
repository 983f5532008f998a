import type { ComplexTypeModel, EntityModel, ServiceModel, TypedName } from './entity.model.js';

/**
 * Throws TypeError where a model names a type or a key that it does not have, or has a name twice: its metadata would be
 * no CSDL, and callers, who write names in any case, would not get what they asked for.
 */
export function checkService({ entities, complexTypes = [] }: ServiceModel): void {
  const types = [...entities, ...complexTypes];
  distinct('the service', types);
  const known = new Set(types.map(({ name }) => name));
  for (const name of [...complexTypes.flatMap(namedByType), ...entities.flatMap(namedByEntity)]) {
    if (!known.has(name)) throw new TypeError(`The service has no type ${name}`);
  }
  for (const { name, keys, properties, navigations = [] } of entities) {
    distinct(name, [...properties, ...navigations]);
    const names = new Set(properties.map((property) => property.name));
    if (keys.length === 0 || keys.some((key) => !names.has(key))) throw new TypeError(`${name} has no key`);
  }
}

function distinct(owner: string, items: readonly { readonly name: string }[]): void {
  const names = items.map(({ name }) => name.toLowerCase());
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new TypeError(`${owner} has ${twice} twice`);
}

const namedBy = ({ type }: Omit<TypedName, 'name'>): string[] =>
  typeof type === 'string' ? [] : [type.complex];

const namedByType = ({ base, properties }: ComplexTypeModel): string[] => [
  ...(base === undefined ? [] : [base]),
  ...properties.flatMap(namedBy),
];

const namedByEntity = ({ properties, navigations = [], methods = [] }: EntityModel): string[] => [
  ...properties.flatMap(namedBy),
  ...navigations.map(({ target }) => target),
  ...methods.flatMap(({ parameters, returns }) => [
    ...parameters.flatMap(namedBy),
    ...(returns === undefined ? [] : namedBy(returns)),
  ]),
];
