import type { PropertyType } from '@espalier/conditions';
import type { ColumnSpec } from '@espalier/persistence';
import { t } from '@espalier/persistence';

/** One property of a class, as the catalogue describes it. Everything else about it is derived. */
export interface PropertySpec<I> {
  readonly type: PropertyType;
  /** Characters, for texts. */
  readonly length?: number;
  /** Its value in an instance; null or undefined: not known. */
  from(this: void, instance: I): string | number | boolean | null | undefined;
}

/** Longest text of a property: SQL Server indexes 850 characters at most, and the folded form is indexed. */
const LONGEST_TEXT = 400;

/** A text of at most `length` characters; longer ones are cut. */
export const text = <I>(length: number, from: PropertySpec<I>['from']): PropertySpec<I> => {
  if (length > LONGEST_TEXT) throw new TypeError(`A property has at most ${LONGEST_TEXT} characters`);
  return { type: 'text', length, from };
};
/** A whole number up to 2^53. */
export const integer = <I>(from: PropertySpec<I>['from']): PropertySpec<I> => ({ type: 'integer', from });
/** Epoch milliseconds. */
export const time = <I>(from: PropertySpec<I>['from']): PropertySpec<I> => ({ type: 'time', from });
/** Yes or no, kept as 1 and 0. */
export const flag = <I>(from: PropertySpec<I>['from']): PropertySpec<I> => ({ type: 'flag', from });

/** A property with the names that are derived from its own. */
export interface CatalogueProperty {
  /** As WQL spells it: `SMBIOSGUID`. */
  readonly name: string;
  /** As the JSON API spells it: `smbiosguid`. */
  readonly apiName: string;
  readonly type: PropertyType;
  readonly column: string;
  /** Texts only: holds the folded form. */
  readonly foldedColumn?: string;
  /** Name in reporting views: `SMBIOSGUID0`. */
  readonly viewColumn: string;
  readonly length?: number;
}

/** Derives column and view names of a property. */
export function catalogueProperty(
  name: string,
  { type, length }: Pick<PropertySpec<never>, 'type' | 'length'>,
): CatalogueProperty {
  const column = columnOf(name);
  return {
    name,
    apiName: apiNameOf(column),
    type,
    column,
    ...(type === 'text' && { foldedColumn: `${column}_folded` }),
    viewColumn: `${name}0`,
    ...(length !== undefined && { length }),
  };
}

/** `SerialNumber` to `serial_number`, `SMBIOSAssetTag` to `smbios_asset_tag`. */
export const columnOf = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();

/** `serial_number` to `serialNumber`. */
export const apiNameOf = (column: string): string =>
  column.replace(/_(.)/g, (_match, letter: string) => letter.toUpperCase());

/** The columns that hold a property. */
export function columnsOf(property: CatalogueProperty): Readonly<Record<string, ColumnSpec>> {
  const { column, foldedColumn, length } = property;
  if (foldedColumn !== undefined)
    return {
      [column]: t.text(length ?? LONGEST_TEXT, { nullable: true }),
      [foldedColumn]: t.text(length ?? LONGEST_TEXT, { nullable: true }),
    };
  return { [column]: property.type === 'flag' ? t.flag({ nullable: true }) : t.bigint({ nullable: true }) };
}
