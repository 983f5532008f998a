import { insertRows, limitSql, page, type Page, type Queryable, type Tx } from '@espalier/persistence';
import type { ContentItem } from './content.store.js';

/** An upload that is under way: a file to be. */
export interface StoredUpload extends Omit<ContentItem, 'distributed'> {
  readonly touchedAt: number;
}

const UPLOAD = 'id, name, file_name, size, sha256, created_at, created_by, touched_at';

/**
 * The only user of the table `content_upload`. Whoever writes to an upload leases it: two writers would leave bytes
 * that neither of them sent.
 */
export class UploadStore {
  async insert(tx: Tx, upload: StoredUpload): Promise<void> {
    await insertRows(tx, 'content_upload', [
      {
        id: upload.id,
        name: upload.name,
        file_name: upload.fileName,
        size: upload.size,
        sha256: upload.sha256,
        created_at: upload.createdAt,
        created_by: upload.createdBy,
        touched_at: upload.touchedAt,
        writer: null,
        writer_until: 0,
      },
    ]);
  }

  async find(on: Queryable, id: string): Promise<StoredUpload | undefined> {
    const [row] = await on.query<UploadRow>(`SELECT ${UPLOAD} FROM {content_upload} WHERE id = :id`, { id });
    return row === undefined ? undefined : toUpload(row);
  }

  /** Newest first. */
  async list(on: Queryable, limit: number, cursor: string | undefined): Promise<Page<StoredUpload>> {
    const { rows, next } = await page<UploadRow>(on, {
      sql: `SELECT ${UPLOAD} FROM {content_upload}`,
      orderBy: ['created_at desc', 'id'],
      limit,
      after: cursor,
    });
    return { rows: rows.map(toUpload), ...(next !== undefined && { next }) };
  }

  /** Takes the upload, or keeps it; false where another writer has it, or it is gone. */
  async lease(on: Queryable, id: string, writer: string, now: number, until: number): Promise<boolean> {
    const changed = await on.execute(
      `UPDATE {content_upload} SET writer = :writer, writer_until = :until, touched_at = :now
       WHERE id = :id AND (writer IS NULL OR writer = :writer OR writer_until < :now)`,
      { id, writer, now, until },
    );
    return changed > 0;
  }

  async release(on: Queryable, id: string, writer: string, now: number): Promise<void> {
    await on.execute(
      `UPDATE {content_upload} SET writer = NULL, writer_until = 0, touched_at = :now
       WHERE id = :id AND writer = :writer`,
      { id, writer, now },
    );
  }

  async delete(on: Queryable, id: string): Promise<boolean> {
    return (await on.execute('DELETE FROM {content_upload} WHERE id = :id', { id })) > 0;
  }

  /** Bytes that all uploads will have. */
  async announcedBytes(on: Queryable): Promise<number> {
    const [row] = await on.query<{ bytes: number | string | null }>(
      'SELECT SUM(size) AS bytes FROM {content_upload}',
    );
    return Number(row?.bytes ?? 0);
  }

  /** Uploads that nobody went on with since `before`. */
  async listAbandoned(on: Queryable, before: number, limit: number): Promise<string[]> {
    const rows = await on.query<{ id: string }>(
      `SELECT id FROM {content_upload} WHERE touched_at < :before
       ORDER BY touched_at ${limitSql(on.dialect, limit)}`,
      { before },
    );
    return rows.map(({ id }) => id);
  }

  /** False where somebody goes on with it after all. */
  async deleteAbandoned(on: Queryable, id: string, before: number): Promise<boolean> {
    const deleted = await on.execute('DELETE FROM {content_upload} WHERE id = :id AND touched_at < :before', {
      id,
      before,
    });
    return deleted > 0;
  }

  /** Which of these uploads there are. */
  async known(on: Queryable, ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const rows = await on.query<{ id: string }>('SELECT id FROM {content_upload} WHERE id IN (:ids)', {
      ids,
    });
    return new Set(rows.map(({ id }) => id));
  }
}

interface UploadRow {
  readonly id: string;
  readonly name: string;
  readonly file_name: string;
  readonly size: number;
  readonly sha256: string;
  readonly created_at: number;
  readonly created_by: string;
  readonly touched_at: number;
}

const toUpload = (row: UploadRow): StoredUpload => ({
  id: row.id,
  name: row.name,
  fileName: row.file_name,
  size: row.size,
  sha256: row.sha256,
  createdAt: row.created_at,
  createdBy: row.created_by,
  touchedAt: row.touched_at,
});
