import type { PropertyModel, PropertyType } from '@espalier/conditions';
import type { ApiScope } from '@espalier/contracts';
import type { EdmPrimitive, EdmType, ElementSource, EntityModel, EntityProperty } from '@espalier/odata';
import type { Dialect } from '@espalier/persistence';

/** A row of a class: values by property name, as the class's SELECT gives them. */
export type ClassRow = Record<string, unknown>;

/**
 * What rows of a class are about: who is limited to collections sees those that are in reach. Where a row also tells of
 * a collection, as the one that something was deployed to or ran on, `counts` is the column of it; what it tells then
 * says `IN_REACH`.
 */
export type Subject =
  | { readonly kind: 'device'; readonly column: string; readonly counts?: string }
  | { readonly kind: 'collection'; readonly column: string }
  /** A device in a collection: both must be in reach. */
  | { readonly kind: 'member'; readonly device: string; readonly collection: string }
  /** What everybody may know who has the scope, as the library. */
  | { readonly kind: 'everybody'; readonly counts?: string };

/** Stands in SQL for the condition that the collection of `counts` is in reach of whoever reads it. */
export const IN_REACH = '(in reach)';

/** One column of a class's SELECT. */
export interface SelectColumn {
  /** Of the property. */
  readonly name: string;
  readonly sql: string | ((dialect: Dialect) => string);
  /** The form in which it is compared. */
  readonly foldedSql?: string;
}

/** What reading a class needs; `any`: whoever is known reads it. */
export type ClassScope = ApiScope | 'any';

/** A class as AdminService shows it: what callers see (the OData model), and the SQL over our own tables. */
export interface AdminClass extends EntityModel<ClassRow> {
  readonly scope: ClassScope;
  readonly columns: readonly SelectColumn[];
  /** Names of the columns that the value of a property is made of, by the name of the property. */
  readonly reads: ReadonlyMap<string, readonly string[]>;
  /** FROM clause, and what always holds. */
  readonly from: string;
  readonly where?: string;
  readonly subject: Subject;
}

/** A property with its columns, as the functions below make it. */
export interface PropertySpec {
  readonly property: EntityProperty<ClassRow>;
  readonly columns?: readonly SelectColumn[];
  /** Names of the columns that its value is made of. Default: its own columns. */
  readonly reads?: readonly string[];
}

interface ClassSpec extends Omit<EntityModel<ClassRow>, 'class' | 'properties'> {
  readonly scope: ClassScope;
  readonly from: string;
  readonly where?: string;
  readonly subject: Subject;
  readonly properties: readonly PropertySpec[];
  /** Property that ties rows of arrays to a row; default: the first key. */
  readonly keyColumn?: string;
}

/** Properties stand in the order of the alphabet, as in answers of the SMS provider. */
export function defineClass(spec: ClassSpec): AdminClass {
  const { properties: given, keyColumn = spec.keys[0] ?? '', ...rest } = spec;
  const specs = given.toSorted((a, b) => (a.property.name < b.property.name ? -1 : 1));
  const properties = specs.map(({ property }) => property);
  return {
    ...rest,
    properties,
    columns: specs.flatMap(({ columns = [] }) => columns),
    reads: new Map(
      specs.map(({ property, columns = [], reads }) => [
        property.name,
        reads ?? columns.map((column) => column.name),
      ]),
    ),
    class: {
      name: spec.name,
      table: spec.name,
      keyColumn,
      single: true,
      properties: properties.flatMap(({ source }) => source ?? []),
    },
  };
}

const sourceOf = (name: string, type: PropertyType, isFolded: boolean): PropertyModel => ({
  name,
  type,
  column: name,
  ...(isFolded && { foldedColumn: foldedName(name) }),
});

/** Alias of the folded form in the SELECT. */
export const foldedName = (name: string): string => `${name}_folded`;

function property(
  name: string,
  edm: EdmPrimitive,
  type: PropertyType,
  sql: string,
  foldedSql?: string,
): PropertySpec {
  return {
    property: { name, type: edm, source: sourceOf(name, type, foldedSql !== undefined) },
    columns: [{ name, sql, ...(foldedSql !== undefined && { foldedSql }) }],
  };
}

