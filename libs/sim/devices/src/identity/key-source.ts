import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { decodePem } from '@espalier/x509';
import { Limiter } from '../fleet/limiter.js';
import { simErrors } from '../sim-devices.errors.js';
import { writeFileAtomic } from '../state/atomic-file.js';

const POOLED_BITS = 2048;
const generate = promisify(generateKeyPair);

/** Where devices get RSA keys from. */
export interface KeySource {
  /** A private key of so many bits. */
  take(bits: number): Promise<KeyObject>;
}

/**
 * A key of its own for every device, made in libuv's thread pool: about 0.2 s of one core for 2048 bits. One of the
 * pool's four threads always stays free, so that files and names are not held up.
 */
export function generatedKeys(): KeySource {
  const limiter = new Limiter(Math.min(3, availableParallelism()));
  return {
    take: (bits) => limiter.run(async () => (await generate('rsa', { modulusLength: bits })).privateKey),
  };
}

/**
 * Keys from a PEM file, shared by all devices in turn: a fleet of thousands for load tests need not make thousands
 * of keys. The file is made where it is missing. Only 2048-bit keys are pooled; for tests only, as devices with one
 * key can speak for each other.
 * @throws EspalierError ESP_SIM_STATE_INVALID for a file that holds something else
 */
export async function pooledKeys(file: string, size = 16): Promise<KeySource> {
  const fresh = generatedKeys();
  if (!existsSync(file)) {
    const made = await Promise.all(Array.from({ length: size }, () => fresh.take(POOLED_BITS)));
    writeFileAtomic(file, made.map((key) => key.export({ type: 'pkcs8', format: 'pem' })).join(''));
  }
  const keys = readKeys(file);
  let next = 0;
  return {
    async take(bits) {
      if (bits !== POOLED_BITS) return fresh.take(bits);
      next += 1;
      return keys[next % keys.length] as KeyObject;
    },
  };
}

function readKeys(file: string): readonly KeyObject[] {
  try {
    return decodePem(readFileSync(file, 'utf8'), 'PRIVATE KEY').map(({ der }) =>
      createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }),
    );
  } catch (cause) {
    throw simErrors.ESP_SIM_STATE_INVALID({ detail: `${file} holds no private keys.`, cause });
  }
}
