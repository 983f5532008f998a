import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  hkdfSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import type { AuditHead } from './audit-head.store.js';

/** PKCS #8, DER, of a new Ed25519 key. */
export const newSigningKey = (): Buffer =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' });

/**
 * Signs checkpoints for others to verify (Ed25519, RFC 8032), and seals the head for ourselves (HMAC-SHA-256, under a
 * key of its own derived by RFC 5869): whoever can write to the database but lacks the keyring can make neither.
 */
export class AuditSigner {
  /** SHA-256 of the public key (SPKI, DER), hex. */
  readonly id: string;
  /** SPKI as PEM. */
  readonly publicKey: string;
  readonly #private: KeyObject;
  readonly #public: KeyObject;
  readonly #headKey: Buffer;

  /** @param pkcs8 DER, as `newSigningKey` gives it */
  constructor(pkcs8: Buffer) {
    this.#private = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
    this.#public = createPublicKey(this.#private);
    this.id = hash('sha256', this.#public.export({ type: 'spki', format: 'der' }), 'hex');
    this.publicKey = this.#public.export({ type: 'spki', format: 'pem' }).toString();
    this.#headKey = Buffer.from(hkdfSync('sha256', pkcs8, '', 'espalier audit head', 32));
  }

  /** Base64. */
  sign(text: string): string {
    return sign(null, Buffer.from(text), this.#private).toString('base64');
  }

  verifies(text: string, signature: string): boolean {
    return verify(null, Buffer.from(text), this.#public, Buffer.from(signature, 'base64'));
  }

  /** What `seal` of this head must be, hex. */
  sealOf({ sequence, hash: tip, checkpointSequence, checkpointAt }: Omit<AuditHead, 'seal'>): string {
    return createHmac('sha256', this.#headKey)
      .update(`espalier-audit-head:v1:${sequence}:${tip}:${checkpointSequence}:${checkpointAt}`)
      .digest('hex');
  }
}
