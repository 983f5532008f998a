import type { EdmType, ServiceModel, TypedName } from './entity.model.js';

/**
 * A body as the model spells it: names of properties and parameters count in any letter case, as everywhere in
 * AdminService (sccm.md §1.1). What the model does not have stays as it is, and so does what is there twice: the exact
 * spelling is the one that counts.
 * @param items what the body may have
 */
export function withModelNames(
  body: Readonly<Record<string, unknown>>,
  items: readonly TypedName[],
  service: ServiceModel,
): Readonly<Record<string, unknown>> {
  const known = new Map(items.map((item) => [item.name.toLowerCase(), item]));
  const spelt = Object.entries(body).map(([name, value]): [string, unknown] => {
    const item = known.get(name.toLowerCase());
    if (item === undefined) return [name, value];
    const isOther = item.name !== name && Object.hasOwn(body, item.name);
    return [isOther ? name : item.name, valueOf(value, item.type, service)];
  });
  return Object.fromEntries(spelt);
}

function valueOf(value: unknown, type: EdmType, service: ServiceModel): unknown {
  if (typeof type === 'string' || typeof value !== 'object' || value === null) return value;
  const items = propertiesOf(type.complex, service);
  if (items.length === 0) return value;
  const one = (item: unknown): unknown =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? withModelNames(item as Readonly<Record<string, unknown>>, items, service)
      : item;
  return Array.isArray(value) ? value.map(one) : one(value);
}

/** Those of the type and of the types that extend it: which of them it is stands in the body. */
const propertiesOf = (name: string, { complexTypes = [] }: ServiceModel): TypedName[] =>
  complexTypes
    .filter((type) => type.name === name || type.base === name)
    .flatMap(({ properties }) => properties);
