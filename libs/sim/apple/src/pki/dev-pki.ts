import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

import {
  createCertificate,
  createSelfSigned,
  decodePem,
  encodePem,
  parseCertificate,
  type ExtensionsInput,
  type NameInput,
} from '@espalier/x509';

/** A certificate and its private key, both PEM. */
export interface PemPair {
  readonly certificate: string;
  readonly key: string;
}

const DAY_MS = 24 * 3600 * 1000;

function newKey(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

function pkcs8(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function validity(from: Date, days: number): { notBefore: Date; notAfter: Date } {
  // An hour of slack: the other machine's clock may be behind.
  return {
    notBefore: new Date(from.getTime() - 3600_000),
    notAfter: new Date(from.getTime() + days * DAY_MS),
  };
}

/** Makes the CA of a simulator: it signs the server's certificate and the MDM push certificates. */
export function createDevCa(now: Date): PemPair {
  const { privateKey } = newKey();
  const certificate = createSelfSigned({
    key: privateKey,
    // A number in the name: two simulators' CAs must not be mistaken for each other.
    subject: { CN: `Espalier Apple simulator CA ${randomBytes(4).toString('hex')}` },
    ...validity(now, 3650),
    extensions: {
      basicConstraints: { ca: true, pathLength: 0 },
      keyUsage: ['keyCertSign', 'crlSign'],
    },
  });
  return { certificate: encodePem('CERTIFICATE', certificate), key: pkcs8(privateKey) };
}

function issue(
  ca: { readonly certificate: string; readonly key: KeyObject },
  subject: NameInput,
  now: Date,
  days: number,
  extensions: ExtensionsInput,
): PemPair {
  const { publicKey, privateKey } = newKey();
  const certificate = createCertificate({
    subject,
    issuer: parseCertificate(decodePem(ca.certificate, 'CERTIFICATE')[0]?.der ?? Buffer.alloc(0)),
    publicKey,
    signingKey: ca.key,
    ...validity(now, days),
    extensions: { basicConstraints: { ca: false }, keyUsage: ['digitalSignature'], ...extensions },
  });
  return { certificate: encodePem('CERTIFICATE', certificate), key: pkcs8(privateKey) };
}

/** A TLS server certificate for the given DNS names and IP addresses. */
export function issueServerCertificate(
  ca: { readonly certificate: string; readonly key: KeyObject },
  names: readonly string[],
  now: Date,
): PemPair {
  return issue(ca, { CN: names[0] ?? 'localhost' }, now, 825, {
    extendedKeyUsage: ['serverAuth'],
    subjectAltName: {
      dns: names.filter((name) => isIP(name) === 0),
      ip: names.filter((name) => isIP(name) !== 0),
    },
  });
}

/** An MDM push certificate, as identity.apple.com issues it: the topic is the subject's UID. */
export function issuePushCertificate(
  ca: { readonly certificate: string; readonly key: KeyObject },
  topic: string,
  now: Date,
  days: number,
): PemPair {
  const subject = { UID: topic, CN: `APSP:${topic.replace('com.apple.mgmt.External.', '')}`, C: 'US' };
  return issue(ca, subject, now, days, { extendedKeyUsage: ['clientAuth'] });
}
