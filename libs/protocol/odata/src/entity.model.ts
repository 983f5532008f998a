import type { ClassModel, PropertyModel } from '@espalier/conditions';

/** Primitive types of OData that properties and parameters have here. */
export type EdmPrimitive =
  'Edm.String' | 'Edm.Int32' | 'Edm.Int64' | 'Edm.Double' | 'Edm.Boolean' | 'Edm.DateTimeOffset' | 'Edm.Guid';

/** A primitive type, or a complex or entity type of the same service by its name. */
export type EdmType = EdmPrimitive | { readonly complex: string };

/** Something that has a name and a type: a parameter, a property of a complex type. */
export interface TypedName {
  /** An OData identifier: ASCII letters, digits and underscores, no digit first. */
  readonly name: string;
  readonly type: EdmType;
  readonly isCollection?: boolean;
}

/**
 * Where the elements of an array property come from, so that `any` and `all` can ask about them: the one value of a
 * column (no element where it is null), or a property of the rows of a class that have the key of the entity.
 */
export type ElementSource =
  | { readonly kind: 'column'; readonly property: PropertyModel }
  | { readonly kind: 'rows'; readonly class: ClassModel; readonly property: PropertyModel };

/** A property of an entity, by the spelling of ConfigMgr. Callers write it in any case. */
export interface EntityProperty<Row = never> extends TypedName {
  /** Left out of lists; there where one entity is got by its key. */
  readonly isLazy?: boolean;
  /** True where no entity has a value: null, or an array without elements. */
  readonly isNothing?: boolean;
  /** What filters and orders ask; a property without one cannot be filtered or ordered by. */
  readonly source?: PropertyModel;
  /** For array properties; one without cannot be filtered by. */
  readonly elements?: ElementSource;
  /**
   * The value in a row; default: its `source`'s column. Times are epoch ms, booleans also 0 and 1; undefined is null.
   */
  read?(row: Row): unknown;
}

/** A way from one entity to others: `Device(1)/ResourceCollectionMembership`. */
export interface NavigationModel {
  readonly name: string;
  /** Name of the entity that it leads to. */
  readonly target: string;
  readonly isCollection: boolean;
}

/** A parameter of a method. */
export interface ParameterModel extends TypedName {
  readonly isOptional?: boolean;
}

interface MethodShape {
  readonly name: string;
  /** True for methods of the class: `wmi/SMS_Scripts.CreateScripts`. */
  readonly isStatic?: boolean;
  readonly parameters: readonly ParameterModel[];
  /** Other spellings that callers use: `AddMembershipRules`. They are not in the metadata. */
  readonly aliases?: readonly string[];
}

/** What a method answers. */
export type ReturnType = Omit<TypedName, 'name'>;

/** A method of a class or of one entity: functions are got and change nothing, actions are posted. */
export type MethodModel = MethodShape &
  (
    | { readonly kind: 'action'; readonly returns?: ReturnType }
    | { readonly kind: 'function'; readonly returns: ReturnType }
  );

/** What callers see of one class: all that can be filtered, ordered, selected and called is in here. */
export interface EntityModel<Row = never> {
  /** Name of the class, and of its entity set: `SMS_Collection`. */
  readonly name: string;
  /** The rows that are listed; its key column ties rows of arrays to them. */
  readonly class: ClassModel;
  /** Names of the key properties, at least one. */
  readonly keys: readonly string[];
  readonly properties: readonly EntityProperty<Row>[];
  /** Class that it derives from. Default: `SMS_BaseClass`. */
  readonly superclass?: string;
  readonly navigations?: readonly NavigationModel[];
  readonly methods?: readonly MethodModel[];
}

/** A type of objects inside of entities and arguments: `SMS_CollectionRuleDirect`. */
export interface ComplexTypeModel {
  readonly name: string;
  /** Name of the complex type that it extends. */
  readonly base?: string;
  readonly isAbstract?: boolean;
  /** True where its objects have properties that are not in here. */
  readonly isOpen?: boolean;
  readonly properties: readonly TypedName[];
}

/** The two halves of AdminService: every class of the SMS provider, and the small newer API. */
export type ServiceRoute = 'wmi' | 'v1.0';

/** One half of AdminService. */
export interface ServiceModel {
  readonly route: ServiceRoute;
  readonly entities: readonly EntityModel[];
  readonly complexTypes?: readonly ComplexTypeModel[];
}

/** Namespace of every type and method: `AdminService.AddMembershipRule`. */
export const NAMESPACE = 'AdminService';
