import { SecretsError } from './secrets.error.js';

export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;
export const KEY_BYTES = 32;
const WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES;

/** Recognisable in a database dump, and carries the format's version. */
const PREFIX = 'es1.';
const KEY_ID = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * A sealed value taken apart. As text: `es1.` and base64url of
 * length of key id (1) | key id | wrapped data key (nonce 12, key 32, tag 16) | nonce 12 | ciphertext | tag 16.
 */
export interface SealedValue {
  /** Which key-encryption key wraps the data key. */
  readonly keyId: string;
  readonly wrappedKey: Buffer;
  /** nonce | ciphertext | tag */
  readonly body: Buffer;
}

export function isKeyId(id: string): boolean {
  return KEY_ID.test(id);
}

export function encodeSealed({ keyId, wrappedKey, body }: SealedValue): string {
  const bytes = Buffer.concat([Buffer.of(keyId.length), Buffer.from(keyId), wrappedKey, body]);
  return PREFIX + bytes.toString('base64url');
}

/** Throws SecretsError (`malformed`) for anything that `encodeSealed` would not have written. */
export function decodeSealed(sealed: string): SealedValue {
  const text = sealed.startsWith(PREFIX) ? sealed.slice(PREFIX.length) : '';
  const bytes = Buffer.from(text, 'base64url');
  const idLength = bytes[0] ?? 0;
  const keyId = bytes.toString('latin1', 1, 1 + idLength);
  const wrappedAt = 1 + idLength;
  const bodyAt = wrappedAt + WRAPPED_BYTES;
  const complete = bytes.length >= bodyAt + NONCE_BYTES + TAG_BYTES;
  // Node ignores stray characters and trailing bits: only the canonical spelling may pass.
  if (!complete || !isKeyId(keyId) || bytes.toString('base64url') !== text) {
    throw new SecretsError('malformed', 'Not a sealed value');
  }
  return { keyId, wrappedKey: bytes.subarray(wrappedAt, bodyAt), body: bytes.subarray(bodyAt) };
}
