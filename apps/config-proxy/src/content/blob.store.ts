import { insertIfAbsent, limitSql, rowLock, type Queryable, type Tx } from '@espalier/persistence';

/** Bytes on disk, shared by all content that has the same. */
export interface Blob {
  readonly sha256: string;
  readonly size: number;
  /** Name of the object. */
  readonly file: string;
  readonly createdAt: number;
}

const FORSAKEN = `NOT EXISTS (SELECT 1 FROM {content_item} i WHERE i.sha256 = b.sha256)
  AND NOT EXISTS (SELECT 1 FROM {content_upload} u WHERE u.sha256 = b.sha256)`;

/** The only user of the table `content_blob`. */
export class BlobStore {
  /** What the content port serves under this name. */
  async findDistributed(on: Queryable, sha256: string, fileName: string): Promise<Blob | undefined> {
    const [row] = await on.prepared<BlobRow>(
      'content_distributed',
      `SELECT b.sha256, b.size, b."file", b.created_at FROM {content_blob} b WHERE b.sha256 = :sha256
         AND EXISTS (SELECT 1 FROM {content_item} i INNER JOIN {content_reference} r ON r.content_id = i.id
           WHERE i.sha256 = :sha256 AND i.file_name = :fileName)`,
      { sha256, fileName },
    );
    return row === undefined ? undefined : toBlob(row);
  }

  /** @param lock keeps it until the transaction ends */
  async find(on: Queryable, sha256: string, lock?: 'share' | 'update'): Promise<Blob | undefined> {
    const { hint, end } = lock === undefined ? { hint: '', end: '' } : rowLock(on.dialect, 'b', lock);
    const [row] = await on.query<BlobRow>(
      `SELECT b.sha256, b.size, b."file", b.created_at FROM {content_blob} b ${hint} WHERE b.sha256 = :sha256 ${end}`,
      { sha256 },
    );
    return row === undefined ? undefined : toBlob(row);
  }

  /** False where there is one already. */
  insert(tx: Tx, { sha256, size, file, createdAt }: Blob): Promise<boolean> {
    return insertIfAbsent(tx, 'content_blob', ['sha256'], { sha256, size, file, created_at: createdAt });
  }

  /** Bytes of all that is stored. */
  async storedBytes(on: Queryable): Promise<number> {
    const [row] = await on.query<{ bytes: number | string | null }>(
      'SELECT SUM(size) AS bytes FROM {content_blob}',
    );
    return Number(row?.bytes ?? 0);
  }

  /** Bytes that no content has and no upload is about to have. */
  async listForsaken(on: Queryable, limit: number): Promise<Blob[]> {
    const rows = await on.query<BlobRow>(
      `SELECT b.sha256, b.size, b."file", b.created_at FROM {content_blob} b WHERE ${FORSAKEN}
       ORDER BY b.sha256 ${limitSql(on.dialect, limit)}`,
    );
    return rows.map(toBlob);
  }

  /** False where somebody needs it by now. The row is locked by the caller. */
  async deleteForsaken(tx: Tx, sha256: string): Promise<boolean> {
    const [row] = await tx.query<BlobRow>(
      `SELECT b.sha256 FROM {content_blob} b WHERE b.sha256 = :sha256 AND ${FORSAKEN}`,
      { sha256 },
    );
    if (row === undefined) return false;
    return (await tx.execute('DELETE FROM {content_blob} WHERE sha256 = :sha256', { sha256 })) > 0;
  }

  /** Which of these objects are known. */
  async knownFiles(on: Queryable, files: readonly string[]): Promise<Set<string>> {
    if (files.length === 0) return new Set();
    const rows = await on.query<{ file: string }>(
      'SELECT b."file" FROM {content_blob} b WHERE b."file" IN (:files)',
      { files },
    );
    return new Set(rows.map(({ file }) => file));
  }
}

interface BlobRow {
  readonly sha256: string;
  readonly size: number;
  readonly file: string;
  readonly created_at: number;
}

const toBlob = (row: BlobRow): Blob => ({
  sha256: row.sha256,
  size: row.size,
  file: row.file,
  createdAt: row.created_at,
});
