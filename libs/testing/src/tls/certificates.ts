import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createCertificate, createSelfSigned, encodePem, parseCertificate, spkiPin } from '@espalier/x509';

/** A certificate for a spec, with its key. */
export interface TestIdentity {
  /** PEM. */
  readonly certificate: string;
  /** PKCS #8 PEM. */
  readonly key: string;
  /** DER of the certificate. */
  readonly der: Buffer;
  /** Base64 of the SHA-256 of the SubjectPublicKeyInfo. */
  readonly spki: string;
  readonly commonName: string;
}

export interface TestCertificateOptions {
  /** @defaultValue an hour ago, or an hour before `notAfter` */
  readonly notBefore?: Date;
  /** @defaultValue in a day */
  readonly notAfter?: Date;
  /** The authority that signs it; without one it is self-signed. */
  readonly issuer?: TestIdentity;
  /** May sign others. */
  readonly authority?: boolean;
  /** DNS names and IPv4 addresses for subjectAltName. */
  readonly names?: readonly string[];
  /** PKCS #8 PEM of a P-256 key to use again, as a renewal does. */
  readonly key?: string;
}

const HOUR = 3_600_000;
const isAddress = (name: string): boolean => /^[0-9.]+$/.test(name);

/** Makes an X.509 certificate on P-256, self-signed or signed by `issuer`. */
export function testCertificate(commonName: string, options: TestCertificateOptions = {}): TestIdentity {
  const { issuer, authority = false, names = [] } = options;
  const key = keyOf(options.key);
  const now = Date.now();
  const notAfter = options.notAfter ?? new Date(now + 24 * HOUR);
  const contents = {
    subject: { CN: commonName },
    notBefore: options.notBefore ?? new Date(Math.min(now, notAfter.getTime()) - HOUR),
    notAfter,
    extensions: {
      basicConstraints: { ca: authority },
      ...(names.length > 0 && {
        subjectAltName: { dns: names.filter((name) => !isAddress(name)), ip: names.filter(isAddress) },
      }),
    },
  };
  const der =
    issuer === undefined
      ? createSelfSigned({ ...contents, key })
      : createCertificate({
          ...contents,
          issuer: parseCertificate(issuer.der),
          publicKey: key,
          signingKey: createPrivateKey(issuer.key),
        });
  return {
    certificate: encodePem('CERTIFICATE', der),
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    der,
    spki: spkiPin(der),
    commonName,
  };
}

function keyOf(pem: string | undefined): KeyObject {
  return pem === undefined
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    : createPrivateKey(pem);
}
