import type { DeviceFacts, InstalledApplication, InstalledProfile, SecurityFacts } from '@espalier/contracts';
import type { SqlValue } from '@espalier/persistence';
import {
  apiNameOf,
  catalogueProperty,
  columnOf,
  type CatalogueProperty,
  type PropertySpec,
} from './inventory.property.js';
import { fingerprint, storedColumns, storedValue } from './inventory.values.js';

/** What devices report, by the kind of the report. */
export interface SourceFacts {
  readonly device: DeviceFacts;
  readonly security: SecurityFacts;
  readonly profiles: readonly InstalledProfile[];
  readonly applications: readonly InstalledApplication[];
}
export type InventorySource = keyof SourceFacts;

/** What is known of the reporting device from elsewhere. */
export interface ReportContext {
  /** Who uses it, as far as known. */
  readonly userName: string | null;
}

/** One instance as it is stored. */
export interface InstanceRow {
  /** Tells the instances of one class and resource apart. */
  readonly key: string;
  /** Of the properties, in their order. */
  readonly values: readonly (string | number | null)[];
  /** Changes whenever a property does; made only where it is asked for. */
  readonly fingerprint: string;
  /** Columns of the properties, folded ones included; made only for what has changed. */
  columns(): Readonly<Record<string, SqlValue>>;
}

/** Another name under which a class can be asked for, with the properties that it shows. */
export interface ClassAlias {
  readonly name: string;
  readonly properties: readonly CatalogueProperty[];
}

/** One inventory class with all that is derived from its description. */
export interface CatalogueClass<S extends InventorySource = InventorySource> {
  /** As the JSON API spells it: `computer-system`. */
  readonly group: string;
  /** ConfigMgr's GroupID. */
  readonly groupId: number;
  readonly title: string;
  /** As WQL spells it: `SMS_G_System_COMPUTER_SYSTEM`. */
  readonly name: string;
  readonly aliases: readonly ClassAlias[];
  /** Views of the current state and of what was: `v_GS_COMPUTER_SYSTEM`, `v_HS_COMPUTER_SYSTEM`. */
  readonly view: string;
  readonly historyView: string;
  readonly table: string;
  readonly historyTable: string;
  /** True where a resource has at most one instance. */
  readonly single: boolean;
  readonly source: S;
  /** True where its values only say how the device is doing: nothing that tells which or what it is follows from them. */
  readonly isGauge: boolean;
  readonly properties: readonly CatalogueProperty[];
  /** The instances that a report holds, in the order of their keys. */
  rowsOf(facts: SourceFacts[S], context: ReportContext): readonly InstanceRow[];
}

interface ClassSpec<S extends InventorySource, I> {
  /** `COMPUTER_SYSTEM`, from which the other names come. */
  readonly name: string;
  readonly groupId: number;
  readonly title: string;
  readonly source: S;
  readonly isGauge?: true;
  readonly instances: (facts: SourceFacts[S], context: ReportContext) => readonly I[];
  /** Key of an instance; without it there is at most one. Two of one key are told apart by a number. */
  readonly key?: (instance: I) => string;
  /** Short name of an alias class (`ADD_REMOVE_PROGRAMS`) to its properties and ours that they stand for. */
  readonly aliases?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly properties: Readonly<Record<string, PropertySpec<I>>>;
}

/** A key that is longer is stored as its hash. */
export const KEY_LENGTH = 100;

/** Describes a class. The order of its properties is that of its columns. */
export function inventoryClass<S extends InventorySource, I>(spec: ClassSpec<S, I>): CatalogueClass<S> {
  const properties = Object.entries(spec.properties).map(([name, property]) => ({
    ...catalogueProperty(name, property),
    from: property.from,
  }));
  const find = (name: string): CatalogueProperty => {
    const found = properties.find((property) => property.name === name);
    if (found === undefined) throw new TypeError(`${spec.name} has no ${name}`);
    return found;
  };
  const { instances, key } = spec;
  return {
    group: spec.name.toLowerCase().replaceAll('_', '-'),
    groupId: spec.groupId,
    title: spec.title,
    name: `SMS_G_System_${spec.name}`,
    aliases: Object.entries(spec.aliases ?? {}).map(([name, shown]) => ({
      name: `SMS_G_System_${name}`,
      properties: Object.entries(shown).map(([alias, ours]) => ({
        ...find(ours),
        name: alias,
        apiName: apiNameOf(columnOf(alias)),
        viewColumn: `${alias}0`,
      })),
    })),
    view: `v_GS_${spec.name}`,
    historyView: `v_HS_${spec.name}`,
    table: `gs_${spec.name.toLowerCase()}`,
    historyTable: `hs_${spec.name.toLowerCase()}`,
    single: key === undefined,
    source: spec.source,
    isGauge: spec.isGauge === true,
    properties: properties.map(({ from: _from, ...property }) => property),
    rowsOf: (facts, context) => {
      const rows = instances(facts, context).map(
        (instance) =>
          new ReportedInstance(
            key === undefined ? '' : shortKey(key(instance)),
            properties.map((property) => storedValue(property, property.from(instance))),
            properties,
          ),
      );
      return key === undefined ? rows.slice(0, 1) : withUniqueKeys(rows);
    },
  };
}

/** Blanks at the end go: SQL Server compares without them. */
const shortKey = (key: string): string =>
  key.length > KEY_LENGTH - 8 ? `#${fingerprint(key)}` : key.replaceAll('\0', '').toWellFormed().trimEnd();

class ReportedInstance implements InstanceRow {
  #fingerprint: string | undefined;

  constructor(
    readonly key: string,
    readonly values: InstanceRow['values'],
    private readonly properties: readonly CatalogueProperty[],
  ) {}

  get fingerprint(): string {
    this.#fingerprint ??= fingerprint(this.values);
    return this.#fingerprint;
  }

  columns(): Record<string, SqlValue> {
    const columns = this.properties.map((property, index) =>
      storedColumns(property, this.values[index] ?? null),
    );
    return Object.assign({}, ...columns) as Record<string, SqlValue>;
  }

  named(key: string): ReportedInstance {
    return new ReportedInstance(key, this.values, this.properties);
  }
}

/** In an order that does not depend on that of the report, which devices are free to change. */
function withUniqueKeys(rows: readonly ReportedInstance[]): InstanceRow[] {
  const sorted = rows.toSorted((a, b) => order(a.key, b.key) || order(a.fingerprint, b.fingerprint));
  let repeats = 0;
  return sorted.map((row, index) => {
    repeats = sorted[index - 1]?.key === row.key ? repeats + 1 : 0;
    return repeats === 0 ? row : row.named(`${row.key}#${repeats}`);
  });
}

const order = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);
