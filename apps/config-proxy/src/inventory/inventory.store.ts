import {
  idListSql,
  limitSql,
  rowLock,
  upsert,
  type Queryable,
  type SqlValue,
  type Tx,
} from '@espalier/persistence';
import {
  instanceList,
  isAmongInstances,
  namedInstances,
  type InstanceKey,
  type ReplacedInstance,
} from './instances.sql.js';
import { inventoryClasses } from './inventory.catalogue.js';
import type { CatalogueClass, InstanceRow, InventorySource } from './inventory.class.js';
import type { Fingerprints } from './inventory.reports.js';
import { INSTANCE_COLUMNS, instanceColumnNames } from './inventory.tables.js';

/** When a kind of report last came from a resource, and what it said. */
export interface StoredReport {
  readonly resource_id: number;
  readonly source: InventorySource;
  readonly reported_at: number;
  readonly fingerprints: Fingerprints;
}

/** An instance as it is stored, by column. */
export type StoredInstance = Readonly<
  Record<string, SqlValue> & {
    resource_id: number;
    instance_key: string;
    fingerprint: string;
    revision_id: number;
    time_stamp: number;
  }
>;

/** The instances that a resource has from now on. */
export interface GroupChange {
  readonly resourceId: number;
  readonly at: number;
  readonly rows: readonly InstanceRow[];
}

/** Rows that are in memory at once: what thousands of applications of hundreds of devices must not exceed. */
const ROWS_AT_ONCE = 5_000;

/** The only user of the inventory's tables. */
export class InventoryStore {
  /** Makes what is missing, and locks all in the order of resources. */
  async claimReports(
    tx: Tx,
    wanted: readonly Pick<StoredReport, 'resource_id' | 'source'>[],
  ): Promise<StoredReport[]> {
    if (wanted.length === 0) return [];
    const list = idListSql(tx.dialect);
    const { hint, end } = rowLock(tx.dialect, 'i', 'update');
    const params = {
      ids: list.param([...new Set(wanted.map(({ resource_id }) => resource_id))]),
      sources: [...new Set(wanted.map(({ source }) => source))],
    };
    const read = async (): Promise<StoredReport[]> =>
      (
        await tx.query<Omit<StoredReport, 'fingerprints'> & { fingerprints: string }>(
          `SELECT i.resource_id, i.source, i.reported_at, i.fingerprints FROM {inventory_report} AS i ${hint}
           WHERE ${list.isIn('i.resource_id', 'ids')} AND i.source IN (:sources)
           ORDER BY i.resource_id, i.source ${end}`,
          params,
        )
      ).map((row) => ({ ...row, fingerprints: JSON.parse(row.fingerprints) as Fingerprints }));
    const known = await read();
    const has = new Set(known.map(({ resource_id, source }) => `${resource_id}:${source}`));
    const missing = wanted.filter(({ resource_id, source }) => !has.has(`${resource_id}:${source}`));
    if (missing.length === 0) return known;
    await upsert(tx, 'inventory_report', {
      key: ['resource_id', 'source'],
      update: [],
      rows: missing.map(({ resource_id, source }) => ({
        resource_id,
        source,
        reported_at: 0,
        fingerprints: '{}',
      })),
    });
    return read();
  }

  async writeReports(tx: Tx, reports: readonly StoredReport[]): Promise<void> {
    await upsert(tx, 'inventory_report', {
      key: ['resource_id', 'source'],
      rows: reports.map((report) => ({ ...report, fingerprints: JSON.stringify(report.fingerprints) })),
    });
  }

  /** Replaces the instances of resources, and keeps what they were as history. */
  async replace(tx: Tx, item: CatalogueClass, changes: readonly GroupChange[]): Promise<void> {
    for (const part of parts(changes)) await this.#replacePart(tx, item, part);
  }

