import type { AuditCheckpoint } from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import type { AuditCheckpointStore } from './audit-checkpoint.store.js';
import type { AuditHeadStore } from './audit-head.store.js';
import { checkpointLine, recordLine } from './audit.canonical.js';
import type { AuditStore } from './audit.store.js';

export interface AuditExporterOptions {
  readonly db: Database;
  readonly records: AuditStore;
  readonly head: AuditHeadStore;
  readonly checkpoints: AuditCheckpointStore;
  /** Records that are in memory at once. */
  readonly atOnce?: number;
}

const AT_ONCE = 500;

/** Writes the log for other systems: what an auditor needs to verify it, and nothing else. */
export class AuditExporter {
  constructor(private readonly options: AuditExporterOptions) {}

  /**
   * The records from a sequence on, a line of JSON each, in the order of the chain, up to the newest one as it is now;
   * each checkpoint stands behind the record that it covers, and the one before the first record comes first.
   */
  async *lines(from: number): AsyncGenerator<Buffer> {
    const { db, records, head, checkpoints, atOnce = AT_ONCE } = this.options;
    const { sequence: through } = await head.read(db);
    for (let next = from; next <= through;) {
      const chain = await records.read(db, next, through, atOnce);
      const [first, last] = [chain[0]?.sequence, chain.at(-1)?.sequence];
      if (first === undefined || last === undefined) return;
      // A checkpoint for each record at most, and the one before.
      const signed = await checkpoints.read(db, next === from ? first - 1 : next, last, atOnce + 1);
      const lines = signed[0]?.sequence === first - 1 ? [lineOf(signed[0])] : [];
      const bySequence = new Map(signed.map((checkpoint) => [checkpoint.sequence, checkpoint]));
      for (const record of chain) {
        lines.push(`${recordLine(record)}\n`);
        const checkpoint = bySequence.get(record.sequence);
        if (checkpoint !== undefined) lines.push(lineOf(checkpoint));
      }
      yield Buffer.from(lines.join(''));
      next = last + 1;
    }
  }
}

const lineOf = (checkpoint: AuditCheckpoint): string => `${checkpointLine(checkpoint)}\n`;
