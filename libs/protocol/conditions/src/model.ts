/** What a property holds. Times are epoch milliseconds; flags are 0 and 1. */
export type PropertyType = 'text' | 'integer' | 'time' | 'flag';

/** A property that can be asked for. */
export interface PropertyModel {
  /** As queries spell it, in any case. */
  readonly name: string;
  readonly type: PropertyType;
  /** Column that holds it. */
  readonly column: string;
  /**
   * Column that holds `foldText` of a text, by which it is compared and ordered; the column itself where what it
   * holds is folded already (`active`, `device`). A text without one is compared exactly, case included.
   */
  readonly foldedColumn?: string;
  /** True where no row has a value and there is no column: a name that queries may ask for and find nothing by. */
  readonly isNothing?: boolean;
}

/** A class of objects: rows of a table, each belonging to one resource. */
export interface ClassModel {
  /** As queries spell it, in any case: `SMS_R_System`. */
  readonly name: string;
  readonly table: string;
  /** Column that ties a row to its resource; never null. Queries spell it `ResourceId`. */
  readonly keyColumn: string;
  /** True where a resource has at most one row. */
  readonly single: boolean;
  readonly properties: readonly PropertyModel[];
  /**
   * What its objects have several of. Each is a class whose rows are the elements, with a property for every array
   * that has a value in the element: arrays side by side (`AgentName`, `AgentTime`) are properties of one.
   */
  readonly arrays?: readonly ClassModel[];
  /** Names of the classes with whose changes its rows change. Default: its own. */
  readonly changesWith?: readonly string[];
}

/** What queries of one kind of collection can ask about. */
export interface QueryModel {
  /** The class whose objects are selected. */
  readonly root: string;
  readonly classes: readonly ClassModel[];
}

/** The form in which texts are compared: case does not count. The same on every database, since we compute it. */
export const foldText = (text: string): string => text.normalize('NFC').toLowerCase();

/** Column by which a property is compared and ordered. */
export const comparedColumn = ({ column, foldedColumn }: PropertyModel): string => foldedColumn ?? column;

/** A text as the property's compared column holds it. */
export const comparedText = ({ foldedColumn }: PropertyModel, text: string): string =>
  foldedColumn === undefined ? text : foldText(text);
