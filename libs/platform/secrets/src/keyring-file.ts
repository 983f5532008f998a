import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { createKeyring, type KeyEncryptionKey, type Keyring } from './keyring.js';
import { SecretsError } from './secrets.error.js';
import { KEY_BYTES } from './sealed-value.js';

/** `{"version":1,"active":"k-…","keys":[{"id":"k-…","key":"base64 of 32 bytes","createdAt":"ISO time"}]}` */
interface KeyringFile {
  readonly version: 1;
  readonly active: string;
  readonly keys: readonly { readonly id: string; readonly key: string; readonly createdAt: string }[];
}

export interface LoadKeyringOptions {
  /** Allows mode 0640 and 0440, as Kubernetes gives a mounted Secret with `fsGroup`. Default false. */
  readonly groupMayRead?: boolean;
}

/** Reads a keyring file. Throws SecretsError (`keyring`) where it is missing, malformed or open to others. */
export function loadKeyring(path: string, options: LoadKeyringOptions = {}): Keyring {
  const file = readKeyringFile(path, options);
  const keys: KeyEncryptionKey[] = file.keys.map(({ id, key }) => ({ id, key: Buffer.from(key, 'base64') }));
  return createKeyring(keys, file.active);
}

/** Makes a keyring file (mode 0600) with one key; gives the key's id. Never overwrites. */
export function createKeyringFile(path: string, now: () => Date = () => new Date()): string {
  const key = newKey(now());
  write(path, { version: 1, active: key.id, keys: [key] });
  return key.id;
}

/**
 * Adds a new key to the file and makes it the active one; gives its id. Older keys stay, for what they sealed: every
 * replica must have the new file before the first of them seals with it, and rewrapping comes after.
 */
export function rotateKeyringFile(path: string, now: () => Date = () => new Date()): string {
  const file = readKeyringFile(path, {});
  const key = newKey(now());
  const next = `${path}.next-${key.id}`;
  write(next, { version: 1, active: key.id, keys: [...file.keys, key] });
  renameSync(next, path);
  syncFolder(path);
  return key.id;
}

function newKey(now: Date): KeyringFile['keys'][number] {
  const createdAt = now.toISOString();
  const id = `k-${createdAt.slice(0, 10)}-${randomBytes(4).toString('hex')}`;
  return { id, key: randomBytes(KEY_BYTES).toString('base64'), createdAt };
}

function readKeyringFile(path: string, { groupMayRead = false }: LoadKeyringOptions): KeyringFile {
  const forbidden = groupMayRead ? 0o037 : 0o077;
  let value: unknown;
  try {
    const { mode } = statSync(path);
    if (process.platform !== 'win32' && (mode & forbidden) !== 0) {
      const actual = (mode & 0o777).toString(8).padStart(4, '0');
      throw new SecretsError('keyring', `Keyring ${path} is open to others (mode ${actual}): chmod 600 it`);
    }
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    if (cause instanceof SecretsError) throw cause;
    // The parser's message would quote the file: no cause for a syntax error.
    if (cause instanceof SyntaxError) throw new SecretsError('keyring', `Keyring ${path} is not JSON`);
    throw new SecretsError('keyring', `Keyring ${path} cannot be read`, { cause });
  }
  if (!isKeyringFile(value)) throw new SecretsError('keyring', `Keyring ${path} has not the expected fields`);
  return value;
}

function isKeyringFile(value: unknown): value is KeyringFile {
  const file = value as Partial<KeyringFile> | null;
  return (
    file?.version === 1 &&
    typeof file.active === 'string' &&
    Array.isArray(file.keys) &&
    file.keys.every((key: unknown) => {
      const entry = key as { id?: unknown; key?: unknown } | null;
      return typeof entry?.id === 'string' && typeof entry.key === 'string';
    })
  );
}

/** On the disk before it is used: a secret sealed with a lost key is lost. */
function write(path: string, file: KeyringFile): void {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'wx', 0o600);
  } catch (cause) {
    throw new SecretsError('keyring', `Keyring ${path} cannot be made`, { cause });
  }
  try {
    writeSync(descriptor, `${JSON.stringify(file, null, 2)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  syncFolder(path);
}

function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(dirname(path), 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
