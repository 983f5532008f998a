import type { AuditCheckpoint, AuditRecord } from '@espalier/contracts';
import type { AuditHead } from './audit-head.store.js';
import type { AuditSigner } from './audit-signer.js';
import { GENESIS_HASH, hashRecord } from './audit.canonical.js';

/** Something in the log that nobody with the keyring wrote. */
export interface AuditFinding {
  /** The first sequence that cannot be relied on. */
  readonly sequence: number;
  /** For people. */
  readonly text: string;
}

/** Where a check stands; small, so that a job can keep it. */
export interface ChainState {
  /** Sequence of the record that comes next, and the hash that it must follow; null: not known. */
  next: number;
  prevHash: string | null;
  /** The newest checkpoint whose signature is good; null: not known, its sequence 0: there is none. */
  checkpoint: { sequence: number; hash: string } | null;
  /** Sequence of the newest checkpoint that was looked at, good or not. */
  looked: number;
  /** Up to which sequence retention has deleted records, by its own record. */
  floor: number;
  /** Records that are gone up to a checkpoint, first and last: all right where retention says so, further on. */
  gaps: [number, number][];
}

/** More gaps than retention makes while a check runs. */
const MAX_GAPS = 3;

/**
 * Checks the chain, record by record and checkpoint by checkpoint, both in the order of their sequence, a checkpoint
 * after its record. Goes on after a finding with what is there. No input or output of its own.
 */
export class ChainChecker {
  readonly findings: AuditFinding[] = [];

  constructor(
    readonly state: ChainState,
    private readonly signers: readonly AuditSigner[],
  ) {}

  record(record: AuditRecord): void {
    const { state } = this;
    const { sequence, prevHash, hash, action, details } = record;
    if (sequence > state.next) this.#gap(record);
    else if (state.prevHash !== null && prevHash !== state.prevHash)
      this.#found(sequence, `Record ${sequence} does not follow the record before it.`);
    state.next = sequence + 1;
    state.prevHash = hash;
    if (hashRecord(record) !== hash)
      this.#found(
        sequence,
        `Record ${sequence} is not what was written: it was changed, or put in the place of another.`,
      );
    else if (action === 'audit.prune') state.floor = Math.max(state.floor, Number(details['through']));
    else if (action === 'audit.head-changed')
      this.#found(
        Number(details['lastCheckpoint']) + 1,
        `Before record ${sequence} the head of the log was changed from outside: what is between the checkpoint before it and that record cannot be relied on.`,
      );
  }

  checkpoint(checkpoint: AuditCheckpoint): void {
    const { state } = this;
    const { sequence, hash, keyId, signed, signature, previous } = checkpoint;
    state.looked = sequence;
    const signer = this.signers.find(({ id }) => id === keyId);
    if (signer?.verifies(signed, signature) !== true) {
      this.#found(sequence, `The checkpoint at ${sequence} is forged: its signature is not ours.`);
      return;
    }
    const before = state.checkpoint;
    if (before !== null && previous !== before.sequence)
      this.#found(before.sequence + 1, `Checkpoints between ${before.sequence} and ${sequence} are missing.`);
    if (sequence === state.next - 1) {
      if (state.prevHash !== null && state.prevHash !== hash)
        this.#found(
          (before?.sequence ?? 0) + 1,
          `The records up to ${sequence} are not those that the checkpoint there was made for.`,
        );
      state.prevHash ??= hash;
    }
    state.checkpoint = { sequence, hash };
  }

  /** True where gaps are left that a record further on may still explain. */
  get hasOpenGaps(): boolean {
    return this.state.gaps.some(([, last]) => last > this.state.floor);
  }

  /** When all records up to the head have been checked. `newest`: sequence of the newest record that is there. */
  end(head: AuditHead, newest: number): void {
    const { state } = this;
    for (const [first, last] of state.gaps) if (last > state.floor) this.#missing(first, last);
    if (state.next <= head.sequence) this.#missing(state.next, head.sequence);
    else if (state.prevHash !== null && state.prevHash !== head.hash)
      this.#found(this.#unsigned, `The records do not end with the one that the head of the log names.`);
    if (newest > head.sequence)
      this.#found(head.sequence + 1, `Records after ${head.sequence} were added from outside.`);
    const isUntouched = head.sequence === 0 && head.seal === '' && this.signers.length === 0;
    if (!isUntouched && !this.signers.some((signer) => signer.sealOf(head) === head.seal))
      this.#found(this.#unsigned, `The head of the log was changed from outside.`);
    if (state.checkpoint !== null && state.checkpoint.sequence < head.checkpointSequence)
      this.#found(this.#unsigned, `The checkpoint at ${head.checkpointSequence} is missing.`);
  }

  get #unsigned(): number {
    return (this.state.checkpoint?.sequence ?? 0) + 1;
  }

  #gap({ sequence, prevHash }: AuditRecord): void {
    const { checkpoint, gaps, next } = this.state;
    const endsAtCheckpoint = checkpoint?.sequence === sequence - 1 && checkpoint.hash === prevHash;
    if (endsAtCheckpoint && gaps.length < MAX_GAPS) gaps.push([next, sequence - 1]);
    else this.#missing(next, sequence - 1);
  }

  #missing(first: number, last: number): void {
    this.#found(
      first,
      first === last ? `Record ${first} is missing.` : `Records ${first} to ${last} are missing.`,
    );
  }

  #found(sequence: number, text: string): void {
    this.findings.push({ sequence, text });
  }
}

/** A check from the first record that there ever was. */
export const fromTheBeginning = (): ChainState => ({
  next: 1,
  prevHash: GENESIS_HASH,
  checkpoint: { sequence: 0, hash: GENESIS_HASH },
  looked: 0,
  floor: 0,
  gaps: [],
});
