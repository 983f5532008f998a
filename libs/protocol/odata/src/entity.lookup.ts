import { findNamed, parseTime, suggestName } from '@espalier/conditions';
import type { EdmType, EntityModel, EntityProperty, MethodModel, ServiceModel } from './entity.model.js';
import { ODataError } from './odata.error.js';
import type { PathArguments, PathKey, PathValue } from './request.target.js';

/** The entity of that name, in any case. Throws ODataError 404 where there is none. */
export function findEntity(service: ServiceModel, name: string): EntityModel {
  const { entities } = service;
  return findNamed(entities, name) ?? unknown(404, 'class', name, entities);
}

/** The method of that name or alias, in any case. Throws ODataError 404 where there is none. */
export function findMethod(entity: EntityModel, name: string, isStatic: boolean): MethodModel {
  const methods = (entity.methods ?? []).filter((method) => (method.isStatic ?? false) === isStatic);
  const wanted = name.toLowerCase();
  return (
    methods.find((method) =>
      [method.name, ...(method.aliases ?? [])].some((known) => known.toLowerCase() === wanted),
    ) ?? unknown(404, `method of ${entity.name}`, name, methods)
  );
}

/** The property of that name, in any case. Throws ODataError 400 where there is none. */
export const lookUpProperty = (entity: EntityModel, name: string, at: number): EntityProperty =>
  findNamed(entity.properties, name) ??
  unknown(400, `property of ${entity.name}`, name, entity.properties, at);

/** Says what there is. */
export function unknown(
  status: 400 | 404,
  kind: string,
  name: string,
  known: readonly { readonly name: string }[],
  at?: number,
): never {
  const shown = name.length > 64 ? `${name.slice(0, 64).toWellFormed()}…` : name;
  const advice =
    known.length === 0
      ? ''
      : ` ${suggestName(
          name,
          known.map((item) => item.name),
        )}`;
  throw new ODataError(status, `There is no ${kind} "${shown}".${advice}`, at);
}

/**
 * Values of the key properties, by their names in the model, texts as written, times as epoch ms. Throws ODataError
 * 400 where they are not those that the entity has.
 */
export function bindKey(key: PathKey, entity: EntityModel): Record<string, string | number | boolean> {
  const { keys } = entity;
  const [only] = keys;
  if (key.kind === 'single') {
    if (only === undefined || keys.length > 1) throw keyProblem(entity);
    return { [only]: keyValue(entity, only, key.value) };
  }
  const given = byLowerName(key.values);
  if (given.size !== keys.length) throw keyProblem(entity);
  return Object.fromEntries(
    keys.map((name) => {
      const value = given.get(name.toLowerCase());
      if (value === undefined) throw keyProblem(entity);
      return [name, keyValue(entity, name, value)];
    }),
  );
}

/** Arguments of a function by the names of its parameters. Throws ODataError 400. */
export function bindArguments(
  given: PathArguments,
  { name, parameters }: MethodModel,
): Record<string, string | number | boolean> {
  const values = byLowerName(given);
  for (const written of given.keys()) {
    if (findNamed(parameters, written) === undefined)
      unknown(400, `parameter of ${name}`, written, parameters);
  }
  return Object.fromEntries(
    parameters.flatMap((parameter) => {
      const value = values.get(parameter.name.toLowerCase());
      if (value !== undefined) return [[parameter.name, typedValue(parameter.name, parameter.type, value)]];
      if (parameter.isOptional === true) return [];
      throw new ODataError(400, `${name} needs ${parameter.name}: write ${name}(${parameter.name}=…).`);
    }),
  );
}

const byLowerName = (values: ReadonlyMap<string, PathValue>): Map<string, PathValue> =>
  new Map([...values].map(([name, value]) => [name.toLowerCase(), value]));

function keyProblem({ name, keys }: EntityModel): ODataError {
  const written = keys.length === 1 ? '…' : keys.map((key) => `${key}=…`).join(',');
  return new ODataError(
    400,
    `${name} is got by its key: ${name}(${written}), where the key is ${keys.join(', ')}.`,
  );
}

function keyValue(entity: EntityModel, name: string, value: PathValue): string | number | boolean {
  const property = findNamed(entity.properties, name);
  if (property === undefined) throw new TypeError(`${entity.name} has no property ${name}`);
  return typedValue(name, property.type, value);
}

function typedValue(name: string, type: EdmType, { kind, value }: PathValue): string | number | boolean {
  const isText = kind === 'text' || kind === 'segment';
  switch (type) {
    case 'Edm.String':
    case 'Edm.Guid':
      if (isText) return value;
      throw new ODataError(400, `${name} is a text: put it in quotes.`);
    case 'Edm.Int32':
    case 'Edm.Int64':
    case 'Edm.Double': {
      const number = isText && /^-?[0-9]{1,16}$/.test(value) ? Number(value) : value;
      if (Number.isSafeInteger(number)) return number;
      throw new ODataError(400, `${name} is a whole number, such as 5.`);
    }
    case 'Edm.Boolean':
      if (kind === 'flag') return value;
      throw new ODataError(400, `${name} is true or false.`);
    case 'Edm.DateTimeOffset': {
      const time = isText ? parseTime(value) : undefined;
      if (time !== undefined) return time;
      throw new ODataError(400, `${name} is a time: write it as in '2026-11-21T10:00:00Z'.`);
    }
    default:
      throw new ODataError(501, `${name} cannot be given in a path.`);
  }
}
