import type { PlistDict } from '@espalier/plist';
import type { Tx } from '@espalier/persistence';

/** QueryResponses key to column: what DeviceInformation tells of an enrolment's own row. */
const COLUMN_OF = {
  DeviceName: 'device_name',
  OSVersion: 'os_version',
  BuildVersion: 'build_version',
  ProductName: 'product_name',
  ModelName: 'model_name',
  Model: 'model',
  SerialNumber: 'serial_number',
} as const;
const LENGTH_OF: Readonly<Record<(typeof COLUMN_OF)[keyof typeof COLUMN_OF], number>> = {
  device_name: 255,
  os_version: 64,
  build_version: 64,
  product_name: 128,
  model_name: 128,
  model: 128,
  serial_number: 64,
};

/** Keeps the few facts of a device that lists show up to date. */
export class DeviceFactsStore {
  /** @param result the result of an acknowledged DeviceInformation; what it does not hold stays */
  async update(tx: Tx, enrollmentId: string, result: PlistDict): Promise<void> {
    const responses = result['QueryResponses'];
    if (typeof responses !== 'object' || Array.isArray(responses)) return;
    const values: Record<string, string> = {};
    for (const [key, column] of Object.entries(COLUMN_OF)) {
      const value = (responses as PlistDict)[key];
      if (typeof value === 'string' && value !== '') values[column] = value.slice(0, LENGTH_OF[column]);
    }
    const columns = Object.keys(values);
    if (columns.length === 0) return;
    await tx.execute(
      `UPDATE {enrollment} SET ${columns.map((name) => `${name} = :${name}`).join(', ')} WHERE id = :enrollmentId`,
      { ...values, enrollmentId },
    );
  }
}
