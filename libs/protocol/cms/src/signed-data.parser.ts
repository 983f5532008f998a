import { type Asn1Node, der } from '@espalier/asn1';
import {
  type DigestName,
  readDigestAlgorithm,
  readSignatureScheme,
  type SignatureScheme,
} from '@espalier/x509';
import { type CertificateIdentifier, readCertificateIdentifier } from './certificate-identifier.codec.js';
import { CmsError } from './cms.error.js';
import { guardCms } from './cms.guard.js';
import { cmsOid } from './cms.oids.js';
import { type CmsLimits, openContentInfo } from './content-info.codec.js';

/** Signed attributes: dotted identifier to the DER of each value. */
export type SignedAttributes = ReadonlyMap<string, readonly Buffer[]>;

/** One signature, as found. */
export interface SignerInfo {
  readonly signer: CertificateIdentifier;
  readonly digest: DigestName;
  readonly scheme: SignatureScheme;
  readonly signature: Buffer;
  /** `undefined` where the content is signed directly. */
  readonly signedAttributes: SignedAttributes | undefined;
  /** What the signature covers where there are attributes: the SET OF, not the `[0]` (RFC 5652 §5.4). */
  readonly signedAttributesDer: Buffer | undefined;
}

/** A SignedData message, read but not verified. Buffers are views on the input where possible. */
export interface SignedData {
  readonly contentType: string;
  /** `undefined` where the signature is detached. */
  readonly content: Buffer | undefined;
  /** DER of the certificates that came along, in their order. Anybody can add any. */
  readonly certificates: readonly Buffer[];
  readonly signers: readonly SignerInfo[];
}

const maxCertificates = 256;
const maxSigners = 16;
const maxAttributes = 64;

/**
 * Reads a SignedData message (RFC 5652 §5), also one without signers that only carries certificates.
 * @throws CmsError `ESP_CMS_MALFORMED` or `ESP_CMS_UNSUPPORTED`
 */
export function parseSignedData(bytes: Uint8Array, limits: CmsLimits = {}): SignedData {
  return guardCms('signed data', 'ESP_CMS_MALFORMED', () => {
    const fields = openContentInfo(bytes, cmsOid.signedData, limits).fields('signed data');
    fields.next('version').asNumber();
    fields.next('digest algorithms').asSet();
    const encapsulated = fields.next('content info').fields('content info');
    const contentType = encapsulated.next('content type').asOid();
    const content = encapsulated.optionalContext(0)?.asExplicit(0).asOctets('content');
    const certificates = readCertificates(fields.optionalContext(0));
    fields.optionalContext(1);
    const signers = fields.next('signers').asSet();
    if (signers.length > maxSigners) throw new CmsError('ESP_CMS_MALFORMED', 'too many signers');
    return { contentType, content, certificates, signers: signers.map(readSigner) };
  });
}

/** X.509 certificates only; the other choices of CertificateSet are context-tagged and obsolete. */
function readCertificates(node: Asn1Node | undefined): Buffer[] {
  const certificates = node?.children ?? [];
  if (certificates.length > maxCertificates) throw new CmsError('ESP_CMS_MALFORMED', 'too many certificates');
  return certificates.filter((entry) => !entry.isContext(entry.tag)).map((entry) => entry.raw);
}

function readSigner(node: Asn1Node): SignerInfo {
  const fields = node.fields('signer');
  fields.next('version').asNumber();
  const signer = readCertificateIdentifier(fields.next('signer identifier'));
  const digest = readDigestAlgorithm(fields.next('digest algorithm'));
  const attributes = fields.optionalContext(0);
  const scheme = readSignatureScheme(fields.next('signature algorithm'));
  const signature = fields.next('signature').asOctets();
  return {
    signer,
    digest,
    scheme,
    signature,
    signedAttributes: attributes && readAttributes(attributes),
    signedAttributesDer: attributes && retagAsSet(attributes),
  };
}

function readAttributes(node: Asn1Node): SignedAttributes {
  const found = new Map<string, readonly Buffer[]>();
  for (const attribute of node.children) {
    const fields = attribute.fields('attribute');
    const dotted = fields.next('attribute type').asOid();
    const values = fields.next('attribute values').asSet();
    // RFC 5652 §11: the attributes that matter must not occur twice; which one would count?
    if (found.has(dotted)) throw new CmsError('ESP_CMS_MALFORMED', `attribute ${dotted} occurs twice`);
    if (found.size >= maxAttributes) throw new CmsError('ESP_CMS_MALFORMED', 'too many attributes');
    found.set(
      dotted,
      values.map((value) => value.raw),
    );
  }
  return found;
}

function retagAsSet(attributes: Asn1Node): Buffer {
  if (attributes.indefinite) return der.tlv(0x31, attributes.content);
  const retagged = Buffer.from(attributes.raw);
  retagged[0] = 0x31;
  return retagged;
}