/** A text that is compared letter by letter, unless its folded form is told. */
export const text = (name: string, sql: string, foldedSql?: string): PropertySpec =>
  property(name, 'Edm.String', 'text', sql, foldedSql);
/** A text whose column has a folded one beside it. */
export const folded = (name: string, sql: string): PropertySpec => text(name, sql, `${sql}_folded`);
/** A text that is lower case as it is. */
export const word = (name: string, sql: string): PropertySpec => text(name, sql, sql);
export const integer = (name: string, sql: string): PropertySpec =>
  property(name, 'Edm.Int32', 'integer', sql);
export const long = (name: string, sql: string): PropertySpec => property(name, 'Edm.Int64', 'integer', sql);
/** A flag of ours that ConfigMgr has as a number. */
export const number01 = (name: string, sql: string): PropertySpec => property(name, 'Edm.Int32', 'flag', sql);
export const flag = (name: string, sql: string): PropertySpec => property(name, 'Edm.Boolean', 'flag', sql);
export const time = (name: string, sql: string): PropertySpec =>
  property(name, 'Edm.DateTimeOffset', 'time', sql);

/** Of no row: what only filters and orders ask. */
const nothing = (spec: PropertySpec): PropertySpec => ({
  ...spec,
  property: { ...spec.property, isNothing: true },
  reads: [],
});
/** Of all rows the same: its column is there for filters and orders only. */
export const always = (spec: PropertySpec, value: number): PropertySpec => ({
  ...spec,
  property: { ...spec.property, read: () => value },
  reads: [],
});
/** NULL of the right type on every database. */
const NULLS = { text: "NULLIF('', '')", integer: 'NULLIF(0, 0)' } as const;
/** Properties that scripts ask for and that Apple devices have nothing for. */
export const noText = (...names: readonly string[]): PropertySpec[] =>
  names.map((name) => nothing(text(name, NULLS.text)));
export const noNumber = (...names: readonly string[]): PropertySpec[] =>
  names.map((name) => nothing(integer(name, NULLS.integer)));
export const noTime = (...names: readonly string[]): PropertySpec[] =>
  names.map((name) => nothing(time(name, NULLS.integer)));

/** What is made of other properties' columns, and can neither be filtered nor ordered by. */
export const derived = (
  name: string,
  type: EdmType,
  reads: readonly string[],
  read: (row: ClassRow) => unknown,
): PropertySpec => ({ property: { name, type, read }, reads });
/** Put into the row by a `LazyReader`, and only there where one object is got by its key. */
export const lazy = (name: string, type: EdmType, isCollection = false): PropertySpec => ({
  property: { name, type, isLazy: true, isCollection, read: (row) => row[name] },
});
/**
 * An array of texts that holds the value of one column, where there is one.
 * @param shown where the rows have that value anyway: under the name of which column
 */
export const texts = (
  name: string,
  of: { readonly sql: string; readonly foldedSql?: string },
  shown = name,
): PropertySpec => {
  const element = sourceOf(name, 'text', of.foldedSql !== undefined);
  return {
    property: {
      name,
      type: 'Edm.String',
      isCollection: true,
      elements: { kind: 'column', property: element },
      read: (row) => (row[shown] === null || row[shown] === undefined ? [] : [row[shown]]),
    },
    columns: [{ name, ...of }],
    ...(shown !== name && { reads: [shown] }),
  };
};
/** Arrays that scripts ask for and that Apple devices have nothing for. */
export const noTexts = (...names: readonly string[]): PropertySpec[] =>
  names.map((name) => nothing(texts(name, { sql: NULLS.text })));
/** An array that is made of columns of its own, or of other properties' columns. */
export const array = (
  name: string,
  type: EdmPrimitive,
  of: Pick<PropertySpec, 'columns' | 'reads'> & {
    readonly elements?: ElementSource;
    readonly read: (row: ClassRow) => readonly unknown[];
  },
): PropertySpec => {
  const { elements, read, ...columns } = of;
  return {
    ...columns,
    property: { name, type, isCollection: true, read, ...(elements !== undefined && { elements }) },
  };
};
