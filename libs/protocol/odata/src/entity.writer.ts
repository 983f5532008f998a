import type { EntityModel, EntityProperty, ServiceRoute } from './entity.model.js';
import type { ODataObject, ServiceContext } from './envelope.js';
import { JsonBytes } from './json-bytes.js';
import { ObjectParts, type Piece, type RowWriter } from './object-parts.js';
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

/** Likely size of an entity. */
const ENTITY_BYTES = 2_048;

/** One entity as AdminService writes it. For many rows of a class: {@link entityWriter}. */
export function entityOf<Row extends object>(
  entity: EntityModel<Row>,
  row: Row,
  options: EntityOptions,
): ODataObject {
  const out = new JsonBytes(ENTITY_BYTES);
  entityWriter(entity, options)(row, out);
  return JSON.parse(out.toBuffer().toString()) as ODataObject;
}

/**
 * A writer for rows of one class. What does not depend on the row, names included, is put together once: a row then is
 * its values with finished JSON between them.
 */
export function entityWriter<Row extends object>(
  entity: EntityModel<Row>,
  { context, route, lazy = false, select }: EntityOptions,
): RowWriter<Row> {
  const selected = select === undefined ? undefined : new Set(select.properties.map(({ name }) => name));
  const shown = entity.properties
    .filter(({ name, isLazy }) => (lazy || isLazy !== true) && (selected?.has(name) ?? true))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const keys = entity.keys.map((key): Key<Row> => ({
    name: key,
    valueIn: convertedBy(keyProperty(entity, key)),
  }));
  const isWmi = route === 'wmi';
  const isWhole = isWmi && selected === undefined;
  const parts = new ObjectParts<Row>();
  if (isWmi) parts.writtenBetween('@odata.etag', etagPieces(keys));
  if (isWhole) parts.fixed(systemBefore(entity));
  for (const property of shown) {
    if (property.isNothing === true)
      parts.fixed({ [property.name]: property.isCollection === true ? [] : null });
    else parts.written(property.name, valueWriter(property));
  }
  if (isWhole) systemAfter(entity, { context, keys, parts });
  return parts.finished();
}

interface Key<Row> {
  readonly name: string;
  readonly valueIn: (row: Row) => unknown;
}

/** The value as it is stored, or as the property makes it. */
function readerOf<Row extends object>(property: EntityProperty<Row>): (row: Row) => unknown {
  const { source, elements } = property;
  if (property.read !== undefined) return (row) => property.read?.(row);
  const column = source?.column ?? (elements?.kind === 'column' ? elements.property.column : undefined);
  if (column === undefined) return () => null;
  return (row) => (row as Readonly<Record<string, unknown>>)[column];
}

const converterOf = <Row>({ type }: EntityProperty<Row>): ((value: unknown) => unknown) =>
  CONVERTERS.get(type) ?? ((value) => value);

function convertedBy<Row extends object>(property: EntityProperty<Row>): (row: Row) => unknown {
  const valueIn = readerOf(property);
  const convert = CONVERTERS.get(property.type);
  return convert === undefined ? valueIn : (row) => convert(valueIn(row));
}

function valueWriter<Row extends object>(property: EntityProperty<Row>): RowWriter<Row> {
  if (property.isCollection !== true) {
    const valueIn = convertedBy(property);
    return (row, out) => out.value(valueIn(row));
  }
  const valueIn = readerOf(property);
  const convert = converterOf(property);
  return (row, out) => {
    const value = valueIn(row) ?? [];
    const items = Array.isArray(value) ? (value as unknown[]) : [value];
    out.raw(OPEN);
    for (let i = 0; i < items.length; i++) {
      if (i > 0) out.raw(COMMA);
      out.value(convert(items[i]));
    }
    out.raw(CLOSE);
  };
}

const OPEN = Buffer.from('[');
const CLOSE = Buffer.from(']');
const COMMA = Buffer.from(',');

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

/** In the order of WMI. */
function systemAfter<Row>(
  { name, superclass = BASE_CLASS, properties }: EntityModel<Row>,
  { context, keys, parts }: { context: ServiceContext; keys: readonly Key<Row>[]; parts: ObjectParts<Row> },
): void {
  const namespace = namespaceOf(context);
  parts.fixed({ __GENUS: 2, __CLASS: name, __SUPERCLASS: superclass, __DYNASTY: BASE_CLASS });
  parts.writtenBetween('__RELPATH', pathPieces(`${name}.`, keys));
  parts.fixed({
    __PROPERTY_COUNT: properties.length,
    __DERIVATION: [...new Set([superclass, BASE_CLASS])],
    __SERVER: context.server,
    __NAMESPACE: namespace,
  });
  parts.writtenBetween('__PATH', pathPieces(`\\\\${context.server}\\${namespace}:${name}.`, keys));
}

const namespaceOf = ({ siteCode }: ServiceContext): string => `root\\sms\\site_${siteCode}`;

/** `SMS_Collection.CollectionID="ABC00200"` */
const pathPieces = <Row>(start: string, keys: readonly Key<Row>[]): Piece<Row>[] =>
  keys.map(({ name, valueIn }, index) => ({
    before: `${index === 0 ? start : ','}${name}=`,
    write: (row, out) => {
      const value = valueIn(row);
      out.inside(
        typeof value === 'number' ? String(value) : `"${String(value).replaceAll(/["\\]/g, '\\$&')}"`,
      );
    },
  }));

const etagPieces = <Row>(keys: readonly Key<Row>[]): Piece<Row>[] =>
  keys.map(({ valueIn }, index) => ({
    before: index === 0 ? '' : ';',
    write: (row, out) => out.inside(String(valueIn(row))),
  }));

function keyProperty<Row>({ name, properties }: EntityModel<Row>, key: string): EntityProperty<Row> {
  const property = properties.find((candidate) => candidate.name === key);
  if (property === undefined) throw new TypeError(`${name} has no property ${key}`);
  return property;
}
