import type { Database, Tx } from '@espalier/persistence';
import type { AuditCheckpointStore } from './audit-checkpoint.store.js';
import type { AuditHeadStore } from './audit-head.store.js';
import type { AuditEntry, AuditRecorder } from './audit.entry.js';
import { byItself, type AuditLog } from './audit.log.js';
import type { AuditQueue } from './audit.queue.js';
import type { AuditStore } from './audit.store.js';

export interface AuditServiceOptions {
  readonly db: Database;
  readonly log: AuditLog;
  readonly queue: AuditQueue;
  readonly records: AuditStore;
  readonly head: AuditHeadStore;
  readonly checkpoints: AuditCheckpointStore;
}

/** Records who did what, and lets go of what is old. */
export class AuditService implements AuditRecorder {
  constructor(private readonly options: AuditServiceOptions) {}

  record(tx: Tx, ...entries: readonly AuditEntry[]): Promise<void> {
    return entries.length === 0 ? Promise.resolve() : this.options.log.append(tx, entries);
  }

  recordAlone(entry: AuditEntry): Promise<void> {
    return this.options.queue.add(entry);
  }

  /**
   * Deletes old records up to a checkpoint from before `before` (epoch ms), and records that; how many went. More
   * than `limit` only where the checkpoints are further apart.
   */
  prune(before: number, limit: number): Promise<number> {
    const { db, head, records, checkpoints } = this.options;
    return db.transaction(async (tx) => {
      // Held first, so that two replicas do not delete the same.
      await head.lock(tx);
      const oldest = await records.oldest(tx);
      if (oldest === undefined) return 0;
      const through = await checkpoints.endOfRetention(tx, oldest, before, limit);
      if (through === undefined) return 0;
      const count = await records.deleteThrough(tx, through);
      await this.record(tx, {
        ...byItself,
        action: 'audit.prune',
        outcome: 'succeeded',
        targets: [],
        details: { through, count },
      });
      return count;
    });
  }
}
