import { constants, type KeyObject, sign, verify } from 'node:crypto';
import { type Asn1Node, der } from '@espalier/asn1';
import { type DigestName, digestOids, oid } from './x509.oids.js';
import { X509Error } from './x509.error.js';

/** What an AlgorithmIdentifier says about a signature. `digest` is missing where it is named elsewhere (CMS). */
export interface SignatureScheme {
  readonly family: 'rsa' | 'rsa-pss' | 'ecdsa' | 'ed25519';
  readonly digest?: DigestName;
  /** PSS only, in bytes. */
  readonly saltLength?: number;
}

const pssOid = '1.2.840.113549.1.1.10';
const mgf1Oid = '1.2.840.113549.1.1.8';

const schemes: Readonly<Record<string, SignatureScheme>> = {
  '1.2.840.113549.1.1.5': { family: 'rsa', digest: 'sha1' },
  '1.2.840.113549.1.1.11': { family: 'rsa', digest: 'sha256' },
  '1.2.840.113549.1.1.12': { family: 'rsa', digest: 'sha384' },
  '1.2.840.113549.1.1.13': { family: 'rsa', digest: 'sha512' },
  // OIW sha1WithRSASignature, which old Windows and macOS clients write.
  '1.3.14.3.2.29': { family: 'rsa', digest: 'sha1' },
  '1.2.840.10045.4.1': { family: 'ecdsa', digest: 'sha1' },
  '1.2.840.10045.4.3.2': { family: 'ecdsa', digest: 'sha256' },
  '1.2.840.10045.4.3.3': { family: 'ecdsa', digest: 'sha384' },
  '1.2.840.10045.4.3.4': { family: 'ecdsa', digest: 'sha512' },
  [oid.ed25519]: { family: 'ed25519' },
  // In CMS the key's own algorithm may stand here; the digest is in digestAlgorithm (RFC 3370 §3.2).
  [oid.rsaEncryption]: { family: 'rsa' },
  [oid.ecPublicKey]: { family: 'ecdsa' },
};

const digestsByOid = new Map(
  Object.entries(digestOids).map(([name, dotted]) => [dotted, name as DigestName]),
);

/** Reads an AlgorithmIdentifier of a digest. */
export function readDigestAlgorithm(algorithm: Asn1Node): DigestName {
  const dotted = algorithm.fields('digest algorithm').next('algorithm').asOid();
  const digest = digestsByOid.get(dotted);
  if (digest === undefined) throw new X509Error('ESP_X509_UNSUPPORTED', `digest ${dotted} is not supported`);
  return digest;
}

/** The AlgorithmIdentifier of a digest, parameters absent (RFC 5754 §2). */
export function writeDigestAlgorithm(digest: DigestName): Buffer {
  return der.sequence(der.oid(digestOids[digest]));
}

/** Reads the AlgorithmIdentifier of a signature. */
export function readSignatureScheme(algorithm: Asn1Node): SignatureScheme {
  const fields = algorithm.fields('signature algorithm');
  const dotted = fields.next('algorithm').asOid();
  if (dotted === pssOid) return readPssScheme(fields.next('PSS parameters'));
  const scheme = schemes[dotted];
  if (scheme === undefined) {
    throw new X509Error('ESP_X509_UNSUPPORTED', `signature algorithm ${dotted} is not supported`);
  }
  return scheme;
}

/** RSASSA-PSS-params (RFC 4055 §3.1), only with the same digest for message and mask, as everybody uses it. */
function readPssScheme(parameters: Asn1Node): SignatureScheme {
  const fields = parameters.fields('PSS parameters');
  const hash = fields.optionalContext(0)?.asExplicit(0);
  const mask = fields.optionalContext(1)?.asExplicit(1).fields('mask generation');
  const saltLength = fields.optionalContext(2)?.asExplicit(2).asNumber('salt length') ?? 20;
  const digest = hash === undefined ? 'sha1' : readDigestAlgorithm(hash);
  const maskOid = mask?.next('algorithm').asOid() ?? mgf1Oid;
  const maskDigest = mask === undefined ? 'sha1' : readDigestAlgorithm(mask.next('mask digest'));
  if (maskOid !== mgf1Oid || maskDigest !== digest || saltLength < 0 || saltLength > 512) {
    throw new X509Error('ESP_X509_UNSUPPORTED', 'these PSS parameters are not supported');
  }
  return { family: 'rsa-pss', digest, saltLength };
}

const keyTypes: Readonly<Record<SignatureScheme['family'], readonly string[]>> = {
  rsa: ['rsa'],
  'rsa-pss': ['rsa', 'rsa-pss'],
  ecdsa: ['ec'],
  ed25519: ['ed25519'],
};

/** Checks a signature; false also where key and scheme do not go together. */
export function verifySignature(check: {
  readonly scheme: SignatureScheme;
  /** Used where the scheme names no digest. */
  readonly digest?: DigestName;
  readonly key: KeyObject;
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
}): boolean {
  const { scheme, key, data, signature } = check;
  if (!keyTypes[scheme.family].includes(key.asymmetricKeyType ?? '')) return false;
  const digest = scheme.digest ?? check.digest;
  if (scheme.family !== 'ed25519' && digest === undefined) return false;
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: scheme.saltLength ?? 20 };
  const keyInput = scheme.family === 'rsa-pss' ? { key, ...pss } : key;
  try {
    return verify(scheme.family === 'ed25519' ? null : digest, data, keyInput, signature);
  } catch {
    // OpenSSL throws where parameters and key cannot go together (salt longer than the modulus …).
    return false;
  }
}

const writtenSchemes = {
  rsa: {
    sha1: '1.2.840.113549.1.1.5',
    sha256: '1.2.840.113549.1.1.11',
    sha384: '1.2.840.113549.1.1.12',
    sha512: '1.2.840.113549.1.1.13',
  },
  ec: {
    sha1: '1.2.840.10045.4.1',
    sha256: '1.2.840.10045.4.3.2',
    sha384: '1.2.840.10045.4.3.3',
    sha512: '1.2.840.10045.4.3.4',
  },
} as const;

/** Signs `data` with an RSA (PKCS#1 v1.5) or EC key; gives the signature and its AlgorithmIdentifier. */
export function signData(
  data: Uint8Array,
  key: KeyObject,
  digest: DigestName = 'sha256',
): { readonly algorithm: Buffer; readonly signature: Buffer } {
  return { algorithm: writeSignatureAlgorithm(key, digest), signature: sign(digest, data, key) };
}

/** The AlgorithmIdentifier of what {@link signData} makes with this key. */
export function writeSignatureAlgorithm(key: KeyObject, digest: DigestName = 'sha256'): Buffer {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return der.sequence(der.oid(writtenSchemes.rsa[digest]), der.null());
    case 'ec':
      return der.sequence(der.oid(writtenSchemes.ec[digest]));
    default:
      throw new X509Error('ESP_X509_UNSUPPORTED', 'only RSA and EC keys sign here');
  }
}
