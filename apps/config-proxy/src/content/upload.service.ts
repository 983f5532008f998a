import { isEspalierError, libraryErrors, type NewUpload } from '@espalier/contracts';
import type { Database, Page, Tx } from '@espalier/persistence';
import type { Logger } from '@espalier/service-kit';
import type { Author } from '../library/thing.service.js';
import type { BlobStore } from './blob.store.js';
import type { ContentFiles } from './content.files.js';
import type { ContentItem, ContentStore } from './content.store.js';
import type { UploadLeases } from './upload-lease.js';
import type { StoredUpload, UploadStore } from './upload.store.js';

/** An upload that nobody goes on with is given up after so long, in ms. */
export const ABANDONED_AFTER_MS = 86_400_000;
/** What stays free on the disk, in bytes. */
const RESERVE_BYTES = 1_024 ** 3;

export interface UploadServiceOptions {
  readonly db: Database;
  readonly store: UploadStore;
  readonly contents: ContentStore;
  readonly blobs: BlobStore;
  readonly files: ContentFiles;
  readonly leases: UploadLeases;
  /** Bytes that the store may hold; undefined: as many as the disk has. */
  readonly quotaBytes?: number | undefined;
  readonly logger: Logger;
  readonly now: () => Date;
  readonly uuid: () => string;
}

/** An upload and how far it has come. */
export interface UploadProgress extends StoredUpload {
  readonly offset: number;
  /** True where the store has this very file already. */
  readonly known: boolean;
}

/**
 * Takes content in, in parts, so that a broken connection or a killed service costs only what was in flight. How far
 * an upload has come is what lies on disk. Content exists once its row is committed, and by then the file is whole,
 * verified and safe from a loss of power.
 */
export class UploadService {
  readonly #options: UploadServiceOptions;
  readonly #finishing = new Map<string, Promise<ContentItem>>();

  constructor(options: UploadServiceOptions) {
    this.#options = options;
  }

  /** @throws EspalierError ESP_CONTENT_STORE_FULL, ESP_CONTENT_STORE_MISSING */
  async create(tx: Tx, asked: NewUpload, by: Author): Promise<StoredUpload> {
    const { store, blobs, now, uuid } = this.#options;
    const { sha256, size, fileName, name = fileName } = asked;
    // While the upload stands, the file that it will share is not collected.
    const blob = await blobs.find(tx, sha256, 'share');
    if (blob?.size !== size) await this.#refuseWithoutRoom(tx, size);
    const at = now().getTime();
    const upload = {
      id: uuid(),
      name,
      fileName,
      size,
      sha256,
      createdAt: at,
      createdBy: by.title,
      touchedAt: at,
    };
    await store.insert(tx, upload);
    return upload;
  }

  /** @throws EspalierError ESP_CONTENT_UPLOAD_UNKNOWN */
  async get(id: string): Promise<UploadProgress> {
    const { db, store } = this.#options;
    const upload = await store.find(db, id);
    if (upload === undefined) throw libraryErrors.ESP_CONTENT_UPLOAD_UNKNOWN({ detail: id });
    return this.#progress(upload);
  }

