import type { KeyObject } from 'node:crypto';
import { CmsError, createSignedData, verifySignedData } from '@espalier/cms';
import { defaultPlistLimits } from '@espalier/plist';
import { exportSpki, parseCertificate, X509Error } from '@espalier/x509';
import { ConfigProfileError } from './config-profile.error.js';

/** Who signed a profile. */
export interface ProfileSignature {
  /** DER of the signer's certificate. */
  readonly signerCertificate: Buffer;
  /** Lower-case hex SHA-256 of the signer's certificate. */
  readonly signerFingerprint: string;
  /** DER of all certificates that came with the signature, the signer's included. */
  readonly certificates: readonly Buffer[];
}

/** With what a profile is signed. */
export interface ProfileSigner {
  /** DER. */
  readonly certificate: Uint8Array;
  /** RSA or EC private key. */
  readonly key: KeyObject;
  /** DER of the intermediates between the signer and a root that devices trust. */
  readonly chain?: readonly Uint8Array[];
  /** Claimed time of signing; none by default. */
  readonly signingTime?: Date;
}

/** First byte of a CMS message: an ASN.1 SEQUENCE. No XML document begins with it. */
const sequenceTag = 0x30;

/** What the signature may add to the profile: certificates, mostly. */
const signatureAllowance = 256 * 1024;

/**
 * Signs a profile: a CMS message that carries it (RFC 5652 §5), SHA-256.
 *
 * @throws ConfigProfileError if the profile is signed already, or the signer's key or certificate does not serve
 */
export function signProfile(bytes: Uint8Array, signer: ProfileSigner): Buffer {
  if (isSigned(bytes)) throw new ConfigProfileError('The profile is signed already');
  const { certificate, key, chain = [], signingTime } = signer;
  checkKeyBelongsTo(certificate, key);
  return asProfileError('The profile cannot be signed', () =>
    createSignedData({
      content: bytes,
      signer: { certificate, key },
      certificates: chain,
      ...(signingTime !== undefined && { signingTime }),
    }),
  );
}

/** Takes the profile out of its signature, which must hold; a plain profile comes back as it is. */
export function openSignature(
  bytes: Uint8Array,
  maxBytes: number = defaultPlistLimits.maxBytes,
): { readonly content: Buffer; readonly signature?: ProfileSignature } {
  if (!isSigned(bytes)) return { content: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
  if (bytes.length > maxBytes + signatureAllowance) {
    throw new ConfigProfileError(`The signed profile is larger than ${maxBytes + signatureAllowance} bytes`);
  }
  const verified = asProfileError('The signature of the profile does not hold or cannot be read', () =>
    verifySignedData({ signedData: bytes }),
  );
  const { content, signerCertificate, signerFingerprint, certificates } = verified;
  return { content, signature: { signerCertificate, signerFingerprint, certificates } };
}

function checkKeyBelongsTo(certificate: Uint8Array, key: KeyObject): void {
  const belongs = asProfileError('The certificate of the signer cannot be read', () =>
    parseCertificate(certificate).spki.equals(exportSpki(key)),
  );
  if (!belongs) throw new ConfigProfileError('is not the key of the certificate', 'signer.key');
}

function isSigned(bytes: Uint8Array): boolean {
  return bytes[0] === sequenceTag;
}

function asProfileError<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof CmsError || error instanceof X509Error)) throw error;
    throw new ConfigProfileError(`${what}: ${error.message}`, undefined, { cause: error });
  }
}
