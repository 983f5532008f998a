import type { KeyObject } from 'node:crypto';

/** Public keys by lower-case hex SHA-256 of the certificate DER. A `Map` fits. */
export interface PublicKeyCache {
  get(fingerprint: string): KeyObject | undefined;
  set(fingerprint: string, key: KeyObject): unknown;
}

/**
 * A cache that keeps the keys used last. Importing a key costs more than checking a signature, and a
 * device signs every request with the same one.
 */
export function createPublicKeyCache(maxEntries = 4096): PublicKeyCache {
  const keys = new Map<string, KeyObject>();
  return {
    get(fingerprint) {
      const key = keys.get(fingerprint);
      if (key !== undefined) {
        // A Map iterates in order of insertion: the first entry is the one unused longest.
        keys.delete(fingerprint);
        keys.set(fingerprint, key);
      }
      return key;
    },
    set(fingerprint, key) {
      keys.set(fingerprint, key);
      const [oldest] = keys.keys();
      if (keys.size > maxEntries && oldest !== undefined) keys.delete(oldest);
    },
  };
}
