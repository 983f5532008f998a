import { foldText, type ClassModel } from '@espalier/conditions';
import type { LibraryKind } from '@espalier/contracts';
import { insertRows, limitSql, rowLock, type Page, type Queryable, type Tx } from '@espalier/persistence';
import { listPage } from '@espalier/query';
import type { ListQuery } from '../library/thing.store.js';

/** A file that applications and packages may be made of. Times are epoch milliseconds. */
export interface ContentItem {
  readonly id: string;
  readonly name: string;
  readonly fileName: string;
  readonly size: number;
  readonly sha256: string;
  readonly createdAt: number;
  readonly createdBy: string;
  /** True where a revision of an application or package has it. */
  readonly distributed: boolean;
}

const ITEM = `i.id, i.name, i.name_folded, i.file_name, i.size, i.sha256, i.created_at, i.created_by,
  CASE WHEN EXISTS (SELECT 1 FROM {content_reference} r WHERE r.content_id = i.id) THEN 1 ELSE 0 END AS is_distributed`;

const model: ClassModel = {
  name: 'content',
  table: 'content_item',
  keyColumn: 'id',
  single: true,
  properties: [
    { name: 'id', type: 'text', column: 'id' },
    { name: 'name', type: 'text', column: 'name', foldedColumn: 'name_folded' },
    { name: 'fileName', type: 'text', column: 'file_name' },
    { name: 'size', type: 'integer', column: 'size' },
    { name: 'sha256', type: 'text', column: 'sha256' },
    { name: 'createdAt', type: 'time', column: 'created_at' },
    { name: 'createdBy', type: 'text', column: 'created_by' },
    { name: 'distributed', type: 'flag', column: 'is_distributed' },
  ],
};

/** Longest list of one statement. */
const CHUNK = 500;

/** The only user of the tables `content_item` and `content_reference`. */
export class ContentStore {
  async insert(tx: Tx, item: Omit<ContentItem, 'distributed'>): Promise<void> {
    await insertRows(tx, 'content_item', [
      {
        id: item.id,
        name: item.name,
        name_folded: foldText(item.name),
        file_name: item.fileName,
        size: item.size,
        sha256: item.sha256,
        created_at: item.createdAt,
        created_by: item.createdBy,
        unused_since: item.createdAt,
      },
    ]);
  }

  async find(on: Queryable, id: string): Promise<ContentItem | undefined> {
    const [row] = await on.query<ItemRow>(`SELECT ${ITEM} FROM {content_item} i WHERE i.id = :id`, { id });
    return row === undefined ? undefined : toItem(row);
  }

  async list(on: Queryable, query: ListQuery): Promise<Page<ContentItem>> {
    const { rows, next } = await listPage<ItemRow>(on, {
      model,
      sql: `SELECT ${ITEM} FROM {content_item} i`,
      defaultOrder: ['name', 'id'],
      ...query,
    });
    return { rows: rows.map(toItem), ...(next !== undefined && { next }) };
  }

  /** Locks content until the transaction ends, in the order of ids; gives what exists. */
  async lock(tx: Tx, ids: readonly string[], strength: 'share' | 'update'): Promise<Map<string, Locked>> {
    const { hint, end } = rowLock(tx.dialect, 'i', strength);
    const sorted = [...new Set(ids)].sort();
    const found = new Map<string, Locked>();
    for (let from = 0; from < sorted.length; from += CHUNK) {
      const rows = await tx.query<{ id: string; name: string; size: number }>(
        `SELECT i.id, i.name, i.size FROM {content_item} i ${hint} WHERE i.id IN (:ids) ORDER BY i.id ${end}`,
        { ids: sorted.slice(from, from + CHUNK) },
      );
      for (const row of rows) found.set(row.id, row);
    }
    return found;
  }

  async insertReferences(
    tx: Tx,
    by: { readonly thingId: string; readonly revision: number },
    ids: readonly string[],
  ): Promise<void> {
    await insertRows(
      tx,
      'content_reference',
      [...new Set(ids)].sort().map((id) => ({ content_id: id, thing_id: by.thingId, revision: by.revision })),
    );
  }

  /** A thing is deleted: what only it had is unused from now on. */
  async deleteReferences(tx: Tx, thingId: string, now: number): Promise<void> {
    await tx.execute(
      `UPDATE {content_item} SET unused_since = :now
       WHERE id IN (SELECT content_id FROM {content_reference} WHERE thing_id = :thingId)`,
      { now, thingId },
    );
    await tx.execute('DELETE FROM {content_reference} WHERE thing_id = :thingId', { thingId });
  }

  /** Things of which some revision has the content. */
  async thingsWith(
    on: Queryable,
    contentId: string,
  ): Promise<{ id: string; name: string; kind: LibraryKind }[]> {
    return on.query(
      `SELECT DISTINCT t.id, t.name, t.kind FROM {content_reference} r
       INNER JOIN {library_thing} t ON t.id = r.thing_id WHERE r.content_id = :contentId`,
      { contentId },
    );
  }

  async delete(tx: Tx, id: string): Promise<void> {
    await tx.execute('DELETE FROM {content_item} WHERE id = :id', { id });
  }

  /** Content that nothing refers to since before `before`. */
  async listUnused(on: Queryable, before: number, limit: number): Promise<string[]> {
    const rows = await on.query<{ id: string }>(
      `SELECT i.id FROM {content_item} i WHERE i.unused_since < :before
         AND NOT EXISTS (SELECT 1 FROM {content_reference} r WHERE r.content_id = i.id)
       ORDER BY i.unused_since ${limitSql(on.dialect, limit)}`,
      { before },
    );
    return rows.map(({ id }) => id);
  }

  /** False where somebody refers to it by now. The row is locked by the caller. */
  async deleteUnused(tx: Tx, id: string, before: number): Promise<boolean> {
    const deleted = await tx.execute(
      `DELETE FROM {content_item} WHERE id = :id AND unused_since < :before
         AND NOT EXISTS (SELECT 1 FROM {content_reference} r WHERE r.content_id = :id)`,
      { id, before },
    );
    return deleted > 0;
  }
}

/** What is known of content that is locked. */
export interface Locked {
  readonly id: string;
  readonly name: string;
  readonly size: number;
}

interface ItemRow {
  readonly id: string;
  readonly name: string;
  readonly file_name: string;
  readonly size: number;
  readonly sha256: string;
  readonly created_at: number;
  readonly created_by: string;
  readonly is_distributed: number;
}

const toItem = (row: ItemRow): ContentItem => ({
  id: row.id,
  name: row.name,
  fileName: row.file_name,
  size: row.size,
  sha256: row.sha256,
  createdAt: row.created_at,
  createdBy: row.created_by,
  distributed: row.is_distributed === 1,
});
