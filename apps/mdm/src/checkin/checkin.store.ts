import type { EnrollmentState, PushState } from '@espalier/contracts';
import { rowLock, upsert, type Row, type Tx } from '@espalier/persistence';
import type { EnrollmentRow } from '../enrollment/enrollment.rows.js';

/** What Authenticate tells of a device. */
export interface AuthenticatedDevice {
  readonly id: string;
  readonly fingerprint: string;
  readonly topic: string;
  readonly serialNumber: string | null;
  readonly deviceName: string | null;
  readonly model: string | null;
  readonly modelName: string | null;
  readonly productName: string | null;
  readonly osVersion: string | null;
  readonly buildVersion: string | null;
  readonly at: number;
}

/** A row of `push_token` as a TokenUpdate finds it. */
export interface PushTokenRow {
  readonly state: PushState;
  readonly token_updates: number;
}

/** A device with the certificate that it is pinned to. */
export interface PinnedDevice {
  readonly state: EnrollmentState;
  readonly fingerprint: string | null;
}

/** What Authenticate, TokenUpdate and CheckOut change. */
export class CheckinStore {
  async find(tx: Tx, id: string): Promise<EnrollmentRow | undefined> {
    const [row] = await tx.query<EnrollmentRow>('SELECT * FROM {enrollment} WHERE id = :id', { id });
    return row;
  }

  /** The device's pin. Locks the device: messages that change one enrolment take effect one after the other. */
  async lockPinned(tx: Tx, deviceId: string): Promise<PinnedDevice | undefined> {
    const { hint, end } = rowLock(tx.dialect, 'd', 'update');
    const [row] = await tx.query<PinnedDevice>(
      `SELECT d.state, d.fingerprint FROM {enrollment} d ${hint} WHERE d.id = :deviceId ${end}`,
      { deviceId },
    );
    return row;
  }

  /** The device that is pinned to a certificate. */
  async ownerOf(tx: Tx, fingerprint: string): Promise<string | undefined> {
    const [row] = await tx.query<{ id: string }>(
      'SELECT id FROM {enrollment} WHERE fingerprint = :fingerprint',
      {
        fingerprint,
      },
    );
    return row?.id;
  }

  /** Writes the device as pending and pinned; gives its users, who lose their enrolment with it. */
  async authenticate(tx: Tx, device: AuthenticatedDevice): Promise<string[]> {
    await upsert(tx, 'enrollment', {
      key: ['id'],
      rows: [
        {
          id: device.id,
          kind: 'device',
          device_id: device.id,
          state: 'pending',
          fingerprint: device.fingerprint,
          topic: device.topic,
          serial_number: device.serialNumber,
          device_name: device.deviceName,
          model: device.model,
          model_name: device.modelName,
          product_name: device.productName,
          os_version: device.osVersion,
          build_version: device.buildVersion,
          authenticated_at: device.at,
          enrolled_at: null,
          removed_at: null,
        },
      ],
    });
    return this.#remove(tx, 'device_id = :id AND id <> :id', device);
  }

  /** A user channel has no Authenticate: its first TokenUpdate makes it. */
  async insertUser(
    tx: Tx,
    user: {
      readonly id: string;
      readonly deviceId: string;
      readonly shortName: string | null;
      readonly topic: string;
      readonly at: number;
    },
  ): Promise<void> {
    await upsert(tx, 'enrollment', {
      key: ['id'],
      rows: [
        {
          id: user.id,
          kind: 'user',
          device_id: user.deviceId,
          state: 'pending',
          topic: user.topic,
          user_short_name: user.shortName,
          authenticated_at: user.at,
          removed_at: null,
        },
      ],
    });
  }

  async pushToken(tx: Tx, id: string): Promise<PushTokenRow | undefined> {
    const [row] = await tx.query<PushTokenRow>(
      'SELECT state, token_updates FROM {push_token} WHERE enrollment_id = :id',
      { id },
    );
    return row;
  }

  /** `columns` holds only what the message brought: what it left out stays as it is stored. */
  async savePushToken(tx: Tx, id: string, columns: Row): Promise<void> {
    await upsert(tx, 'push_token', { key: ['enrollment_id'], rows: [{ enrollment_id: id, ...columns }] });
  }

  async markEnrolled(tx: Tx, id: string, at: number): Promise<void> {
    await tx.execute(
      `UPDATE {enrollment} SET state = 'enrolled', enrolled_at = :at, removed_at = NULL WHERE id = :id`,
      {
        id,
        at,
      },
    );
  }

  /** Ends the enrolment of a device with all its users, or of one user; gives the ids that were not removed before. */
  async markRemoved(tx: Tx, id: string, at: number): Promise<string[]> {
    return this.#remove(tx, '(device_id = :id OR id = :id)', { id, at });
  }

  async #remove(tx: Tx, where: string, { id, at }: { id: string; at: number }): Promise<string[]> {
    const rows = await tx.query<{ id: string }>(
      `SELECT id FROM {enrollment} WHERE ${where} AND state <> 'removed'`,
      { id },
    );
    await tx.execute(
      `UPDATE {enrollment} SET state = 'removed', removed_at = :at WHERE ${where} AND state <> 'removed'`,
      { id, at },
    );
    const all = 'enrollment_id IN (SELECT id FROM {enrollment} WHERE device_id = :id OR id = :id)';
    // The unlock token stays: the device sends it only once, and without it a passcode cannot be cleared.
    await tx.execute(
      `UPDATE {push_token} SET state = 'none', token_sealed = NULL, magic_sealed = NULL, token_updates = 0, updated_at = :at
       WHERE ${all}`,
      { id, at },
    );
    await tx.execute(`DELETE FROM {push_schedule} WHERE ${all}`, { id });
    // Whoever decides what devices are to have decides anew for the new enrolment; what was said counts no more.
    await tx.execute(`DELETE FROM {enrollment_declarations} WHERE ${all}`, { id });
    return rows.map((row) => row.id);
  }
}
