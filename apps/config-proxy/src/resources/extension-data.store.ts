import { foldText } from '@espalier/conditions';
import { upsert, type Queryable, type Tx } from '@espalier/persistence';
import { storedText } from '../inventory/inventory.values.js';

export interface ExtensionProperty {
  readonly property_name: string;
  readonly property_value: string;
}

/** The only user of the table `extension_data`. Names differ by more than case. */
export class ExtensionDataStore {
  /** In the order of names. */
  list(on: Queryable, resourceId: number): Promise<ExtensionProperty[]> {
    return on.query(
      `SELECT property_name, property_value FROM {extension_data} WHERE resource_id = :resourceId
       ORDER BY property_name_folded`,
      { resourceId },
    );
  }

  async set(
    tx: Tx,
    resourceId: number,
    data: ReadonlyMap<string, string>,
    at: number,
    by: string,
  ): Promise<void> {
    await upsert(tx, 'extension_data', {
      key: ['resource_id', 'property_name_folded'],
      rows: [...data].map(([name, value]) => ({
        resource_id: resourceId,
        property_name: name,
        property_name_folded: foldedName(name),
        property_value: value,
        property_value_folded: storedText(foldText(value), 400),
        updated_at: at,
        updated_by: storedText(by, 255),
      })),
    });
  }

  /** How many there were; without a name all of them. */
  remove(tx: Tx, resourceId: number, name: string | undefined): Promise<number> {
    return tx.execute(
      `DELETE FROM {extension_data} WHERE resource_id = :resourceId
       ${name === undefined ? '' : 'AND property_name_folded = :folded'}`,
      { resourceId, ...(name !== undefined && { folded: foldedName(name) }) },
    );
  }
}

/** As it is compared. */
export const foldedName = (name: string): string => storedText(foldText(name), 128);
