import { isEspalierError, libraryErrors } from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import type { UploadStore } from './upload.store.js';

/** How long a writer that died holds an upload up, in ms. */
export const LEASE_MS = 15_000;

export interface UploadLeasesOptions {
  readonly db: Database;
  readonly store: UploadStore;
  readonly now: () => Date;
  /** Name of this replica, the same after a restart: it may go on at once where it was killed. */
  readonly replica: string;
  /** Default {@link LEASE_MS}. */
  readonly leaseMs?: number;
}

/** Sees to it that one request at a time writes to an upload, among all replicas. */
export class UploadLeases {
  readonly #options: UploadLeasesOptions;
  readonly #held = new Set<string>();

  constructor(options: UploadLeasesOptions) {
    this.#options = options;
  }

  /**
   * Runs `use` while nobody else writes to the upload. Its signal aborts where that can no longer be promised.
   * @throws EspalierError ESP_CONTENT_UPLOAD_BUSY
   */
  async hold<T>(id: string, use: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#held.has(id)) throw libraryErrors.ESP_CONTENT_UPLOAD_BUSY();
    this.#held.add(id);
    try {
      return await this.#lease(id, use);
    } finally {
      this.#held.delete(id);
    }
  }

  async #lease<T>(id: string, use: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { db, store, replica, now, leaseMs = LEASE_MS } = this.#options;
    const take = async (): Promise<number> => {
      const at = now().getTime();
      if (!(await store.lease(db, id, replica, at, at + leaseMs)))
        throw libraryErrors.ESP_CONTENT_UPLOAD_BUSY();
      return performance.now() + leaseMs;
    };
    let until = await take();
    const lost = new AbortController();
    const renewal = setInterval(() => {
      take().then(
        (renewed) => (until = renewed),
        (error: unknown) => {
          // The database may come back before the lease is over; another writer does not go away.
          const taken = isEspalierError(error) && error.code === 'ESP_CONTENT_UPLOAD_BUSY';
          if (taken || performance.now() + leaseMs / 3 > until) lost.abort(error);
        },
      );
    }, leaseMs / 3);
    try {
      return await use(lost.signal);
    } finally {
      clearInterval(renewal);
      // Else it ends by itself.
      await store.release(db, id, replica, now().getTime()).catch(() => undefined);
    }
  }
}