  /** Newest first. */
  async list(limit: number, cursor: string | undefined): Promise<Page<UploadProgress>> {
    const { db, store } = this.#options;
    const { rows, next } = await store.list(db, limit, cursor);
    const uploads = await Promise.all(rows.map((upload) => this.#progress(upload)));
    return { rows: uploads, ...(next !== undefined && { next }) };
  }

  /**
   * Writes a part of the file. Gives the offset at which to go on.
   * @throws EspalierError ESP_CONTENT_UPLOAD_UNKNOWN, ESP_CONTENT_OFFSET_WRONG, ESP_CONTENT_UPLOAD_BUSY,
   * ESP_CONTENT_UPLOAD_TOO_LONG, ESP_CONTENT_UPLOAD_BROKEN_OFF, ESP_CONTENT_STORE_FULL
   */
  async write(id: string, offset: number, body: AsyncIterable<Buffer>): Promise<number> {
    const { files, leases } = this.#options;
    const { size } = await this.get(id);
    return leases.hold(id, async (signal) => {
      const received = await files.received(id);
      if (offset !== received)
        throw libraryErrors.ESP_CONTENT_OFFSET_WRONG({ detail: `Go on at ${received}, not at ${offset}.` });
      try {
        await files.append(id, { offset, limit: size, signal }, body);
      } catch (error) {
        if (isEspalierError(error)) throw error;
        if (signal.aborted) throw signal.reason;
        throw libraryErrors.ESP_CONTENT_UPLOAD_BROKEN_OFF({ cause: error });
      }
      return files.received(id);
    });
  }

  /**
   * Makes content of a whole upload, or gives what it became before. May take some seconds for each GiB, since the
   * file is read again: what counts is what lies on disk.
   * @throws EspalierError ESP_CONTENT_UPLOAD_UNKNOWN, ESP_CONTENT_UPLOAD_SHORT, ESP_CONTENT_UPLOAD_BUSY,
   * ESP_CONTENT_HASH_WRONG
   */
  finish(id: string): Promise<ContentItem> {
    const running = this.#finishing.get(id);
    if (running !== undefined) return running;
    const finishing = this.#finish(id).finally(() => this.#finishing.delete(id));
    this.#finishing.set(id, finishing);
    return finishing;
  }

  /** @throws EspalierError ESP_CONTENT_UPLOAD_UNKNOWN, ESP_CONTENT_UPLOAD_BUSY */
  async cancel(id: string): Promise<void> {
    const { db, store, files, leases } = this.#options;
    await this.get(id);
    await leases.hold(id, async () => {
      await store.delete(db, id);
      await files.removeUpload(id);
    });
  }

  async #finish(id: string): Promise<ContentItem> {
    const { db, store, contents, leases } = this.#options;
    const upload = await store.find(db, id);
    if (upload === undefined) {
      const content = await contents.find(db, id);
      if (content === undefined) throw libraryErrors.ESP_CONTENT_UPLOAD_UNKNOWN({ detail: id });
      return content;
    }
    return leases.hold(id, async (signal) => {
      const file = await this.#publish(upload, signal);
      return this.#commit(upload, file);
    });
  }

  /** Gives the name of the object; undefined where the store has the same file already. */
  async #publish(upload: StoredUpload, signal: AbortSignal): Promise<string | undefined> {
    const { db, store, blobs, files, logger } = this.#options;
    const { id, sha256, size } = upload;
    const blob = await blobs.find(db, sha256);
    if (blob?.size === size) return undefined;
    if (await files.isPublished(id, sha256, size)) return files.nameOf(id, sha256);
    const received = await files.received(id);
    if (received < size)
      throw libraryErrors.ESP_CONTENT_UPLOAD_SHORT({ detail: `Go on at ${received}; it has ${size} bytes.` });
    const digest = await files.digest(id, signal);
    if (digest !== sha256) {
      logger.warn({ uploadId: id, announced: sha256, arrived: digest }, 'an upload was thrown away');
      await store.delete(db, id);
      await files.removeUpload(id);
      throw libraryErrors.ESP_CONTENT_HASH_WRONG({ detail: `It has ${digest}.` });
    }
    return files.publish(id, sha256);
  }

  async #commit(upload: StoredUpload, file: string | undefined): Promise<ContentItem> {
    const { db, store, contents, blobs, files, logger, now } = this.#options;
    const { id, name, fileName, size, sha256, createdBy } = upload;
    const item = { id, name, fileName, size, sha256, createdBy, createdAt: now().getTime() };
    const usesFile = await db.transaction(async (tx) => {
      const isNew =
        file !== undefined && (await blobs.insert(tx, { sha256, size, file, createdAt: item.createdAt }));
      await contents.insert(tx, item);
      await store.delete(tx, id);
      return isNew;
    });
    logger.info({ contentId: id, fileName, size, sha256, by: createdBy }, 'content uploaded');
    // What is left where this is not reached is swept up later.
    if (!usesFile) {
      await files.removeUpload(id);
      if (file !== undefined) await files.removeObject(file);
    }
    return { ...item, distributed: false };
  }

  async #progress(upload: StoredUpload): Promise<UploadProgress> {
    const { db, blobs, files } = this.#options;
    const { id, sha256, size } = upload;
    const known =
      (await blobs.find(db, sha256))?.size === size || (await files.isPublished(id, sha256, size));
    return { ...upload, offset: known ? size : await files.received(id), known };
  }

  async #refuseWithoutRoom(tx: Tx, size: number): Promise<void> {
    const { store, blobs, files, quotaBytes } = this.#options;
    const announced = await store.announcedBytes(tx);
    const free = (await files.freeBytes()) - RESERVE_BYTES;
    // Of uploads that are under way some is on disk already; the check errs on the safe side.
    if (size + announced > free)
      throw libraryErrors.ESP_CONTENT_STORE_FULL({
        detail: `The disk has room for ${Math.max(0, free - announced)} bytes more.`,
      });
    if (quotaBytes === undefined) return;
    const left = quotaBytes - announced - (await blobs.storedBytes(tx));
    if (size > left)
      throw libraryErrors.ESP_CONTENT_STORE_FULL({
        detail: `Of the quota of ${quotaBytes} bytes ${Math.max(0, left)} are left.`,
      });
  }
}
