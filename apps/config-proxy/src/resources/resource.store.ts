import { idListSql, rowLock, textListSql, upsert, type Queryable, type Tx } from '@espalier/persistence';
import { DISCOVERY_COLUMNS, type Discovery } from './discovery.js';
import type { IdentityEvidence } from './identity.js';
import { RESOURCE_COLUMNS, storedRow, type ResourceRow } from './resource.row.js';

/** A row with when the device last answered DeviceInformation. */
export interface LoadedResource extends ResourceRow {
  readonly device_reported_at: number | null;
}

const COLUMNS = RESOURCE_COLUMNS.map((name) => `r."${name}"`).join(', ');

/** The only writer of the table `resource`. */
export class ResourceStore {
  /** In the order of ids; locked until the transaction ends where asked for. */
  async load(on: Queryable, ids: readonly number[], lock = false): Promise<LoadedResource[]> {
    if (ids.length === 0) return [];
    const list = idListSql(on.dialect);
    const { hint, end } = lock ? rowLock(on.dialect, 'r', 'update') : { hint: '', end: '' };
    return on.query<LoadedResource>(
      `SELECT ${COLUMNS}, i.reported_at AS device_reported_at FROM {resource} AS r ${hint}
       LEFT JOIN {inventory_report} AS i ON i.resource_id = r.resource_id AND i.source = 'device'
       WHERE ${list.isIn('r.resource_id', 'ids')} ORDER BY r.resource_id ${end}`,
      { ids: list.param(ids) },
    );
  }

  /** What devices told of themselves, by id. */
  async discoveries(on: Queryable, ids: readonly number[]): Promise<Map<number, Discovery>> {
    const list = idListSql(on.dialect);
    const rows = await on.query<Discovery & { readonly resource_id: number }>(
      `SELECT resource_id, ${DISCOVERY_COLUMNS.map((name) => `"${name}"`).join(', ')} FROM {resource}
       WHERE ${list.isIn('resource_id', 'ids')}`,
      { ids: list.param(ids) },
    );
    return new Map(rows.map((row) => [row.resource_id, row]));
  }

  async find(on: Queryable, id: number, kind: ResourceRow['kind']): Promise<ResourceRow | undefined> {
    const [row] = await on.query<ResourceRow>(
      `SELECT ${COLUMNS} FROM {resource} AS r WHERE r.resource_id = :id AND r.kind = :kind`,
      { id, kind },
    );
    return row;
  }

  /** As `find`, locked until the transaction ends. */
  async take(tx: Tx, id: number, kind: ResourceRow['kind']): Promise<ResourceRow | undefined> {
    const [row] = await this.load(tx, [id], true);
    if (row?.kind !== kind) return undefined;
    const { device_reported_at: _, ...resource } = row;
    return resource;
  }

  /** Ids of the devices that share a part of the evidence. */
  async sharing(on: Queryable, evidence: readonly IdentityEvidence[]): Promise<number[]> {
    const list = textListSql(on.dialect);
    const parts = (
      [
        ['smsid', 'smsid'],
        ['hardware_uuid', 'hardwareUuid'],
        ['udid', 'udid'],
        ['serial_number', 'serialNumber'],
      ] as const
    ).flatMap(([column, key]) => {
      const values = [...new Set(evidence.map((item) => item[key]).filter((value) => value !== null))];
      return values.length === 0 ? [] : [{ column, value: list.param(values) }];
    });
    if (parts.length === 0) return [];
    const rows = await on.query<{ resource_id: number }>(
      parts
        .map(({ column }) => `SELECT resource_id FROM {resource} WHERE ${list.isIn(column, column)}`)
        .join(' UNION '),
      Object.fromEntries(parts.map(({ column, value }) => [column, value])),
    );
    return rows.map(({ resource_id }) => resource_id);
  }

  /** Users by name, in the order of ids. */
  async usersByName(on: Queryable, names: readonly string[]): Promise<ResourceRow[]> {
    if (names.length === 0) return [];
    const list = textListSql(on.dialect);
    return on.query<ResourceRow>(
      `SELECT ${COLUMNS} FROM {resource} AS r WHERE r.kind = 'user' AND ${list.isIn('r.name', 'names')}
       ORDER BY r.resource_id`,
      { names: list.param(names) },
    );
  }

  /** Inserts or overwrites whole rows. */
  async write(tx: Tx, rows: readonly ResourceRow[]): Promise<void> {
    // Those that give up their serial number first: only one record that is not obsolete may have it.
    for (const part of [
      rows.filter((row) => row.is_obsolete === 1),
      rows.filter((row) => row.is_obsolete === 0),
    ])
      await upsert(tx, 'resource', { key: ['resource_id'], rows: part.map(storedRow) });
  }

  /** Of records that are written next in the same transaction: only one that is not obsolete may have a serial number. */
  async freeSerialNumbers(tx: Tx, ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return;
    const list = idListSql(tx.dialect);
    await tx.execute(`UPDATE {resource} SET serial_number = NULL WHERE ${list.isIn('resource_id', 'ids')}`, {
      ids: list.param(ids),
    });
  }

  /** With all that belongs to it. */
  async remove(tx: Tx, id: number): Promise<void> {
    await tx.execute('DELETE FROM {resource} WHERE resource_id = :id', { id });
  }
}
