import type { KeyObject } from 'node:crypto';
import { createCertificate, formatName, parseCertificate, type Certificate } from '@espalier/x509';

/** A device identity as it was just issued. */
export interface IssuedIdentity {
  readonly der: Buffer;
  readonly certificate: Certificate;
  readonly subject: string;
}

export interface CertificateAuthorityOptions {
  readonly certificate: Certificate;
  readonly key: KeyObject;
  readonly organization: string;
  readonly identityDays: number;
  readonly now: () => Date;
}

/** Clocks of devices that just came out of the box are off. */
const BACKDATE_MS = 10 * 60_000;
const DAY_MS = 86_400_000;
const LONGEST_NAME = 64;

/** Issues device identities. Whether one may be issued is decided before (see ScepService). */
export class CertificateAuthority {
  constructor(private readonly options: CertificateAuthorityOptions) {}

  get certificate(): Certificate {
    return this.options.certificate;
  }

  get key(): KeyObject {
    return this.options.key;
  }

  /** The name is a courtesy for people: devices are known by the certificate's fingerprint, never by its subject. */
  issue(publicKey: KeyObject, commonName: string | undefined): IssuedIdentity {
    const { certificate: issuer, key: signingKey, organization, identityDays } = this.options;
    const now = this.options.now().getTime();
    const der = createCertificate({
      subject: { O: organization, CN: printable(commonName) ?? 'Device identity' },
      issuer,
      publicKey,
      signingKey,
      notBefore: new Date(now - BACKDATE_MS),
      notAfter: new Date(Math.min(now + identityDays * DAY_MS, issuer.notAfter.getTime())),
      extensions: {
        basicConstraints: { ca: false },
        keyUsage: ['digitalSignature', 'keyEncipherment'],
        extendedKeyUsage: ['clientAuth'],
      },
    });
    const certificate = parseCertificate(der);
    return { der, certificate, subject: formatName(certificate.subject) };
  }
}

function printable(text: string | undefined): string | undefined {
  const clean = text
    ?.replaceAll(/[^\p{L}\p{N} ._:@()-]/gu, '')
    .trim()
    .slice(0, LONGEST_NAME);
  return clean === '' ? undefined : clean;
}
