export {
  type CertificateContents,
  type CertificateOptions,
  createCertificate,
  createSelfSigned,
} from './certificate.builder.js';
export { type Certificate, parseCertificate, readIssuerAndSerial } from './certificate.parser.js';
export { type CertificateRequest, createCsr, parseCsr } from './certificate-request.codec.js';
export {
  type DistinguishedName,
  encodeName,
  formatName,
  type NameAttribute,
  type NameInput,
  type NameKey,
  nameValue,
  nameValues,
  parseName,
} from './distinguished-name.codec.js';
export type { Extension, Extensions, SubjectAltName } from './extension.reader.js';
export type { ExtensionsInput, SubjectAltNameInput } from './extension.writer.js';
export { checkIssued, type IssuanceCheck } from './issuance.check.js';
export {
  type DigestName,
  type ExtendedKeyUsage,
  extendedKeyUsages,
  type KeyUsage,
  keyUsages,
  type NameAttributeKey,
} from './x509.oids.js';
export { decodePem, encodePem, type PemBlock } from './pem.codec.js';
export { exportSpki, fingerprint, importSpki, publicKeyOf, spkiPin } from './public-key.codec.js';
export {
  readDigestAlgorithm,
  readSignatureScheme,
  type SignatureScheme,
  signData,
  verifySignature,
  writeDigestAlgorithm,
  writeSignatureAlgorithm,
} from './signature-algorithm.codec.js';
export { X509Error, type X509ErrorCode } from './x509.error.js';
