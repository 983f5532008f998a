import { createHash, createPublicKey, KeyObject } from 'node:crypto';
import { type Asn1Node, readAsn1 } from '@espalier/asn1';
import { oid } from './x509.oids.js';
import { type Certificate, parseCertificate } from './certificate.parser.js';
import { X509Error } from './x509.error.js';
import { guardAsn1 } from './x509.guard.js';

const namedCurves = new Set(['1.2.840.10045.3.1.7', '1.3.132.0.34', '1.3.132.0.35']);
const maxSpkiBytes = 2200; // RSA up to 16,384 bits

/**
 * Imports a SubjectPublicKeyInfo: RSA, EC on P-256/384/521, Ed25519. Curves given by their parameters
 * and other key types are refused before OpenSSL sees them: they are attack surface nobody needs.
 */
export function importSpki(spki: Uint8Array): KeyObject {
  guardAsn1('public key', 'ESP_X509_MALFORMED', () => checkSpki(readAsn1(spki)));
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new X509Error('ESP_X509_MALFORMED', 'the public key cannot be read', { cause });
  }
}

function checkSpki(node: Asn1Node): void {
  if (node.raw.length > maxSpkiBytes)
    throw new X509Error('ESP_X509_UNSUPPORTED', 'the public key is too large');
  const algorithm = node.fields('public key').next('algorithm').fields('key algorithm');
  const dotted = algorithm.next('algorithm').asOid();
  if (dotted === oid.rsaEncryption || dotted === oid.ed25519) return;
  if (dotted !== oid.ecPublicKey) {
    throw new X509Error('ESP_X509_UNSUPPORTED', `public key algorithm ${dotted} is not supported`);
  }
  const curve = algorithm.next('curve').asOid('named curve');
  if (!namedCurves.has(curve)) throw new X509Error('ESP_X509_UNSUPPORTED', `curve ${curve} is not supported`);
}

const importedKeys = new WeakMap<Certificate, KeyObject>();

/** The public key of a certificate; imported once per parsed certificate. */
export function publicKeyOf(certificate: Certificate): KeyObject {
  let key = importedKeys.get(certificate);
  if (key === undefined) {
    key = importSpki(certificate.spki);
    importedKeys.set(certificate, key);
  }
  return key;
}

/** The SubjectPublicKeyInfo DER of a public (or private) key. */
export function exportSpki(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ type: 'spki', format: 'der' });
}

/**
 * The pin of a key: base64 of the SHA-256 of its SubjectPublicKeyInfo, as in RFC 7469 §2.4.
 * Takes a certificate (parsed or DER) or a key.
 */
export function spkiPin(source: Certificate | Uint8Array | KeyObject): string {
  return createHash('sha256').update(spkiOf(source)).digest('base64');
}

function spkiOf(source: Certificate | Uint8Array | KeyObject): Buffer {
  if (source instanceof KeyObject) return exportSpki(source);
  return source instanceof Uint8Array ? parseCertificate(source).spki : source.spki;
}

/** Lower-case hex SHA-256 of DER bytes: the fingerprint of a certificate. */
export function fingerprint(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