  async #replacePart(tx: Tx, item: CatalogueClass, changes: readonly GroupChange[]): Promise<void> {
    const list = idListSql(tx.dialect);
    const ids = { ids: list.param(changes.map(({ resourceId }) => resourceId)) };
    const known = await tx.query<
      Pick<StoredInstance, 'resource_id' | 'instance_key' | 'fingerprint' | 'revision_id'>
    >(
      `SELECT resource_id, instance_key, fingerprint, revision_id FROM {${item.table}}
       WHERE ${list.isIn('resource_id', 'ids')}`,
      ids,
    );
    const before = new Map(known.map((row) => [instance(row.resource_id, row.instance_key), row]));
    const fresh = changes.flatMap(({ resourceId, at, rows }) =>
      rows.flatMap((row) => {
        const old = before.get(instance(resourceId, row.key));
        before.delete(instance(resourceId, row.key));
        return old?.fingerprint === row.fingerprint ? [] : [{ resourceId, at, row, old }];
      }),
    );
    const gone = [...before.values()];
    const at = new Map(changes.map((change) => [change.resourceId, change.at]));
    const dated = (instances: readonly InstanceKey[]): ReplacedInstance[] =>
      instances.map(({ resource_id, instance_key }) => ({
        resource_id,
        instance_key,
        at: at.get(resource_id) ?? 0,
      }));
    await this.#keepHistory(tx, item, dated([...gone, ...fresh.flatMap(({ old }) => old ?? [])]));
    await this.#remove(tx, item, dated(gone));
    await upsert(tx, item.table, {
      key: ['resource_id', 'instance_key'],
      rows: fresh.map((change) => ({
        resource_id: change.resourceId,
        instance_key: change.row.key,
        fingerprint: change.row.fingerprint,
        revision_id: (change.old?.revision_id ?? 0) + 1,
        time_stamp: change.at,
        ...change.row.columns(),
      })),
    });
  }

  async #keepHistory(tx: Tx, item: CatalogueClass, replaced: readonly ReplacedInstance[]): Promise<void> {
    if (replaced.length === 0) return;
    const names = instanceColumnNames(item);
    await tx.execute(
      `INSERT INTO {${item.historyTable}} (${quoted(names)}, replaced_at)
       SELECT ${quoted(names, 'i.')}, v.at FROM ${namedInstances(tx.dialect, item.table)}`,
      { instances: instanceList(replaced) },
    );
  }

  async #remove(tx: Tx, item: CatalogueClass, gone: readonly ReplacedInstance[]): Promise<void> {
    if (gone.length === 0) return;
    await tx.execute(`DELETE FROM {${item.table}} WHERE ${isAmongInstances(tx.dialect)}`, {
      instances: instanceList(gone),
    });
  }

  async reportsOf(
    on: Queryable,
    resourceId: number,
  ): Promise<Pick<StoredReport, 'source' | 'reported_at'>[]> {
    return on.query(
      'SELECT source, reported_at FROM {inventory_report} WHERE resource_id = :resourceId ORDER BY source',
      { resourceId },
    );
  }

  /** The instances of one resource, or what they were, newest first. */
  async instances(
    on: Queryable,
    item: CatalogueClass,
    resourceId: number,
    options: { readonly history: boolean; readonly limit: number },
  ): Promise<readonly (StoredInstance & { readonly replaced_at?: number })[]> {
    const columns = [
      ...INSTANCE_COLUMNS,
      ...(options.history ? ['replaced_at'] : []),
      ...item.properties.map(({ column }) => column),
    ];
    return on.query(
      `SELECT ${quoted(columns)}
       FROM {${options.history ? item.historyTable : item.table}} WHERE resource_id = :resourceId
       ORDER BY ${options.history ? 'replaced_at DESC, id DESC' : 'instance_key'} ${limitSql(on.dialect, options.limit)}`,
      { resourceId },
    );
  }

  /** Forgets a resource that was deleted in this transaction: after that nobody adds to it. */
  async removeResource(tx: Tx, resourceId: number): Promise<void> {
    for (const { table, historyTable } of inventoryClasses)
      for (const name of [table, historyTable])
        await tx.execute(`DELETE FROM {${name}} WHERE resource_id = :resourceId`, { resourceId });
  }

  /** Deletes at most `limit` rows of a class's history that were replaced before a time; how many. */
  async pruneHistory(on: Queryable, item: CatalogueClass, before: number, limit: number): Promise<number> {
    // The oldest have the lowest numbers: no index on the time is needed.
    return on.execute(
      `DELETE FROM {${item.historyTable}} WHERE replaced_at < :before AND id IN
         (SELECT id FROM {${item.historyTable}} ORDER BY id ${limitSql(on.dialect, limit)})`,
      { before },
    );
  }
}

const quoted = (names: readonly string[], prefix = ''): string =>
  names.map((name) => `${prefix}"${name}"`).join(', ');

const instance = (resourceId: number, key: string): string => `${resourceId}:${key}`;

function* parts(changes: readonly GroupChange[]): Generator<readonly GroupChange[]> {
  let part: GroupChange[] = [];
  let rows = 0;
  for (const change of changes) {
    part.push(change);
    rows += change.rows.length;
    if (rows < ROWS_AT_ONCE) continue;
    yield part;
    part = [];
    rows = 0;
  }
  if (part.length > 0) yield part;
}
