import {
  maintenanceWindowSchema,
  type MaintenanceWindow,
  type StoredMaintenanceWindow,
} from '@espalier/contracts';
import { insertRows, type Queryable, type Tx } from '@espalier/persistence';

interface WindowRow {
  readonly window_id: string;
  readonly definition: string;
  readonly version: number;
}

/** The only user of the table `maintenance_window`. */
export class MaintenanceWindowStore {
  /** In the order in which they first begin. */
  async list(on: Queryable, collectionId: string): Promise<StoredMaintenanceWindow[]> {
    const rows = await on.query<WindowRow>(
      `SELECT window_id, definition, version FROM {maintenance_window}
       WHERE collection_id = :collectionId ORDER BY window_id`,
      { collectionId },
    );
    return rows
      .map(({ definition, version }) => ({
        ...maintenanceWindowSchema.parse(JSON.parse(definition)),
        version,
      }))
      .sort((a, b) => a.startAt - b.startAt || (a.id < b.id ? -1 : 1));
  }

  /** Of all collections in a range of ids that have some. @param through null: there is no end */
  async inRange(
    on: Queryable,
    after: string,
    through: string | null,
  ): Promise<Map<string, MaintenanceWindow[]>> {
    const end = through === null ? '' : 'AND collection_id <= :through';
    const rows = await on.query<{ collection_id: string; definition: string }>(
      `SELECT collection_id, definition FROM {maintenance_window} WHERE collection_id > :after ${end}`,
      through === null ? { after } : { after, through },
    );
    const windows = new Map<string, MaintenanceWindow[]>();
    for (const [id, some] of Map.groupBy(rows, (row) => row.collection_id))
      windows.set(
        id,
        some.map(({ definition }) => maintenanceWindowSchema.parse(JSON.parse(definition))),
      );
    return windows;
  }

  async insert(tx: Tx, collectionId: string, window: MaintenanceWindow): Promise<void> {
    await insertRows(tx, 'maintenance_window', [
      {
        window_id: window.id,
        collection_id: collectionId,
        definition: JSON.stringify(window),
        version: 1,
      },
    ]);
  }

  async update(tx: Tx, window: MaintenanceWindow): Promise<void> {
    await tx.execute(
      'UPDATE {maintenance_window} SET definition = :definition, version = version + 1 WHERE window_id = :id',
      { id: window.id, definition: JSON.stringify(window) },
    );
  }

  async delete(tx: Tx, id: string): Promise<void> {
    await tx.execute('DELETE FROM {maintenance_window} WHERE window_id = :id', { id });
  }
}
