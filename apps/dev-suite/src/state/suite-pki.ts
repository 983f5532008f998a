import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import {
  createCertificate,
  createSelfSigned,
  decodePem,
  encodePem,
  parseCertificate,
  type Certificate,
  type ExtensionsInput,
  type NameInput,
} from '@espalier/x509';
import { brokenState, type StateFolder } from './state-folder.js';

/** Paths of a certificate and its key, both PEM. */
export interface PemFiles {
  readonly certificate: string;
  readonly key: string;
}

/** Every certificate of a suite. Authorities and link identities are kept, server certificates are made anew. */
export interface SuitePki {
  /** Signs the server certificates and the profiles of this suite; simulated devices trust it. */
  readonly ca: PemFiles;
  readonly device: PemFiles;
  readonly console: PemFiles;
  readonly profileSigner: PemFiles;
  readonly scepCa: PemFiles;
  readonly mdmLink: PemFiles;
  readonly dmzLink: PemFiles;
  readonly appleCa: PemFiles;
  readonly push: PemFiles;
}

interface Issuer {
  readonly certificate: Certificate;
  readonly key: KeyObject;
  readonly files: PemFiles;
}

const DAY_MS = 86_400_000;
const YEARS = 365 * DAY_MS;
const AUTHORITY: ExtensionsInput = { basicConstraints: { ca: true }, keyUsage: ['keyCertSign', 'crlSign'] };
const SERVER: ExtensionsInput = { keyUsage: ['digitalSignature'], extendedKeyUsage: ['serverAuth'] };

/**
 * Makes what is missing of a suite's certificates.
 * @param names DNS names and IP addresses under which devices and consoles reach this machine
 * @throws SuiteError where a kept certificate or key cannot be read
 */
export function openPki(state: StateFolder, names: readonly string[]): SuitePki {
  const now = Date.now();
  const ca = keep(state, 'ca', 'ec', { CN: 'Espalier development CA' }, AUTHORITY);
  const apple = keep(state, 'apple-ca', 'ec', { CN: 'Espalier stand-in for Apple, CA' }, AUTHORITY);
  const issue = (name: string, issuer: Issuer, subject: NameInput, extensions: ExtensionsInput): PemFiles => {
    const key = readOrMakeKey(state, name, 'ec');
    const der = createCertificate({
      subject,
      issuer: issuer.certificate,
      publicKey: key,
      signingKey: issuer.key,
      notBefore: new Date(now - DAY_MS),
      notAfter: new Date(now + YEARS),
      extensions,
    });
    return filesOf(state, name, encodePem('CERTIFICATE', der));
  };
  const subjectAltName = {
    dns: names.filter((name) => !isAddress(name)),
    ip: names.filter(isAddress),
  };
  const server = { ...SERVER, subjectAltName };
  return {
    ca: ca.files,
    device: issue('device', ca, { CN: 'dmz-proxy' }, server),
    console: issue('console', ca, { CN: 'config-proxy' }, server),
    profileSigner: issue(
      'profile-signer',
      ca,
      { CN: 'Espalier enrolment profiles' },
      { keyUsage: ['digitalSignature'] },
    ),
    scepCa: keep(
      state,
      'scep-ca',
      'rsa',
      { CN: 'Espalier device identities' },
      {
        ...AUTHORITY,
        // Requests are encrypted to the CA itself, and it signs the replies (RFC 8894 §2.1.2).
        keyUsage: ['keyCertSign', 'crlSign', 'digitalSignature', 'keyEncipherment'],
      },
    ).files,
    mdmLink: keep(state, 'mdm-link', 'ec', { CN: 'mdm link' }, {}).files,
    dmzLink: keep(state, 'dmz-link', 'ec', { CN: 'dmz-proxy link' }, {}).files,
    appleCa: apple.files,
    push: issue(
      'push',
      apple,
      { UID: state.topic, CN: `APSP:${state.topic}` },
      { extendedKeyUsage: ['clientAuth'] },
    ),
  };
}

/** A self-signed certificate that is made once: devices or peers keep it pinned. */
function keep(
  state: StateFolder,
  name: string,
  type: 'ec' | 'rsa',
  subject: NameInput,
  extensions: ExtensionsInput,
): Issuer {
  const key = readOrMakeKey(state, name, type);
  const now = Date.now();
  const pem = state.textOf(`pki/${name}.pem`, () =>
    encodePem(
      'CERTIFICATE',
      createSelfSigned({
        subject,
        key,
        notBefore: new Date(now - DAY_MS),
        notAfter: new Date(now + 10 * YEARS),
        extensions,
      }),
    ),
  );
  try {
    const certificate = parseCertificate(decodePem(pem, 'CERTIFICATE')[0].der);
    return {
      certificate,
      key,
      files: { certificate: state.file('pki', `${name}.pem`), key: state.file('pki', `${name}.key`) },
    };
  } catch (error) {
    throw brokenState(state.path, `pki/${name}.pem`, error instanceof Error ? error.message : String(error));
  }
}

function readOrMakeKey(state: StateFolder, name: string, type: 'ec' | 'rsa'): KeyObject {
  const pem = state.textOf(`pki/${name}.key`, () => {
    const { privateKey } =
      type === 'ec'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('rsa', { modulusLength: 2048 });
    return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  });
  try {
    return createPrivateKey(pem);
  } catch {
    throw brokenState(state.path, `pki/${name}.key`, 'it is no private key');
  }
}

function filesOf(state: StateFolder, name: string, certificate: string): PemFiles {
  return { certificate: state.write(`pki/${name}.pem`, certificate), key: state.file('pki', `${name}.key`) };
}

function isAddress(name: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+$/.test(name) || name.includes(':');
}
