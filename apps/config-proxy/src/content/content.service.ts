import { libraryErrors } from '@espalier/contracts';
import type { Database, Page, Tx } from '@espalier/persistence';
import type { Logger } from '@espalier/service-kit';
import type { ListQuery } from '../library/thing.store.js';
import type { Blob, BlobStore } from './blob.store.js';
import type { ContentFiles } from './content.files.js';
import type { ContentItem, ContentStore, Locked } from './content.store.js';
import type { OpenFile } from './open-file.js';

export interface ContentServiceOptions {
  readonly db: Database;
  readonly store: ContentStore;
  readonly blobs: BlobStore;
  readonly files: ContentFiles;
  readonly logger: Logger;
}

/** Content as it lies in the store: seeing it, opening it, and who has it. */
export class ContentService {
  constructor(private readonly options: ContentServiceOptions) {}

  list(query: ListQuery): Promise<Page<ContentItem>> {
    return this.options.store.list(this.options.db, query);
  }

  /** @throws EspalierError ESP_CONTENT_UNKNOWN */
  async get(id: string): Promise<ContentItem> {
    const item = await this.options.store.find(this.options.db, id);
    if (item === undefined) throw libraryErrors.ESP_CONTENT_UNKNOWN({ detail: id });
    return item;
  }

  /**
   * Keeps content from being deleted until the transaction ends.
   * @throws EspalierError ESP_LIBRARY_CONTENT_INVALID naming what does not exist
   */
  async claim(tx: Tx, ids: readonly string[]): Promise<Map<string, Locked>> {
    const found = await this.options.store.lock(tx, ids, 'share');
    const missing = ids.filter((id) => !found.has(id));
    if (missing.length > 0)
      throw libraryErrors.ESP_LIBRARY_CONTENT_INVALID({
        detail: `There is no content ${missing.join(', ')}.`,
      });
    return found;
  }

  /** Says that a revision has content that was claimed. */
  refer(
    tx: Tx,
    by: { readonly thingId: string; readonly revision: number },
    ids: readonly string[],
  ): Promise<void> {
    return this.options.store.insertReferences(tx, by, ids);
  }

  /** Says that a thing is gone. */
  forget(tx: Tx, thingId: string, now: number): Promise<void> {
    return this.options.store.deleteReferences(tx, thingId, now);
  }

  /**
   * Deletes content; its bytes go once nothing else has them.
   * @throws EspalierError ESP_CONTENT_UNKNOWN; ESP_CONTENT_IN_USE naming applications and packages
   */
  async delete(id: string): Promise<void> {
    const { db, store } = this.options;
    await db.transaction(async (tx) => {
      if (!(await store.lock(tx, [id], 'update')).has(id))
        throw libraryErrors.ESP_CONTENT_UNKNOWN({ detail: id });
      const things = await store.thingsWith(tx, id);
      if (things.length > 0) {
        const names = things.slice(0, 10).map((thing) => `the ${thing.kind} "${thing.name}" (${thing.id})`);
        throw libraryErrors.ESP_CONTENT_IN_USE({ detail: `Had by ${names.join(', ')}.` });
      }
      await store.delete(tx, id);
    });
  }

  /**
   * Opens what the content port serves under a name; whoever gets it closes it.
   * @throws EspalierError ESP_CONTENT_UNKNOWN, ESP_CONTENT_STORE_MISSING
   */
  async openDistributed(sha256: string, fileName: string): Promise<OpenFile> {
    const { db, blobs } = this.options;
    const blob = await blobs.findDistributed(db, sha256, fileName);
    if (blob === undefined) throw libraryErrors.ESP_CONTENT_UNKNOWN();
    return this.#open(blob);
  }

  /**
   * Opens content, distributed or not; whoever gets it closes it.
   * @throws EspalierError ESP_CONTENT_UNKNOWN, ESP_CONTENT_STORE_MISSING
   */
  async open(id: string): Promise<{ item: ContentItem; opened: OpenFile }> {
    const { db, blobs } = this.options;
    const item = await this.get(id);
    const blob = await blobs.find(db, item.sha256);
    if (blob === undefined) throw libraryErrors.ESP_CONTENT_UNKNOWN({ detail: id });
    return { item, opened: await this.#open(blob) };
  }

  async #open(blob: Blob): Promise<OpenFile> {
    const file = await this.options.files.open(blob.file);
    try {
      const { size } = await file.stat();
      if (size !== blob.size) {
        this.options.logger.error(
          { file: blob.file, size, wanted: blob.size },
          'the content store is damaged',
        );
        throw libraryErrors.ESP_CONTENT_STORE_MISSING({ detail: 'A file has another size than it had.' });
      }
    } catch (error) {
      await file.close();
      throw error;
    }
    return {
      file,
      size: blob.size,
      modifiedAt: new Date(blob.createdAt),
      digest: Buffer.from(blob.sha256, 'hex'),
    };
  }
}
