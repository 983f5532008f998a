import { upsert, type Queryable, type Tx } from '@espalier/persistence';
import type { EnrollmentRow } from '../resources/enrollment.store.js';

export interface AffinityRow {
  readonly resource_id: number;
  readonly user_resource_id: number;
  readonly by_enrollment: number;
  readonly by_admin: number;
  readonly is_primary: number;
  readonly created_at: number;
  /** Names of both, for lists. */
  readonly device_name: string;
  readonly user_name: string;
  readonly full_name: string | null;
}

/** Who wrote what nobody asked for. */
const BY_ENROLLMENT = 'MDM enrollment';

/** The only writer of the table `user_affinity`. */
export class AffinityStore {
  /** Notes that users enrolled on devices; what an admin said stays. */
  async addByEnrollment(
    tx: Tx,
    rows: readonly Pick<EnrollmentRow, 'resource_id' | 'user_resource_id'>[],
    at: number,
  ): Promise<void> {
    await upsert(tx, 'user_affinity', {
      key: ['resource_id', 'user_resource_id'],
      update: ['by_enrollment'],
      rows: rows.flatMap(({ resource_id, user_resource_id }) =>
        resource_id === null || user_resource_id === null
          ? []
          : [
              {
                resource_id,
                user_resource_id,
                by_enrollment: 1,
                by_admin: 0,
                is_primary: 0,
                created_at: at,
                updated_by: BY_ENROLLMENT,
              },
            ],
      ),
    });
  }

  /** By device, or by user; primary ones first. */
  async list(on: Queryable, by: 'resource_id' | 'user_resource_id', id: number): Promise<AffinityRow[]> {
    return on.query<AffinityRow>(
      `SELECT a.resource_id, a.user_resource_id, a.by_enrollment, a.by_admin, a.is_primary, a.created_at,
         d.name AS device_name, u.name AS user_name, u.full_name
       FROM {user_affinity} AS a
       INNER JOIN {resource} AS d ON d.resource_id = a.resource_id
       INNER JOIN {resource} AS u ON u.resource_id = a.user_resource_id
       WHERE a.${by} = :id ORDER BY a.is_primary DESC, a.resource_id, a.user_resource_id`,
      { id },
    );
  }

  /** An admin says who uses a device, and whether mainly. */
  async setByAdmin(
    tx: Tx,
    row: Pick<AffinityRow, 'resource_id' | 'user_resource_id' | 'is_primary' | 'created_at'>,
    by: string,
  ): Promise<void> {
    if (row.is_primary === 1)
      await tx.execute(
        'UPDATE {user_affinity} SET is_primary = 0 WHERE resource_id = :id AND is_primary = 1',
        {
          id: row.resource_id,
        },
      );
    await upsert(tx, 'user_affinity', {
      key: ['resource_id', 'user_resource_id'],
      update: ['by_admin', 'is_primary', 'updated_by'],
      rows: [{ ...row, by_enrollment: 0, by_admin: 1, updated_by: by.slice(0, 255) }],
    });
  }

  /** False where there was none. */
  async remove(tx: Tx, resourceId: number, userId: number): Promise<boolean> {
    const removed = await tx.execute(
      'DELETE FROM {user_affinity} WHERE resource_id = :resourceId AND user_resource_id = :userId',
      { resourceId, userId },
    );
    return removed > 0;
  }

  async removeUser(tx: Tx, userId: number): Promise<number[]> {
    const rows = await tx.query<{ resource_id: number }>(
      'SELECT resource_id FROM {user_affinity} WHERE user_resource_id = :userId ORDER BY resource_id',
      { userId },
    );
    await tx.execute('DELETE FROM {user_affinity} WHERE user_resource_id = :userId', { userId });
    return rows.map(({ resource_id }) => resource_id);
  }
}
