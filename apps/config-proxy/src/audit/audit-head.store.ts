import { rowLock, type Queryable, type Tx } from '@espalier/persistence';

/** Where the chain ends. */
export interface AuditHead {
  readonly sequence: number;
  readonly hash: string;
  /** The newest checkpoint: its sequence, 0 where there is none, and its time. */
  readonly checkpointSequence: number;
  readonly checkpointAt: number;
  /** HMAC over the rest: see `AuditSigner`. */
  readonly seal: string;
}

interface Row {
  readonly sequence: number;
  readonly hash: string;
  readonly checkpoint_sequence: number;
  readonly checkpoint_at: number;
  readonly seal: string;
}

/** The only user of `audit_head`: one row, which whoever appends holds, so that replicas make one chain. */
export class AuditHeadStore {
  /** Waits for the head, which is the caller's until the transaction ends. */
  async lock(tx: Tx): Promise<AuditHead> {
    const { hint, end } = rowLock(tx.dialect, 'h', 'update');
    return this.#read(tx, hint, end);
  }

  read(on: Queryable): Promise<AuditHead> {
    return this.#read(on, '', '');
  }

  async write(tx: Tx, head: AuditHead): Promise<void> {
    await tx.execute(
      `UPDATE {audit_head} SET sequence = :sequence, hash = :hash, checkpoint_sequence = :checkpointSequence,
         checkpoint_at = :checkpointAt, seal = :seal WHERE id = 1`,
      { ...head },
    );
  }

  async #read(on: Queryable, hint: string, end: string): Promise<AuditHead> {
    const [row] = await on.query<Row>(
      `SELECT h.sequence, h.hash, h.checkpoint_sequence, h.checkpoint_at, h.seal
       FROM {audit_head} h ${hint} WHERE h.id = 1 ${end}`,
    );
    if (row === undefined) throw new Error('the head of the audit log is gone');
    return {
      sequence: row.sequence,
      hash: row.hash,
      checkpointSequence: row.checkpoint_sequence,
      checkpointAt: row.checkpoint_at,
      seal: row.seal,
    };
  }
}
