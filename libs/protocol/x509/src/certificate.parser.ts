import { type Asn1Node, readAsn1 } from '@espalier/asn1';
import { type DistinguishedName, readName } from './distinguished-name.codec.js';
import {
  type Extensions,
  readAuthorityKeyId,
  readBasicConstraints,
  readExtendedKeyUsage,
  readExtensions,
  readKeyUsage,
  readSubjectAltName,
  readSubjectKeyId,
  type SubjectAltName,
} from './extension.reader.js';
import type { KeyUsage } from './x509.oids.js';
import { readSignatureScheme, type SignatureScheme } from './signature-algorithm.codec.js';
import { guardAsn1 } from './x509.guard.js';
import { X509Error } from './x509.error.js';

/** A certificate, read but not checked: see `checkIssued`. Buffers are views on `raw`. */
export interface Certificate {
  readonly raw: Buffer;
  /** Lower-case hex of the serial number's content octets. */
  readonly serial: string;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly isCa: boolean;
  /** CAs allowed below this one; `undefined` without limit. */
  readonly pathLength: number | undefined;
  /** `undefined` where the extension is missing: no restriction. */
  readonly keyUsage: readonly KeyUsage[] | undefined;
  /** Dotted identifiers; `undefined` where the extension is missing: no restriction. */
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly subjectAltName: SubjectAltName;
  readonly subjectKeyId: Buffer | undefined;
  readonly authorityKeyId: Buffer | undefined;
  readonly extensions: Extensions;
  /** SubjectPublicKeyInfo DER. */
  readonly spki: Buffer;
  /** The signed part. */
  readonly tbs: Buffer;
  /** `undefined` where the algorithm is not supported: then no check of this signature holds. */
  readonly signatureScheme: SignatureScheme | undefined;
  readonly signature: Buffer;
}

const maxCertificateBytes = 64 * 1024;

/**
 * Reads a certificate (RFC 5280 §4.1). Nothing is trusted by this: signature, time and use are
 * checked by `checkIssued`.
 * @throws X509Error `ESP_X509_MALFORMED`
 */
export function parseCertificate(bytes: Uint8Array): Certificate {
  return guardAsn1('certificate', 'ESP_X509_MALFORMED', () => {
    const outer = readAsn1(bytes, { maxBytes: maxCertificateBytes, maxNodes: 8192 });
    const fields = outer.fields('certificate');
    const tbs = fields.next('TBSCertificate');
    const algorithm = fields.next('signature algorithm');
    const signature = fields.next('signature').asBitBytes();
    fields.end();
    return { ...readTbs(tbs, algorithm), raw: outer.raw, signature };
  });
}

function readTbs(tbs: Asn1Node, outerAlgorithm: Asn1Node): Omit<Certificate, 'raw' | 'signature'> {
  const fields = tbs.fields('TBSCertificate');
  fields.optionalContext(0);
  const serial = fields.next('serial number').asIntegerBytes('serial number');
  // RFC 5280 §4.1.1.2: both must be the same, or the unsigned one could be exchanged.
  if (!fields.next('signature').raw.equals(outerAlgorithm.raw)) {
    throw new X509Error('ESP_X509_MALFORMED', 'the signature algorithms of the certificate differ');
  }
  const issuer = readName(fields.next('issuer'));
  const validity = fields.next('validity').fields('validity');
  const notBefore = validity.next('notBefore').asTime();
  const notAfter = validity.next('notAfter').asTime();
  const subject = readName(fields.next('subject'));
  const publicKey = fields.next('public key');
  publicKey.asSequence('public key');
  fields.optionalContext(1);
  fields.optionalContext(2);
  const extensions = readExtensions(fields.optionalContext(3)?.asExplicit(3));
  return {
    serial: serial.toString('hex'),
    issuer,
    subject,
    notBefore,
    notAfter,
    ...readBasicConstraints(extensions),
    keyUsage: readKeyUsage(extensions),
    extendedKeyUsage: readExtendedKeyUsage(extensions),
    subjectAltName: readSubjectAltName(extensions),
    subjectKeyId: readSubjectKeyId(extensions),
    authorityKeyId: readAuthorityKeyId(extensions),
    extensions,
    spki: publicKey.raw,
    tbs: tbs.raw,
    signatureScheme: schemeIfSupported(outerAlgorithm),
  };
}

/** A pinned certificate is of use whoever signed it how: an unknown algorithm only bars `checkIssued`. */
function schemeIfSupported(algorithm: Asn1Node): SignatureScheme | undefined {
  try {
    return readSignatureScheme(algorithm);
  } catch (error) {
    if (error instanceof X509Error) return undefined;
    throw error;
  }
}

/** Issuer and serial number of a certificate, raw: what CMS names a signer by. Cheaper than a whole parse. */
export function readIssuerAndSerial(bytes: Uint8Array): {
  readonly issuer: Buffer;
  /** Content octets. */
  readonly serial: Buffer;
  readonly spki: Buffer;
} {
  return guardAsn1('certificate', 'ESP_X509_MALFORMED', () => {
    const outer = readAsn1(bytes, { maxBytes: maxCertificateBytes, maxNodes: 8192 });
    const fields = outer.fields('certificate').next('TBSCertificate').fields('TBSCertificate');
    fields.optionalContext(0);
    const serial = fields.next('serial number').asIntegerBytes('serial number');
    fields.next('signature');
    const issuer = fields.next('issuer');
    issuer.asSequence('issuer');
    fields.next('validity');
    fields.next('subject');
    const spki = fields.next('public key');
    spki.asSequence('public key');
    return { issuer: issuer.raw, serial, spki: spki.raw };
  });
}
