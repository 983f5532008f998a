import { createHash, type KeyObject } from 'node:crypto';
import { readAsn1 } from '@espalier/asn1';
import {
  type DigestName,
  fingerprint,
  importSpki,
  readIssuerAndSerial,
  verifySignature,
} from '@espalier/x509';
import { identifies } from './certificate-identifier.codec.js';
import { CmsError } from './cms.error.js';
import { guardCms } from './cms.guard.js';
import { cmsOid } from './cms.oids.js';
import type { PublicKeyCache } from './public-key.cache.js';
import {
  parseSignedData,
  type SignedAttributes,
  type SignedData,
  type SignerInfo,
} from './signed-data.parser.js';

/** What to verify. */
export interface SignatureCheck {
  /** The message, parsed or as bytes. Exactly one signer is accepted. */
  readonly signedData: SignedData | Uint8Array;
  /** The signed bytes where the signature is detached. Where the message has its own, both must agree. */
  readonly content?: Uint8Array;
  /** Certificates in which to look for the signer beside those in the message. */
  readonly certificates?: readonly Uint8Array[];
  /** Keeps imported keys between calls; see `createPublicKeyCache`. */
  readonly publicKeyCache?: PublicKeyCache;
  /**
   * Accepts a signature over the content itself. Default false: such a signature can be made from one
   * over attributes by presenting the attributes as content.
   */
  readonly allowMissingSignedAttributes?: boolean;
}

/** A signature that holds. Says nothing about whether the signer is trusted. */
export interface VerifiedSignedData {
  /** DER. */
  readonly signerCertificate: Buffer;
  /** Lower-case hex SHA-256 of `signerCertificate`: what identities are pinned by. */
  readonly signerFingerprint: string;
  /** DER of all certificates in the message. */
  readonly certificates: readonly Buffer[];
  readonly digest: DigestName;
  readonly contentType: string;
  readonly content: Buffer;
  readonly signedAttributes: SignedAttributes;
  /** The signer's own claim. */
  readonly signingTime: Date | undefined;
}

/**
 * Verifies a SignedData message (RFC 5652 §5.4, §5.6): the digest of the content, the content type and
 * the signature. SHA-1, -256, -384, -512 with RSA (PKCS#1 v1.5, PSS) or ECDSA.
 *
 * Whether the signer is trusted, its certificate is in time, and SHA-1 is acceptable is the caller's
 * decision (`checkIssued` of the x509 library, or the pin of the identity): signing time is deliberately
 * not compared with the certificate's validity.
 * @throws CmsError `ESP_CMS_SIGNATURE` where it does not hold, `ESP_CMS_MALFORMED`, `ESP_CMS_UNSUPPORTED`
 */
export function verifySignedData(check: SignatureCheck): VerifiedSignedData {
  return guardCms('signed data', 'ESP_CMS_SIGNATURE', () => {
    const { signedData } = check;
    const message = signedData instanceof Uint8Array ? parseSignedData(signedData) : signedData;
    const [signer] = message.signers;
    if (signer === undefined || message.signers.length !== 1) {
      throw new CmsError('ESP_CMS_SIGNATURE', `the message has ${message.signers.length} signers, not one`);
    }
    const content = contentToCheck(message, check.content);
    const signerCertificate = findSigner(message, signer, check.certificates);
    const signerFingerprint = fingerprint(signerCertificate);
    const cached = check.publicKeyCache?.get(signerFingerprint);
    const key = cached ?? importSpki(readIssuerAndSerial(signerCertificate).spki);
    checkDigest(message, signer, content, check);
    checkSignature(signer, key, content);
    // Only a key that has proved itself: otherwise anybody could push the devices' keys out.
    if (cached === undefined) check.publicKeyCache?.set(signerFingerprint, key);
    const signingTime = singleValue(signer.signedAttributes, cmsOid.signingTime);
    return {
      signerCertificate,
      signerFingerprint,
      certificates: message.certificates,
      digest: signer.digest,
      contentType: message.contentType,
      content,
      signedAttributes: signer.signedAttributes ?? new Map<string, readonly Buffer[]>(),
      signingTime: signingTime && readAsn1(signingTime, { encoding: 'ber' }).asTime('signing time'),
    };
  });
}

function contentToCheck(message: SignedData, detached: Uint8Array | undefined): Buffer {
  if (detached === undefined) {
    if (message.content === undefined)
      throw new CmsError('ESP_CMS_SIGNATURE', 'the signed content is missing');
    return message.content;
  }
  const content = Buffer.from(detached.buffer, detached.byteOffset, detached.length);
  if (message.content !== undefined && !message.content.equals(content)) {
    throw new CmsError('ESP_CMS_SIGNATURE', 'the message holds other content than the one to check');
  }
  return content;
}

function findSigner(message: SignedData, { signer }: SignerInfo, more: readonly Uint8Array[] = []): Buffer {
  const found = [...message.certificates, ...more].find((certificate) => identifies(signer, certificate));
  if (found === undefined) throw new CmsError('ESP_CMS_SIGNATURE', "the signer's certificate is missing");
  return Buffer.from(found.buffer, found.byteOffset, found.length);
}

function checkDigest(message: SignedData, signer: SignerInfo, content: Buffer, check: SignatureCheck): void {
  const { signedAttributes } = signer;
  if (signedAttributes === undefined) {
    // RFC 5652 §5.3: attributes must be there for every content type but data.
    if (check.allowMissingSignedAttributes === true && message.contentType === cmsOid.data) return;
    throw new CmsError('ESP_CMS_SIGNATURE', 'the signed attributes are missing');
  }
  const contentType = singleValue(signedAttributes, cmsOid.contentType);
  if (contentType === undefined || readAsn1(contentType).asOid() !== message.contentType) {
    throw new CmsError('ESP_CMS_SIGNATURE', 'the signed content type is another one');
  }
  const signedDigest = singleValue(signedAttributes, cmsOid.messageDigest);
  const digest = createHash(signer.digest).update(content).digest();
  if (signedDigest === undefined || !readAsn1(signedDigest).asOctets().equals(digest)) {
    throw new CmsError('ESP_CMS_SIGNATURE', 'the content is not the one that was signed');
  }
}

function checkSignature(signer: SignerInfo, key: KeyObject, content: Buffer): void {
  const { scheme, digest, signature, signedAttributesDer } = signer;
  // Else `digest` would tell the caller SHA-256 where the signature itself is over SHA-1.
  if (scheme.digest !== undefined && scheme.digest !== digest) {
    throw new CmsError('ESP_CMS_SIGNATURE', 'content and attributes are not signed with the same digest');
  }
  if (!verifySignature({ scheme, digest, key, data: signedAttributesDer ?? content, signature })) {
    throw new CmsError('ESP_CMS_SIGNATURE', 'the signature does not hold');
  }
}

function singleValue(attributes: SignedAttributes | undefined, dotted: string): Buffer | undefined {
  const values = attributes?.get(dotted);
  return values?.length === 1 ? values[0] : undefined;
}
