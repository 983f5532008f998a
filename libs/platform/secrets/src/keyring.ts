import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  randomBytes as nodeRandomBytes,
  type KeyObject,
} from 'node:crypto';
import { SecretsError } from './secrets.error.js';
import {
  decodeSealed,
  encodeSealed,
  isKeyId,
  KEY_BYTES,
  NONCE_BYTES,
  TAG_BYTES,
  type SealedValue,
} from './sealed-value.js';

/** Where a secret lives. A sealed value opens only there. */
export interface SecretContext {
  readonly table: string;
  readonly column: string;
  /** Primary key of the row, as text. */
  readonly row: string;
}

/** A key-encryption key: 32 random bytes under an id (letters, digits, `_`, `-`; at most 64). */
export interface KeyEncryptionKey {
  readonly id: string;
  readonly key: Uint8Array;
}

/**
 * Seals secrets for storage: AES-256-GCM under a random data key per value, the data key wrapped (AES-256-GCM) by
 * the active key-encryption key; table, column and row are authenticated with both. All methods are synchronous
 * and throw SecretsError.
 */
export interface Keyring {
  readonly activeId: string;
  readonly ids: readonly string[];
  /** Text for a longText column: about 150 characters plus 4/3 of the plaintext. */
  seal(plaintext: Uint8Array, context: SecretContext): string;
  open(sealed: string, context: SecretContext): Buffer;
  /** True where an older key than the active one wraps the value. */
  needsRewrap(sealed: string): boolean;
  /** The same secret under the active key; the plaintext is not touched. */
  rewrap(sealed: string, context: SecretContext): string;
}

/** `randomBytes` is for tests with known answers. */
export function createKeyring(
  keys: readonly KeyEncryptionKey[],
  activeId: string,
  options: { readonly randomBytes?: (size: number) => Buffer } = {},
): Keyring {
  const byId = new Map<string, KeyObject>();
  for (const { id, key } of keys) {
    if (!isKeyId(id)) throw new SecretsError('keyring', `Not a key id: ${JSON.stringify(id)}`);
    if (key.length !== KEY_BYTES) throw new SecretsError('keyring', `Key ${id} has not ${KEY_BYTES} bytes`);
    if (byId.has(id)) throw new SecretsError('keyring', `Two keys have the id ${id}`);
    byId.set(id, createSecretKey(key));
  }
  if (!byId.has(activeId))
    throw new SecretsError('keyring', `The active key ${activeId} is not in the keyring`);
  return new AesKeyring(byId, activeId, options.randomBytes ?? nodeRandomBytes);
}

class AesKeyring implements Keyring {
  readonly #keys: ReadonlyMap<string, KeyObject>;

  constructor(
    keys: ReadonlyMap<string, KeyObject>,
    readonly activeId: string,
    private readonly randomBytes: (size: number) => Buffer,
  ) {
    this.#keys = keys;
  }

  get ids(): readonly string[] {
    return [...this.#keys.keys()];
  }

  seal(plaintext: Uint8Array, context: SecretContext): string {
    const dataKey = this.randomBytes(KEY_BYTES);
    const aad = encodeContext(context);
    const body = this.encrypt(createSecretKey(dataKey), plaintext, aad);
    const sealed = encodeSealed({ ...this.wrap(dataKey, aad), body });
    dataKey.fill(0);
    return sealed;
  }

  open(sealed: string, context: SecretContext): Buffer {
    const value = decodeSealed(sealed);
    const aad = encodeContext(context);
    const dataKey = this.unwrap(value, aad);
    try {
      return decrypt(createSecretKey(dataKey), value.body, aad);
    } finally {
      dataKey.fill(0);
    }
  }

  needsRewrap(sealed: string): boolean {
    return decodeSealed(sealed).keyId !== this.activeId;
  }

  rewrap(sealed: string, context: SecretContext): string {
    const value = decodeSealed(sealed);
    const aad = encodeContext(context);
    const dataKey = this.unwrap(value, aad);
    const rewrapped = encodeSealed({ ...this.wrap(dataKey, aad), body: value.body });
    dataKey.fill(0);
    return rewrapped;
  }

  private wrap(dataKey: Buffer, aad: Buffer): Omit<SealedValue, 'body'> {
    const wrappedKey = this.encrypt(this.key(this.activeId), dataKey, wrapAad(this.activeId, aad));
    return { keyId: this.activeId, wrappedKey };
  }

  private unwrap({ keyId, wrappedKey }: SealedValue, aad: Buffer): Buffer {
    return decrypt(this.key(keyId), wrappedKey, wrapAad(keyId, aad));
  }

  private key(id: string): KeyObject {
    const key = this.#keys.get(id);
    if (key === undefined) {
      throw new SecretsError(
        'unknown-key',
        `The keyring lacks the key ${id} that this secret was sealed with`,
      );
    }
    return key;
  }

  private encrypt(key: KeyObject, plaintext: Uint8Array, aad: Buffer): Buffer {
    const nonce = this.randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(aad);
    return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  }
}

/** `sealed` is nonce | ciphertext | tag. */
function decrypt(key: KeyObject, sealed: Buffer, aad: Buffer): Buffer {
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const tag = sealed.subarray(-TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
    .setAAD(aad)
    .setAuthTag(tag);
  const plaintext = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES));
  try {
    return Buffer.concat([plaintext, decipher.final()]);
  } catch (cause) {
    plaintext.fill(0);
    throw new SecretsError('tampered', 'The sealed value was changed, or belongs to another row', { cause });
  }
}

/** Length-prefixed, so that no two contexts give the same bytes. */
function encodeContext({ table, column, row }: SecretContext): Buffer {
  return Buffer.concat([table, column, row].flatMap((part) => lengthPrefixed(Buffer.from(part))));
}

/** Says what a wrapped key is and under which key, so that neither can be passed off as another. */
function wrapAad(keyId: string, context: Buffer): Buffer {
  return Buffer.concat([Buffer.from('espalier data key'), ...lengthPrefixed(Buffer.from(keyId)), context]);
}

function lengthPrefixed(bytes: Buffer): [Buffer, Buffer] {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return [length, bytes];
}
