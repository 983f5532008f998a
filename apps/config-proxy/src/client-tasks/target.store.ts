import { limitSql, upsert, type Queryable, type Tx } from '@espalier/persistence';
import { restricting, type Restriction } from '../access/restrict.js';

/** A device that something is asked of. */
export interface TargetDevice {
  readonly deviceId: number;
  readonly name: string;
  readonly isInUse: boolean;
  /** False for what is managed by MDM alone. */
  readonly hasClient: boolean;
}

interface Row {
  readonly resource_id: number;
  readonly name: string;
  readonly is_active: number;
  readonly version: string | null;
}

const SELECT = `SELECT r.resource_id, r.name, r.is_active, c.version FROM {resource} r
  LEFT JOIN {mac_client} c ON c.device_id = r.resource_id`;

/** Reads whom requests go to, and which devices have a Mac client: the only user of the table `mac_client`. */
export class TargetStore {
  /** A Mac client is there, or there in another version. */
  async registerClient(tx: Tx, deviceId: number, version: string, at: number): Promise<void> {
    await upsert(tx, 'mac_client', {
      key: ['device_id'],
      rows: [{ device_id: deviceId, version, registered_at: at }],
    });
  }

  /** Those that exist, by id; at most 500 ids at once. */
  async devices(on: Queryable, ids: readonly number[]): Promise<TargetDevice[]> {
    if (ids.length === 0) return [];
    const rows = await on.query<Row>(
      `${SELECT} WHERE r.resource_id IN (:ids) AND r.kind = 'device' ORDER BY r.resource_id`,
      { ids: [...ids] },
    );
    return rows.map(toTarget);
  }

  /** The next members of a collection by id. */
  async members(on: Queryable, collectionId: string, after: number, limit: number): Promise<TargetDevice[]> {
    const rows = await on.query<Row>(
      `${SELECT} INNER JOIN {collection_member} m ON m.resource_id = r.resource_id
       WHERE m.collection_id = :collectionId AND m.resource_id > :after AND r.kind = 'device'
       ORDER BY m.resource_id ${limitSql(on.dialect, limit)}`,
      { collectionId, after },
    );
    return rows.map(toTarget);
  }

  /** A collection of devices. */
  async collection(
    on: Queryable,
    collectionId: string,
  ): Promise<{ readonly name: string; readonly memberCount: number } | undefined> {
    const [row] = await on.query<{ name: string; member_count: number }>(
      `SELECT name, member_count FROM {collection} WHERE collection_id = :collectionId AND kind = 'device'`,
      { collectionId },
    );
    return row && { name: row.name, memberCount: row.member_count };
  }

  /**
   * ResourceIds by SMSID, which is upper case; those that nobody has are missing.
   * @param within condition on `r.resource_id`
   */
  async bySmsid(on: Queryable, smsids: readonly string[], within: Restriction): Promise<Map<string, number>> {
    if (smsids.length === 0) return new Map();
    const rows = await on.query<{ resource_id: number; smsid: string }>(
      `SELECT r.resource_id, r.smsid FROM {resource} r
       WHERE r.smsid IN (:smsids) AND r.kind = 'device'${restricting('AND', within)}`,
      { smsids: [...smsids], ...within.params },
    );
    return new Map(rows.map(({ smsid, resource_id }) => [smsid, resource_id]));
  }
}

const toTarget = (row: Row): TargetDevice => ({
  deviceId: row.resource_id,
  name: row.name,
  isInUse: row.is_active === 1,
  hasClient: row.version !== null,
});
