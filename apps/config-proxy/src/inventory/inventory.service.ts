import {
  resourceErrors,
  type Inventory,
  type InventoryGroup,
  type InventoryInstance,
} from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import type { ResourceStore } from '../resources/resource.store.js';
import { classOfGroup, inventoryClasses } from './inventory.catalogue.js';
import type { CatalogueClass } from './inventory.class.js';
import type { CatalogueProperty } from './inventory.property.js';
import type { InventoryStore, StoredInstance } from './inventory.store.js';

/** More than a device may report at once. */
const MOST_INSTANCES = 5_000;
const MOST_HISTORY = 1_000;
const PRUNED_AT_ONCE = 10_000;

/** What people see of inventory. */
export class InventoryService {
  constructor(
    private readonly options: {
      readonly db: Database;
      readonly resources: ResourceStore;
      readonly inventory: InventoryStore;
    },
  ) {}

  /** What the inventory can hold. */
  groups(): InventoryGroup[] {
    return inventoryClasses.map(({ group, title, name, view, single, properties }) => ({
      group,
      title,
      className: name,
      viewName: view,
      single,
      properties: properties.map((property) => ({
        name: property.apiName,
        wqlName: property.name,
        viewColumn: property.viewColumn,
        type: property.type,
        ...(property.length !== undefined && { length: property.length }),
      })),
    }));
  }

  /** @throws EspalierError ESP_RESOURCE_UNKNOWN */
  async inventory(resourceId: number): Promise<Inventory> {
    const { db, inventory } = this.options;
    await this.#insist(resourceId);
    const groups: Record<string, InventoryInstance[]> = {};
    for (const item of inventoryClasses)
      groups[item.group] = await this.#instances(item, resourceId, { history: false, limit: MOST_INSTANCES });
    const reports = await inventory.reportsOf(db, resourceId);
    return {
      reports: reports.map(({ source, reported_at }) => ({ source, reportedAt: reported_at })),
      groups,
    };
  }

  /**
   * One group, or what it was before, newest first.
   * @throws EspalierError ESP_RESOURCE_UNKNOWN, ESP_RESOURCE_GROUP_UNKNOWN
   */
  async group(resourceId: number, group: string, history: boolean): Promise<InventoryInstance[]> {
    const item = classOfGroup(group);
    if (item === undefined) throw resourceErrors.ESP_RESOURCE_GROUP_UNKNOWN({ detail: group });
    await this.#insist(resourceId);
    return this.#instances(item, resourceId, { history, limit: history ? MOST_HISTORY : MOST_INSTANCES });
  }

  /** Forgets history from before a time (epoch ms), a part at a time; how many rows. */
  async pruneHistory(before: number): Promise<number> {
    const { db, inventory } = this.options;
    let pruned = 0;
    for (const item of inventoryClasses) {
      let part: number;
      do {
        part = await inventory.pruneHistory(db, item, before, PRUNED_AT_ONCE);
        pruned += part;
      } while (part > 0);
    }
    return pruned;
  }

  async #instances(
    item: CatalogueClass,
    resourceId: number,
    options: { readonly history: boolean; readonly limit: number },
  ): Promise<InventoryInstance[]> {
    const rows = await this.options.inventory.instances(this.options.db, item, resourceId, options);
    return rows.map((row) => toInstance(item.properties, row));
  }

  async #insist(resourceId: number): Promise<void> {
    const found = await this.options.resources.find(this.options.db, resourceId, 'device');
    if (found === undefined)
      throw resourceErrors.ESP_RESOURCE_UNKNOWN({ detail: `ResourceId ${resourceId}.` });
  }
}

function toInstance(
  properties: readonly CatalogueProperty[],
  row: StoredInstance & { readonly replaced_at?: number },
): InventoryInstance {
  return {
    revisionId: row.revision_id,
    timeStamp: row.time_stamp,
    ...(row.replaced_at !== undefined && { replacedAt: row.replaced_at }),
    properties: Object.fromEntries(
      properties.map(({ apiName, type, column }) => {
        const value = (row[column] ?? null) as string | number | null;
        return [apiName, type === 'flag' && value !== null ? value === 1 : value];
      }),
    ),
  };
}
