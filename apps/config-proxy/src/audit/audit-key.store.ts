import { auditErrors, type AuditKey } from '@espalier/contracts';
import { insertRows, type Queryable, type Tx } from '@espalier/persistence';
import type { Keyring } from '@espalier/secrets';
import { AuditSigner, newSigningKey } from './audit-signer.js';

interface Row {
  readonly id: string;
  readonly created_at: number;
  readonly private_key: string;
}

/** A signing key with the time when it was made. */
export interface StoredSigner {
  readonly signer: AuditSigner;
  readonly createdAt: number;
}

/** The only user of `audit_key`: private keys, each sealed for its row. */
export class AuditKeyStore {
  #active: AuditSigner | undefined;

  constructor(private readonly vault: Keyring) {}

  /**
   * The key that signs now, made at first use; whoever calls holds the head. `isNew`: there was none before.
   * @throws EspalierError ESP_AUDIT_UNAVAILABLE where the keyring does not open it
   */
  async active(tx: Tx, at: number): Promise<{ readonly signer: AuditSigner; readonly isNew: boolean }> {
    if (this.#active !== undefined) return { signer: this.#active, isNew: false };
    const newest = (await this.all(tx)).at(-1)?.signer;
    const signer = newest ?? (await this.#make(tx, at));
    // A transaction that fails leaves no key behind.
    tx.afterCommit(() => {
      this.#active = signer;
    });
    return { signer, isNew: newest === undefined };
  }

  /**
   * Oldest first. Public keys are made of the sealed private ones, and what the keyring does not open is none of ours:
   * nobody without it can put a key here.
   * @throws EspalierError ESP_AUDIT_UNAVAILABLE where it opens none of them
   */
  async all(on: Queryable): Promise<StoredSigner[]> {
    const rows = await on.query<Row>(
      'SELECT id, created_at, private_key FROM {audit_key} ORDER BY created_at, id',
    );
    let cause: unknown;
    const opened = rows.flatMap(({ id, created_at: createdAt, private_key: sealed }) => {
      try {
        return [{ signer: new AuditSigner(this.vault.open(sealed, contextOf(id))), createdAt }];
      } catch (error) {
        cause = error;
        return [];
      }
    });
    if (opened.length === 0 && rows.length > 0)
      throw auditErrors.ESP_AUDIT_UNAVAILABLE({ detail: 'The keyring does not open its key.', cause });
    return opened;
  }

  async #make(tx: Tx, at: number): Promise<AuditSigner> {
    const pkcs8 = newSigningKey();
    const signer = new AuditSigner(pkcs8);
    const sealed = this.vault.seal(pkcs8, contextOf(signer.id));
    await insertRows(tx, 'audit_key', [{ id: signer.id, created_at: at, private_key: sealed }]);
    return signer;
  }
}

const contextOf = (row: string) => ({ table: 'audit_key', column: 'private_key', row });

export const keyView = ({ signer, createdAt }: StoredSigner): AuditKey => ({
  id: signer.id,
  publicKey: signer.publicKey,
  createdAt,
});
