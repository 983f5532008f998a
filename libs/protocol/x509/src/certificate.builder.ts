import { type KeyObject, randomBytes as systemRandomBytes } from 'node:crypto';
import { der } from '@espalier/asn1';
import type { Certificate } from './certificate.parser.js';
import { encodeName, type NameInput } from './distinguished-name.codec.js';
import { encodeExtensions, type ExtensionsInput } from './extension.writer.js';
import { exportSpki } from './public-key.codec.js';
import { signData, writeSignatureAlgorithm } from './signature-algorithm.codec.js';
import { X509Error } from './x509.error.js';
import { guardAsn1 } from './x509.guard.js';

/** What both kinds of certificate need. */
export interface CertificateContents {
  readonly subject: NameInput;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions?: ExtensionsInput;
  /** Positive number, or magnitude bytes (1 to 20). Default: 16 random bytes. */
  readonly serial?: bigint | Uint8Array;
  /** Source of randomness for the serial number. Default: `crypto.randomBytes`. */
  readonly randomBytes?: (size: number) => Uint8Array;
}

/** A certificate for `publicKey`, signed by the issuer. */
export interface CertificateOptions extends CertificateContents {
  /** The issuing CA's certificate (its name and key id are copied byte for byte), or a name. */
  readonly issuer: Certificate | NameInput;
  /** The subject's key; a private key stands for its public half. */
  readonly publicKey: KeyObject;
  /** The issuer's private key: RSA or EC. */
  readonly signingKey: KeyObject;
}

/** Creates a version 3 certificate signed with SHA-256 (RFC 5280 §4.1) and returns its DER. */
export function createCertificate(options: CertificateOptions): Buffer {
  const { issuer, signingKey, notBefore, notAfter } = options;
  if (!(notBefore.getTime() < notAfter.getTime())) {
    throw new X509Error('ESP_X509_VALUE', 'notAfter must be later than notBefore');
  }
  const issuedBy = isCertificate(issuer) ? issuer : undefined;
  const authorityKeyId = options.extensions?.authorityKeyId ?? issuedBy?.subjectKeyId;
  return guardAsn1('certificate', 'ESP_X509_VALUE', () => {
    const spki = exportSpki(options.publicKey);
    const extensions = encodeExtensions(
      { ...options.extensions, ...(authorityKeyId && { authorityKeyId }) },
      spki,
    );
    const tbs = der.sequence(
      der.explicit(0, der.integer(2)),
      der.integer(options.serial === undefined ? randomSerial(options) : checkSerial(options.serial)),
      writeSignatureAlgorithm(signingKey),
      isCertificate(issuer) ? issuer.subject.raw : encodeName(issuer),
      der.sequence(der.time(notBefore), der.time(notAfter)),
      encodeName(options.subject),
      spki,
      extensions.length > 0 ? der.explicit(3, der.sequence(...extensions)) : undefined,
    );
    const { algorithm, signature } = signData(tbs, signingKey);
    return der.sequence(tbs, algorithm, der.bitString(signature));
  });
}

/** Creates a certificate whose issuer is its own subject: a root CA, or one end of a pinned pair. */
export function createSelfSigned(options: CertificateContents & { readonly key: KeyObject }): Buffer {
  const { key, ...contents } = options;
  return createCertificate({ ...contents, issuer: options.subject, publicKey: key, signingKey: key });
}

function isCertificate(issuer: Certificate | NameInput): issuer is Certificate {
  return 'tbs' in issuer;
}

/** 127 bits from the random source; the fixed bit keeps the length and sign of all serials the same. */
function randomSerial({ randomBytes = systemRandomBytes }: CertificateContents): Uint8Array {
  const serial = Buffer.from(randomBytes(16));
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial;
}

/** RFC 5280 §4.1.2.2: positive, at most 20 octets. */
function checkSerial(serial: bigint | Uint8Array): bigint {
  const value = typeof serial === 'bigint' ? serial : BigInt(`0x0${Buffer.from(serial).toString('hex')}`);
  if (value <= 0n || value >= 1n << 159n) {
    throw new X509Error('ESP_X509_VALUE', 'a serial number is positive and has at most 20 octets');
  }
  return value;
}
