import type { EntityModel, EntityProperty, ServiceRoute } from './entity.model.js';
import type { ODataObject, ServiceContext } from './envelope.js';
import type { Selection } from './selection.parser.js';
import { timeText } from './time-text.js';

/** How entities are written. */
export interface EntityOptions {
  readonly context: ServiceContext;
  /** Entities of `wmi` carry `__CLASS` and its like, unless properties are selected. */
  readonly route: ServiceRoute;
  /** True where lazy properties belong to it: one entity that was got by its key. Default: false. */
  readonly lazy?: boolean;
  readonly select?: Selection | undefined;
}

/** One entity as AdminService writes it. For many rows of a class: {@link entityWriter}. */
export const entityOf = <Row extends object>(
  entity: EntityModel<Row>,
  row: Row,
  options: EntityOptions,
): ODataObject => entityWriter(entity, options)(row);

/** A writer for many rows of one class: what does not depend on the row is worked out once. */
export function entityWriter<Row extends object>(
  entity: EntityModel<Row>,
  { context, route, lazy = false, select }: EntityOptions,
): (row: Row) => ODataObject {
  const selected = select === undefined ? undefined : new Set(select.properties.map(({ name }) => name));
  const shown = entity.properties
    .filter(({ name, isLazy }) => selected?.has(name) ?? (lazy || isLazy !== true))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const told = shown.filter(({ isNothing }) => isNothing !== true);
  const plain = told.filter(isPlain).map(({ name, source }) => ({ name, column: source.column }));
  const columns = told.filter((property) => !isPlain(property)).map(columnOf);
  const keys = entity.keys.map((key) => columnOf(keyProperty(entity, key)));
  const isWmi = route === 'wmi';
  const isWhole = isWmi && selected === undefined;
  const template = templateOf({
    ...(isWmi && { '@odata.etag': '' }),
    ...(isWhole && systemBefore(entity)),
    ...Object.fromEntries(shown.map(({ name, isCollection }) => [name, isCollection === true ? [] : null])),
    ...(isWhole && systemAfter(entity, context)),
  });
  const place = `\\\\${context.server}\\${namespaceOf(context)}:`;
  return (row) => {
    const object = { ...template };
    const values = row as Readonly<Record<string, unknown>>;
    for (const { name, column } of plain) object[name] = values[column] ?? null;
    for (const { name, valueIn } of columns) object[name] = valueIn(row);
    if (isWmi) object['@odata.etag'] = keys.map(({ valueIn }) => String(valueIn(row))).join(';');
    if (isWhole) {
      const path = relativePath(entity.name, keys, row);
      object['__RELPATH'] = path;
      object['__PATH'] = `${place}${path}`;
    }
    return object;
  };
}

/**
 * An object with all keys in their order. Copies of it are several times as fast as objects that get their keys one by
 * one, which V8 makes dictionaries; what JSON.parse gives is none.
 */
const templateOf = (keys: ODataObject): Record<string, unknown> =>
  JSON.parse(JSON.stringify(keys)) as Record<string, unknown>;

/** True where a property is written as it is stored; most are. */
const isPlain = <Row>(
  property: EntityProperty<Row>,
): property is EntityProperty<Row> & Required<Pick<EntityProperty<Row>, 'source'>> =>
  property.isCollection !== true &&
  property.read === undefined &&
  property.source !== undefined &&
  !CONVERTERS.has(property.type);

interface Column<Row> {
  readonly name: string;
  readonly valueIn: (row: Row) => unknown;
}

function columnOf<Row extends object>(property: EntityProperty<Row>): Column<Row> {
  const { name, isCollection, source, elements } = property;
  const convert = CONVERTERS.get(property.type);
  const column = source?.column ?? (elements?.kind === 'column' ? elements.property.column : undefined);
  const read = (row: Row): unknown => {
    if (property.read !== undefined) return property.read(row);
    return column === undefined ? undefined : (row as Readonly<Record<string, unknown>>)[column];
  };
  const converted = (value: unknown): unknown => (convert === undefined ? value : convert(value)) ?? null;
  if (isCollection !== true) return { name, valueIn: (row) => converted(read(row) ?? null) };
  return {
    name,
    valueIn: (row) => {
      const value = read(row) ?? [];
      return (Array.isArray(value) ? (value as unknown[]) : [value]).map(converted);
    },
  };
}

/** What is stored in another form than it is written in. */
const CONVERTERS: ReadonlyMap<EntityProperty['type'], (value: unknown) => unknown> = new Map<
  EntityProperty['type'],
  (value: unknown) => unknown
>([
  ['Edm.DateTimeOffset', (value) => (typeof value === 'number' ? timeText(value) : value)],
  ['Edm.Boolean', (value) => (typeof value === 'number' ? value !== 0 : value)],
  ['Edm.Int32', (value) => (typeof value === 'boolean' ? Number(value) : value)],
]);

const BASE_CLASS = 'SMS_BaseClass';

const systemBefore = ({ properties }: EntityModel): ODataObject => ({
  __LAZYPROPERTIES: properties
    .filter(({ isLazy }) => isLazy === true)
    .map(({ name }) => name)
    .sort(),
  __QUALIFIER_SECURITYVERBS: -1,
});

/** In the order of WMI; paths, which depend on the row, have their place in it. */
const systemAfter = (
  { name, superclass = BASE_CLASS, properties }: EntityModel,
  context: ServiceContext,
): ODataObject => ({
  __GENUS: 2,
  __CLASS: name,
  __SUPERCLASS: superclass,
  __DYNASTY: BASE_CLASS,
  __RELPATH: '',
  __PROPERTY_COUNT: properties.length,
  __DERIVATION: [...new Set([superclass, BASE_CLASS])],
  __SERVER: context.server,
  __NAMESPACE: namespaceOf(context),
  __PATH: '',
});

const namespaceOf = ({ siteCode }: ServiceContext): string => `root\\sms\\site_${siteCode}`;

/** `SMS_Collection.CollectionID="ABC00200"` */
function relativePath<Row>(name: string, keys: readonly Column<Row>[], row: Row): string {
  const values = keys.map((key) => {
    const value = key.valueIn(row);
    return `${key.name}=${typeof value === 'number' ? value : `"${String(value).replaceAll(/["\\]/g, '\\$&')}"`}`;
  });
  return `${name}.${values.join(',')}`;
}

function keyProperty<Row>({ name, properties }: EntityModel<Row>, key: string): EntityProperty<Row> {
  const property = properties.find((candidate) => candidate.name === key);
  if (property === undefined) throw new TypeError(`${name} has no property ${key}`);
  return property;
}
