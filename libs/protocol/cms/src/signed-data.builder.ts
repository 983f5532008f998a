import { createHash, type KeyObject, sign } from 'node:crypto';
import { der } from '@espalier/asn1';
import { type DigestName, writeDigestAlgorithm, writeSignatureAlgorithm } from '@espalier/x509';
import { writeIssuerAndSerial } from './certificate-identifier.codec.js';
import { CmsError } from './cms.error.js';
import { guardCms } from './cms.guard.js';
import { cmsOid } from './cms.oids.js';
import { wrapContentInfo } from './content-info.codec.js';

/** A certificate (DER) and its private key: RSA or EC. */
export interface Identity {
  readonly certificate: Uint8Array;
  readonly key: KeyObject;
}

/** An attribute to sign beside content type, digest and time. */
export interface AttributeInput {
  /** Dotted object identifier. */
  readonly oid: string;
  /** DER of each value. */
  readonly values: readonly Uint8Array[];
}

/** What to sign, and how. */
export interface SignedDataInput {
  readonly content: Uint8Array;
  /** Leaves the content out of the message. Default false. */
  readonly detached?: boolean;
  /** Type of the content, dotted. Default: data. */
  readonly contentType?: string;
  readonly signer: Identity;
  /** Certificates to send beside the signer's own, such as its chain. */
  readonly certificates?: readonly Uint8Array[];
  /** Default `sha256`. */
  readonly digest?: DigestName;
  readonly signedAttributes?: readonly AttributeInput[];
  /** Left out where not given. */
  readonly signingTime?: Date;
}

/** Signs content with signed attributes (RFC 5652 §5) and returns the DER of the ContentInfo. */
export function createSignedData(input: SignedDataInput): Buffer {
  return guardCms('signed data', 'ESP_CMS_VALUE', () => {
    const { content, signer, digest = 'sha256', contentType = cmsOid.data, certificates = [] } = input;
    const attributes = der.set(
      attribute(cmsOid.contentType, der.oid(contentType)),
      attribute(cmsOid.messageDigest, der.octetString(createHash(digest).update(content).digest())),
      input.signingTime && attribute(cmsOid.signingTime, der.time(input.signingTime)),
      ...(input.signedAttributes ?? []).map(({ oid, values }) => attribute(oid, ...values)),
    );
    const signerInfo = der.sequence(
      der.integer(1),
      writeIssuerAndSerial(signer.certificate),
      writeDigestAlgorithm(digest),
      der.implicit(0, attributes),
      signerAlgorithm(signer.key, digest),
      der.octetString(sign(digest, attributes, signer.key)),
    );
    const carried = input.detached === true ? undefined : der.explicit(0, der.octetString(content));
    return wrapSignedData({
      version: contentType === cmsOid.data ? 1 : 3,
      digestAlgorithms: [writeDigestAlgorithm(digest)],
      contentInfo: der.sequence(der.oid(contentType), carried),
      certificates: [signer.certificate, ...certificates],
      signerInfos: [signerInfo],
    });
  });
}

/** A message that only carries certificates (RFC 5652 §5.2: "degenerate"), as SCEP and profiles use it. */
export function degenerateCertificates(certificates: readonly Uint8Array[]): Buffer {
  if (certificates.length === 0) throw new CmsError('ESP_CMS_VALUE', 'there is no certificate to carry');
  return wrapSignedData({
    version: 1,
    digestAlgorithms: [],
    contentInfo: der.sequence(der.oid(cmsOid.data)),
    certificates,
    signerInfos: [],
  });
}

function wrapSignedData(parts: {
  readonly version: number;
  readonly digestAlgorithms: readonly Buffer[];
  readonly contentInfo: Buffer;
  readonly certificates: readonly Uint8Array[];
  readonly signerInfos: readonly Buffer[];
}): Buffer {
  const signedData = der.sequence(
    der.integer(parts.version),
    der.set(...parts.digestAlgorithms),
    parts.contentInfo,
    // The order of a CertificateSet carries no meaning, but readers like the signer's first: left unsorted.
    der.explicit(0, ...parts.certificates),
    der.set(...parts.signerInfos),
  );
  return wrapContentInfo(cmsOid.signedData, signedData);
}

/** rsaEncryption instead of shaXWithRSAEncryption: every implementation must read it (RFC 3370 §3.2). */
function signerAlgorithm(key: KeyObject, digest: DigestName): Buffer {
  return key.asymmetricKeyType === 'rsa'
    ? der.sequence(der.oid(cmsOid.rsaEncryption), der.null())
    : writeSignatureAlgorithm(key, digest);
}

function attribute(dotted: string, ...values: readonly Uint8Array[]): Buffer {
  return der.sequence(der.oid(dotted), der.set(...values));
}
