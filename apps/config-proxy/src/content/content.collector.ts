import type { Database } from '@espalier/persistence';
import type { Logger } from '@espalier/service-kit';
import type { BlobStore } from './blob.store.js';
import { uploadOf, type ContentFiles, type StoredFile } from './content.files.js';
import type { ContentStore } from './content.store.js';
import { ABANDONED_AFTER_MS } from './upload.service.js';
import type { UploadStore } from './upload.store.js';

/** Content that nothing refers to stays so long, in ms: whoever uploads it wants to use it. */
const UNUSED_MS = 7 * 86_400_000;
/** Files without a row stay so long, in ms: somebody may be about to write it. */
const STRAY_MS = 86_400_000;
const BATCH = 100;

export interface ContentCollectorOptions {
  readonly db: Database;
  readonly store: ContentStore;
  readonly blobs: BlobStore;
  readonly uploads: UploadStore;
  readonly files: ContentFiles;
  readonly logger: Logger;
  readonly now: () => Date;
}

/**
 * Takes away what nobody needs: rows first, in a transaction, files after it. What a crash leaves between the two is
 * a stray file, which the next sweep finds. Any number of replicas may collect at once.
 */
export class ContentCollector {
  constructor(private readonly options: ContentCollectorOptions) {}

  /** One round. */
  async collect(signal: AbortSignal): Promise<void> {
    const steps = [
      () => this.#giveUpUploads(),
      () => this.#deleteUnused(),
      () => this.#deleteForsaken(),
      () => this.#sweepUploads(signal),
      () => this.#sweepObjects(signal),
    ];
    for (const step of steps) {
      if (signal.aborted) return;
      await step();
    }
  }

  async #giveUpUploads(): Promise<void> {
    const { db, uploads, files, logger } = this.options;
    const before = this.#before(ABANDONED_AFTER_MS);
    for (const id of await uploads.listAbandoned(db, before, BATCH)) {
      if (!(await uploads.deleteAbandoned(db, id, before))) continue;
      await files.removeUpload(id);
      logger.info({ uploadId: id }, 'an abandoned upload was given up');
    }
  }

  async #deleteUnused(): Promise<void> {
    const { db, store, logger } = this.options;
    const before = this.#before(UNUSED_MS);
    for (const id of await store.listUnused(db, before, BATCH)) {
      const deleted = await db.transaction(async (tx) => {
        await store.lock(tx, [id], 'update');
        return store.deleteUnused(tx, id, before);
      });
      if (deleted) logger.info({ contentId: id }, 'unused content was deleted');
    }
  }

  async #deleteForsaken(): Promise<void> {
    const { db, blobs, files, logger } = this.options;
    for (const { sha256, file } of await blobs.listForsaken(db, BATCH)) {
      const deleted = await db.transaction(async (tx) => {
        await blobs.find(tx, sha256, 'update');
        return blobs.deleteForsaken(tx, sha256);
      });
      if (!deleted) continue;
      await files.removeObject(file);
      logger.info({ sha256 }, 'a file that no content has was deleted');
    }
  }

  async #sweepUploads(signal: AbortSignal): Promise<void> {
    const { db, uploads, files, logger } = this.options;
    await this.#sweep(files.uploads(), signal, async (names) => {
      const known = await uploads.known(db, names);
      for (const name of names) {
        if (known.has(name)) continue;
        await files.removeUpload(name);
        logger.info({ file: name }, 'a stray upload was deleted');
      }
    });
  }

  async #sweepObjects(signal: AbortSignal): Promise<void> {
    const { db, blobs, uploads, files, logger } = this.options;
    await this.#sweep(files.objects(), signal, async (names) => {
      // The uploads first: whoever turns one into a row meanwhile is seen by the second look.
      const finishing = await uploads.known(db, names.map(uploadOf));
      const known = await blobs.knownFiles(db, names);
      for (const name of names) {
        if (known.has(name) || finishing.has(uploadOf(name))) continue;
        await files.removeObject(name);
        logger.info({ file: name }, 'a stray file was deleted');
      }
    });
  }

  async #sweep(
    all: AsyncIterable<StoredFile>,
    signal: AbortSignal,
    judge: (names: readonly string[]) => Promise<void>,
  ): Promise<void> {
    const before = this.#before(STRAY_MS);
    let names: string[] = [];
    for await (const { name, touchedAt } of all) {
      if (signal.aborted) return;
      if (touchedAt < before) names.push(name);
      if (names.length < BATCH) continue;
      await judge(names);
      names = [];
    }
    if (names.length > 0) await judge(names);
  }

  #before(ms: number): number {
    return this.options.now().getTime() - ms;
  }
}
