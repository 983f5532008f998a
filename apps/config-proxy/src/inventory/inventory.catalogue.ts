import type { CatalogueClass, InventorySource } from './inventory.class.js';
import * as hardware from './groups/hardware.classes.js';
import { mdmProfile, mdmSecurity } from './groups/mdm.classes.js';
import { installedSoftware } from './groups/software.classes.js';

/**
 * Every inventory class. Tables, history, query model, upserts, reporting views and the API come from it: a new
 * property is one line in its class (and, once a version was released, a migration that adds its columns).
 */
export const inventoryClasses: readonly CatalogueClass[] = [
  hardware.computerSystem,
  hardware.operatingSystem,
  hardware.pcBios,
  hardware.systemEnclosure,
  hardware.computerSystemProduct,
  hardware.processor,
  hardware.disk,
  hardware.logicalDisk,
  hardware.networkAdapter,
  hardware.networkAdapterConfiguration,
  hardware.portableBattery,
  installedSoftware,
  hardware.mdmDevice,
  mdmSecurity,
  mdmProfile,
];

const bySource = Map.groupBy(inventoryClasses, ({ source }) => source);

/** The classes that a kind of report fills. */
export const classesOfSource = <S extends InventorySource>(source: S): readonly CatalogueClass<S>[] =>
  (bySource.get(source) ?? []) as unknown as readonly CatalogueClass<S>[];

/** By the name that the API uses. */
export const classOfGroup = (group: string): CatalogueClass | undefined =>
  inventoryClasses.find((item) => item.group === group);

/** Names of a class under which queries may have asked for it. */
export const namesOf = ({ name, aliases }: CatalogueClass): readonly string[] => [
  name,
  ...aliases.map((alias) => alias.name),
];
