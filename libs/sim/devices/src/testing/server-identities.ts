import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import {
  createCertificate,
  createSelfSigned,
  encodePem,
  parseCertificate,
  type Certificate,
} from '@espalier/x509';

const DAY_MS = 86_400_000;

/** Keys and certificates of a {@link StrictMdmServer}, made anew for each. */
export interface ServerIdentities {
  /** Root that devices are to trust for TLS and for signed profiles. */
  readonly root: Certificate;
  readonly tls: { readonly cert: string; readonly key: string };
  readonly profileSigner: { readonly certificate: Buffer; readonly key: KeyObject };
  /** Issues device identities: RSA, as SCEP needs. */
  readonly scepCa: { readonly certificate: Certificate; readonly key: KeyObject };
}

export function makeServerIdentities(): ServerIdentities {
  const times = { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + 30 * DAY_MS) };
  const rootKey = newEcKey();
  const root = parseCertificate(
    createSelfSigned({
      subject: { CN: `Strict MDM root ${randomBytes(4).toString('hex')}` },
      key: rootKey,
      ...times,
      extensions: { basicConstraints: { ca: true }, keyUsage: ['keyCertSign'] },
    }),
  );
  const issue = (use: 'serverAuth' | 'codeSigning') => {
    const key = newEcKey();
    const certificate = createCertificate({
      subject: { CN: 'localhost' },
      issuer: root,
      publicKey: key,
      signingKey: rootKey,
      ...times,
      extensions: {
        extendedKeyUsage: [use],
        subjectAltName: { dns: ['localhost'], ip: ['127.0.0.1'] },
      },
    });
    return { certificate, key };
  };
  const server = issue('serverAuth');
  const caKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const scepCa = createSelfSigned({
    subject: { O: 'Espalier', CN: 'Strict device CA' },
    key: caKey,
    ...times,
    extensions: {
      basicConstraints: { ca: true },
      keyUsage: ['keyCertSign', 'digitalSignature', 'keyEncipherment'],
    },
  });
  return {
    root,
    tls: { cert: encodePem('CERTIFICATE', server.certificate), key: pem(server.key) },
    profileSigner: issue('codeSigning'),
    scepCa: { certificate: parseCertificate(scepCa), key: caKey },
  };
}

function newEcKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}
