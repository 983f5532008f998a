import type { Certificate } from './certificate.parser.js';
import { type ExtendedKeyUsage, extendedKeyUsages, oid } from './x509.oids.js';
import { publicKeyOf } from './public-key.codec.js';
import { verifySignature } from './signature-algorithm.codec.js';
import { X509Error } from './x509.error.js';

/** What `checkIssued` checks beside the signature. */
export interface IssuanceCheck {
  readonly now: Date;
  /** The use the certificate must name (a missing extension is not enough); default `clientAuth`. `null` for any. */
  readonly eku?: ExtendedKeyUsage | null;
  /**
   * Accepts certificates past notAfter, for identities that are pinned and renewed by us: a device must
   * not be cut off because it slept through its renewal. Default false.
   */
  readonly allowExpired?: boolean;
}

const understoodExtensions: ReadonlySet<string> = new Set([
  oid.basicConstraints,
  oid.keyUsage,
  oid.extendedKeyUsage,
  oid.subjectAltName,
  oid.subjectKeyId,
  oid.authorityKeyId,
]);
const anyExtendedKeyUsage = '2.5.29.37.0';

/**
 * Checks that `ca` itself issued `certificate` (one step, no chain building): name, CA rights, signature
 * (SHA-256 or better), time of both, critical extensions, extended key usage.
 * Whether `ca` is trusted is the caller's decision.
 * @throws X509Error with the code of the first fault
 */
export function checkIssued(certificate: Certificate, ca: Certificate, check: IssuanceCheck): void {
  if (!certificate.issuer.raw.equals(ca.subject.raw) || !keyIdsAgree(certificate, ca)) {
    throw new X509Error('ESP_X509_NOT_ISSUED', 'the certificate names another issuer');
  }
  if (!ca.isCa || (ca.keyUsage && !ca.keyUsage.includes('keyCertSign'))) {
    throw new X509Error('ESP_X509_NOT_ISSUED', 'the issuer may not issue certificates');
  }
  if (certificate.isCa && ca.pathLength === 0) {
    throw new X509Error('ESP_X509_NOT_ISSUED', 'the issuer may not issue CA certificates');
  }
  checkSignature(certificate, ca);
  checkTime(ca, check);
  checkTime(certificate, check);
  checkUse(ca, check);
  checkUse(certificate, check);
}

function keyIdsAgree(certificate: Certificate, ca: Certificate): boolean {
  const { authorityKeyId } = certificate;
  return !authorityKeyId || !ca.subjectKeyId || authorityKeyId.equals(ca.subjectKeyId);
}

function checkSignature(certificate: Certificate, ca: Certificate): void {
  const { signatureScheme: scheme, tbs, signature } = certificate;
  if (scheme === undefined || scheme.digest === 'sha1') {
    throw new X509Error('ESP_X509_UNSUPPORTED', 'the signature algorithm of the certificate is not accepted');
  }
  if (!verifySignature({ scheme, key: publicKeyOf(ca), data: tbs, signature })) {
    throw new X509Error('ESP_X509_SIGNATURE', 'the signature of the certificate does not hold');
  }
}

function checkTime({ notBefore, notAfter }: Certificate, { now, allowExpired }: IssuanceCheck): void {
  if (now < notBefore) {
    throw new X509Error('ESP_X509_NOT_YET_VALID', `the certificate is valid from ${notBefore.toISOString()}`);
  }
  if (now > notAfter && allowExpired !== true) {
    throw new X509Error('ESP_X509_EXPIRED', `the certificate was valid until ${notAfter.toISOString()}`);
  }
}

function checkUse(certificate: Certificate, { eku = 'clientAuth' }: IssuanceCheck): void {
  for (const [dotted, { critical }] of certificate.extensions) {
    // RFC 5280 §4.2: a critical extension that is not understood bars the certificate.
    if (critical && !understoodExtensions.has(dotted)) {
      throw new X509Error('ESP_X509_USAGE', `the critical extension ${dotted} is not understood`);
    }
  }
  if (eku === null) return;
  const named: Readonly<Record<string, string>> = extendedKeyUsages;
  const wanted = named[eku] ?? eku;
  const allowed = certificate.extendedKeyUsage;
  const missing = allowed === undefined ? !certificate.isCa : !allowed.includes(wanted);
  if (missing && !allowed?.includes(anyExtendedKeyUsage)) {
    throw new X509Error('ESP_X509_USAGE', `the certificate is not for ${eku}`);
  }
}
