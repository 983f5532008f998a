import type { AuditRecord } from '@espalier/contracts';
import type { Tx } from '@espalier/persistence';
import type { AuditCheckpointStore } from './audit-checkpoint.store.js';
import type { AuditHead, AuditHeadStore } from './audit-head.store.js';
import type { AuditKeyStore } from './audit-key.store.js';
import type { AuditSigner } from './audit-signer.js';
import { checkpointText, hashRecord, type HashedFields } from './audit.canonical.js';
import { allowedDetails, storable } from './audit.details.js';
import type { AuditEntry } from './audit.entry.js';
import type { AuditStore } from './audit.store.js';

export interface AuditLogOptions {
  readonly records: Pick<AuditStore, 'insert'>;
  readonly head: AuditHeadStore;
  readonly checkpoints: AuditCheckpointStore;
  readonly keys: AuditKeyStore;
  readonly now: () => Date;
  /** Records between two checkpoints at most. */
  readonly checkpointRecords?: number;
  /** Age of the oldest record without a checkpoint, in ms, after which one is made. */
  readonly checkpointMs?: number;
}

const CHECKPOINT_RECORDS = 1_000;
const CHECKPOINT_MS = 10 * 60_000;
const MAX_TARGETS = 1_000;

/** What a service does by itself. */
export const byItself = {
  actor: { type: 'service', id: 'config-proxy', name: 'config-proxy' },
  address: '',
  requestId: '',
} as const;

type Unsealed = Omit<AuditHead, 'seal'>;

/** Appends to the chain and signs it, as whoever holds the head. */
export class AuditLog {
  constructor(private readonly options: AuditLogOptions) {}

  /** Appends entries in the transaction, which holds the head from here on. */
  async append(tx: Tx, entries: readonly AuditEntry[]): Promise<void> {
    const at = this.options.now().getTime();
    const { head, signer, isGenuine } = await this.#lock(tx, at);
    const all = isGenuine ? entries : [headChanged(head), ...entries];
    const records = chain(head, all, at);
    const last = records.at(-1);
    if (last === undefined) return;
    await this.options.records.insert(tx, records);
    await this.#writeHead(tx, { ...head, sequence: last.sequence, hash: last.hash }, signer, at);
  }

  /** Makes a checkpoint where one is due and nobody appends: for a timer. */
  async checkpoint(tx: Tx): Promise<void> {
    const at = this.options.now().getTime();
    const { head, signer, isGenuine } = await this.#lock(tx, at);
    if (!isGenuine) await this.append(tx, []);
    else if (this.#isDue(head, at)) await this.#writeHead(tx, head, signer, at);
  }

  async #lock(tx: Tx, at: number): Promise<{ head: AuditHead; signer: AuditSigner; isGenuine: boolean }> {
    const { head: heads, keys } = this.options;
    const head = await heads.lock(tx);
    const { signer, isNew } = await keys.active(tx, at);
    if (!isNew) return { head, signer, isGenuine: head.seal === signer.sealOf(head) };
    // Only before the first key was made there was nothing to seal with.
    await heads.write(tx, { ...head, seal: signer.sealOf(head) });
    return { head, signer, isGenuine: head.sequence === 0 && head.seal === '' };
  }

  async #writeHead(tx: Tx, head: Unsealed, signer: AuditSigner, at: number): Promise<void> {
    const next = this.#isDue(head, at) ? await this.#sign(tx, head, signer, at) : head;
    await this.options.head.write(tx, { ...next, seal: signer.sealOf(next) });
  }

  #isDue({ sequence, checkpointSequence, checkpointAt }: Unsealed, at: number): boolean {
    const { checkpointRecords = CHECKPOINT_RECORDS, checkpointMs = CHECKPOINT_MS } = this.options;
    const open = sequence - checkpointSequence;
    // A clock that was set back must not put checkpoints off.
    const isOld = Math.abs(at - checkpointAt) >= checkpointMs;
    return open >= checkpointRecords || (open > 0 && isOld);
  }

  async #sign(tx: Tx, head: Unsealed, signer: AuditSigner, at: number): Promise<Unsealed> {
    const { sequence, hash, checkpointSequence: previous } = head;
    const claim = { sequence, hash, at, previous, keyId: signer.id };
    await this.options.checkpoints.insert(tx, claim, signer.sign(checkpointText(claim)));
    return { ...head, checkpointSequence: sequence, checkpointAt: at };
  }
}

/**
 * Somebody wrote to the head who does not hold the keyring. The chain goes on from what they left, and says so for
 * ever: verification finds this record.
 */
const headChanged = (head: AuditHead): AuditEntry => ({
  ...byItself,
  action: 'audit.head-changed',
  outcome: 'failed',
  targets: [],
  details: { claimedSequence: head.sequence, lastCheckpoint: head.checkpointSequence },
});

/** The records that entries become behind the head. */
function chain(head: Unsealed, entries: readonly AuditEntry[], at: number): AuditRecord[] {
  let { sequence, hash } = head;
  return entries.map((entry) => {
    sequence += 1;
    const fields = fieldsOf(entry, sequence, at, hash);
    hash = hashRecord(fields);
    return { ...fields, hash };
  });
}

/** In bounds, and as every database gives it back. */
function fieldsOf(entry: AuditEntry, sequence: number, at: number, prevHash: string): HashedFields {
  const { actor } = entry;
  const optional = (text: string | undefined, length: number): string | null =>
    text === undefined ? null : storable(text, length);
  return {
    sequence,
    at,
    action: storable(entry.action, 64),
    outcome: entry.outcome,
    actor:
      actor === null
        ? null
        : {
            type: actor.type,
            id: storable(actor.id, 256),
            name: storable(actor.name, 256),
            ip: optional(actor.ip, 64),
            auth: optional(actor.auth, 64),
          },
    credentialId: optional(entry.credentialId, 300),
    address: storable(entry.address, 64),
    targets: entry.targets.slice(0, MAX_TARGETS).map(({ type, id, name }) => ({
      type: storable(type, 32),
      id: storable(id, 256),
      name: optional(name, 256),
    })),
    requestId: storable(entry.requestId, 64),
    approvalId: optional(entry.approvalId, 64),
    errorCode: optional(entry.errorCode, 64),
    details: allowedDetails(entry.action, entry.details),
    prevHash,
  };
}
