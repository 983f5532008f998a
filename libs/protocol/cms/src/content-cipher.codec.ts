import { createCipheriv, createDecipheriv } from 'node:crypto';
import { type Asn1Node, der } from '@espalier/asn1';
import { CmsError } from './cms.error.js';

/** Content ciphers. `des-cbc` and `des-ede3-cbc` only for old SCEP clients. */
export type CipherName = 'aes-128-cbc' | 'aes-192-cbc' | 'aes-256-cbc' | 'des-ede3-cbc' | 'des-cbc';

/** How a cipher is named and fed. Sizes in bytes. */
export interface ContentCipher {
  readonly name: CipherName;
  readonly oid: string;
  readonly keyBytes: number;
  readonly ivBytes: number;
}

const ciphers: readonly ContentCipher[] = [
  { name: 'aes-128-cbc', oid: '2.16.840.1.101.3.4.1.2', keyBytes: 16, ivBytes: 16 },
  { name: 'aes-192-cbc', oid: '2.16.840.1.101.3.4.1.22', keyBytes: 24, ivBytes: 16 },
  { name: 'aes-256-cbc', oid: '2.16.840.1.101.3.4.1.42', keyBytes: 32, ivBytes: 16 },
  { name: 'des-ede3-cbc', oid: '1.2.840.113549.3.7', keyBytes: 24, ivBytes: 8 },
  { name: 'des-cbc', oid: '1.3.14.3.2.7', keyBytes: 8, ivBytes: 8 },
];

export function cipherByName(name: CipherName): ContentCipher {
  const cipher = ciphers.find((candidate) => candidate.name === name);
  if (cipher === undefined) throw new CmsError('ESP_CMS_UNSUPPORTED', `cipher ${name} is not supported`);
  return cipher;
}

/** Reads a ContentEncryptionAlgorithmIdentifier: the cipher and its initialisation vector. */
export function readContentCipher(algorithm: Asn1Node): {
  readonly cipher: ContentCipher;
  readonly iv: Buffer;
} {
  const fields = algorithm.fields('content cipher');
  const dotted = fields.next('algorithm').asOid();
  const cipher = ciphers.find((candidate) => candidate.oid === dotted);
  if (cipher === undefined) throw new CmsError('ESP_CMS_UNSUPPORTED', `cipher ${dotted} is not supported`);
  const iv = fields.next('initialisation vector').asOctets();
  if (iv.length !== cipher.ivBytes)
    throw new CmsError('ESP_CMS_MALFORMED', 'the initialisation vector has a wrong size');
  return { cipher, iv };
}

export function writeContentCipher(cipher: ContentCipher, iv: Uint8Array): Buffer {
  return der.sequence(der.oid(cipher.oid), der.octetString(iv));
}

export function encryptContent(
  cipher: ContentCipher,
  key: Uint8Array,
  iv: Uint8Array,
  content: Uint8Array,
): Buffer {
  const encryptor = createCipheriv(engineName(cipher), engineKey(cipher, key), iv);
  return Buffer.concat([encryptor.update(content), encryptor.final()]);
}

/** Throws whatever OpenSSL throws: the caller must not let the reason out. */
export function decryptContent(
  cipher: ContentCipher,
  key: Uint8Array,
  iv: Uint8Array,
  content: Uint8Array,
): Buffer {
  const decryptor = createDecipheriv(engineName(cipher), engineKey(cipher, key), iv);
  return Buffer.concat([decryptor.update(content), decryptor.final()]);
}

/** Single DES left OpenSSL 3's default provider; triple DES with three equal keys is the same function. */
function engineName({ name }: ContentCipher): string {
  return name === 'des-cbc' ? 'des-ede3-cbc' : name;
}

function engineKey({ name }: ContentCipher, key: Uint8Array): Uint8Array {
  return name === 'des-cbc' ? Buffer.concat([key, key, key]) : key;
}
