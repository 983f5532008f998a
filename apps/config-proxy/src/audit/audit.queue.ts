import { auditErrors, isEspalierError } from '@espalier/contracts';
import type { Database, Tx } from '@espalier/persistence';
import type { AuditEntry } from './audit.entry.js';

export interface AuditQueueOptions {
  readonly db: Pick<Database, 'transaction'>;
  readonly append: (tx: Tx, entries: readonly AuditEntry[]) => Promise<void>;
}

interface Waiting {
  readonly entry: AuditEntry;
  readonly written: PromiseWithResolvers<void>;
}

const AT_ONCE = 200;
/** More than that wait only where the database has stopped: then it is better to say so. */
const MAX_WAITING = 5_000;

/** Writes what comes while a write is under way in the next one: one commit and one turn at the head for all. */
export class AuditQueue {
  readonly #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;

  constructor(private readonly options: AuditQueueOptions) {}

  /** Resolves when the entry is stored. @throws EspalierError ESP_AUDIT_UNAVAILABLE */
  add(entry: AuditEntry): Promise<void> {
    if (this.#waiting.length >= MAX_WAITING)
      return Promise.reject(auditErrors.ESP_AUDIT_UNAVAILABLE({ detail: 'Too much waits to be recorded.' }));
    const written = Promise.withResolvers<void>();
    this.#waiting.push({ entry, written });
    this.#writing ??= this.#writeAll();
    return written.promise;
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) await this.#write(this.#waiting.splice(0, AT_ONCE));
    this.#writing = undefined;
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const { db, append } = this.options;
    try {
      const entries = batch.map(({ entry }) => entry);
      await db.transaction((tx) => append(tx, entries));
      for (const { written } of batch) written.resolve();
    } catch (cause) {
      const isSaid = isEspalierError(cause) && cause.code === 'ESP_AUDIT_UNAVAILABLE';
      const error = isSaid ? cause : auditErrors.ESP_AUDIT_UNAVAILABLE({ cause });
      for (const { written } of batch) written.reject(error);
    }
  }
}
