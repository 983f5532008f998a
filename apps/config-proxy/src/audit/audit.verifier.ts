import type { Database } from '@espalier/persistence';
import type { AuditCheckpointStore } from './audit-checkpoint.store.js';
import type { AuditHeadStore } from './audit-head.store.js';
import type { AuditKeyStore } from './audit-key.store.js';
import type { AuditStore } from './audit.store.js';
import { ChainChecker, fromTheBeginning, type AuditFinding, type ChainState } from './chain.checker.js';

export interface AuditVerifierOptions {
  readonly db: Database;
  readonly records: AuditStore;
  readonly head: AuditHeadStore;
  readonly checkpoints: AuditCheckpointStore;
  readonly keys: AuditKeyStore;
  /** Records that are read at once. */
  readonly atOnce?: number;
}

export interface VerificationStep {
  readonly state: ChainState;
  readonly findings: readonly AuditFinding[];
  /** Records that this step looked at. */
  readonly checked: number;
  readonly finished: boolean;
  /** Sequence of the newest record of the log. */
  readonly through: number;
}

export interface Verification {
  readonly checked: number;
  readonly through: number;
  /** In the order of what they are about. */
  readonly findings: readonly AuditFinding[];
}

const AT_ONCE = 1_000;

/** Tells whether the log is what was written, reading it in small pieces while others append. */
export class AuditVerifier {
  constructor(private readonly options: AuditVerifierOptions) {}

  /** Where a check begins. @param from the oldest record there is unless given */
  async begin(from?: number): Promise<ChainState> {
    if (from === undefined || from <= 1) return fromTheBeginning();
    const { db, records } = this.options;
    const [before] = await records.read(db, from - 1, from - 1, 1);
    const prevHash = before?.hash ?? null;
    // The checkpoint at the record before is looked at too.
    return { next: from, prevHash, checkpoint: null, looked: from - 2, floor: 0, gaps: [] };
  }

  /** Looks at the next records. Does not change `from`. */
  async step(from: ChainState): Promise<VerificationStep> {
    const { db, head: heads, keys, records } = this.options;
    const signers = (await keys.all(db)).map(({ signer }) => signer);
    const checker = new ChainChecker(structuredClone(from), signers);
    // First: what comes after it was appended meanwhile, and is for another check.
    const head = await heads.read(db);
    const { checked, isWhole } = await this.#check(checker, head.sequence);
    const result = { state: checker.state, checked, through: head.sequence };
    if (!isWhole) return { ...result, findings: checker.findings, finished: false };
    const [newest, now] = [await records.newest(db), await heads.read(db)];
    // Retention may have deleted records since, and says so behind what was checked.
    if (checker.hasOpenGaps && now.sequence > head.sequence)
      return { ...result, findings: checker.findings, finished: false };
    checker.end(head, newest <= now.sequence ? head.sequence : newest);
    return { ...result, findings: checker.findings, finished: true };
  }

  /** All of it. */
  async verify(from?: number): Promise<Verification> {
    const findings: AuditFinding[] = [];
    let state = await this.begin(from);
    for (let checked = 0; ;) {
      const step = await this.step(state);
      ({ state } = step);
      checked += step.checked;
      findings.push(...step.findings);
      if (step.finished)
        return {
          checked,
          through: step.through,
          findings: findings.sort((a, b) => a.sequence - b.sequence),
        };
    }
  }

  /** Checks records and checkpoints up to what was read of both. */
  async #check(checker: ChainChecker, through: number): Promise<{ checked: number; isWhole: boolean }> {
    const { db, records, checkpoints, atOnce = AT_ONCE } = this.options;
    const { next, looked } = checker.state;
    const chain = await records.read(db, next, through, atOnce);
    const last = chain.length < atOnce ? through : (chain.at(-1)?.sequence ?? through);
    const signed = await checkpoints.read(db, looked + 1, last, atOnce);
    const end = signed.length < atOnce ? Infinity : (signed.at(-1)?.sequence ?? Infinity);
    let checked = 0;
    for (const item of chain) {
      if (item.sequence > end) break;
      while (signed[0] !== undefined && signed[0].sequence < item.sequence)
        checker.checkpoint(signed.shift() as (typeof signed)[number]);
      checker.record(item);
      checked += 1;
    }
    for (const item of signed) checker.checkpoint(item);
    return { checked, isWhole: chain.length < atOnce && end === Infinity };
  }
}
