export {
  type CertificateIdentifier,
  identifies,
  writeIssuerAndSerial,
} from './certificate-identifier.codec.js';
export { CmsError, type CmsErrorCode } from './cms.error.js';
export { cmsOid } from './cms.oids.js';
export type { CipherName } from './content-cipher.codec.js';
export type { CmsLimits } from './content-info.codec.js';
export {
  createEnvelopedData,
  type EnvelopedDataInput,
  type EnvelopeOpening,
  type OpenedEnvelope,
  openEnvelopedData,
} from './enveloped-data.codec.js';
export { createPublicKeyCache, type PublicKeyCache } from './public-key.cache.js';
export {
  type AttributeInput,
  createSignedData,
  degenerateCertificates,
  type Identity,
  type SignedDataInput,
} from './signed-data.builder.js';
export {
  parseSignedData,
  type SignedAttributes,
  type SignedData,
  type SignerInfo,
} from './signed-data.parser.js';
export { type SignatureCheck, type VerifiedSignedData, verifySignedData } from './signed-data.verifier.js';
