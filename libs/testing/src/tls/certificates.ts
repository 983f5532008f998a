import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';
import { bits, boolean, der, integer, octets, oid, sequence, setOf, time, utf8 } from './der.js';

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
  /** @defaultValue an hour ago */
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
const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));

/** Makes an X.509 certificate on P-256, self-signed or signed by `issuer`. */
export function testCertificate(commonName: string, options: TestCertificateOptions = {}): TestIdentity {
  const { privateKey, publicKey } = keysOf(options.key);
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const { issuer } = options;
  const now = Date.now();
  const tbs = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    name(issuer?.commonName ?? commonName),
    sequence(
      time(options.notBefore ?? new Date(now - HOUR)),
      time(options.notAfter ?? new Date(now + 24 * HOUR)),
    ),
    name(commonName),
    spki,
    der(0xa3, sequence(...extensions(options))),
  );
  const signature = sign('sha256', tbs, issuer === undefined ? privateKey : issuer.key);
  const whole = sequence(tbs, ECDSA_WITH_SHA256, bits(signature));
  return {
    certificate: new X509Certificate(whole).toString(),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    der: whole,
    spki: createHash('sha256').update(spki).digest('base64'),
    commonName,
  };
}

function keysOf(pem: string | undefined): { privateKey: KeyObject; publicKey: KeyObject } {
  if (pem === undefined) return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const privateKey = createPrivateKey(pem);
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

function name(commonName: string): Buffer {
  return sequence(setOf(sequence(oid('2.5.4.3'), utf8(commonName))));
}

function extensions({ authority = false, names = [] }: TestCertificateOptions): Buffer[] {
  const list = [
    sequence(oid('2.5.29.19'), boolean(true), octets(authority ? sequence(boolean(true)) : sequence())),
  ];
  if (names.length > 0) {
    const entries = names.map((entry) =>
      /^[0-9.]+$/.test(entry)
        ? der(0x87, Buffer.from(entry.split('.').map(Number)))
        : der(0x82, Buffer.from(entry)),
    );
    list.push(sequence(oid('2.5.29.17'), octets(sequence(...entries))));
  }
  return list;
}
