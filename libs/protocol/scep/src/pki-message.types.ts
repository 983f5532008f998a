import type { CipherName } from '@espalier/cms';
import type { CertificateRequest, DigestName, DistinguishedName } from '@espalier/x509';
import type { MessageType } from './scep.values.js';

/** What a reply needs to know of its request. */
export interface PkiRequestHeader {
  readonly messageType: Exclude<MessageType, 'CertRep'>;
  /** Printable text, at most 256 characters, chosen by the client. */
  readonly transactionId: string;
  readonly senderNonce: Buffer;
  /** DER; the key of it receives the reply. Self-signed in a first enrolment: proves nothing by itself. */
  readonly signerCertificate: Buffer;
  /** Digest of the request's signature, to be mirrored. */
  readonly digest: DigestName;
  /** Cipher of the request, to be mirrored; missing where the content could not be opened. */
  readonly cipher?: CipherName;
}

/** PKCSReq or RenewalReq (RFC 8894 §3.3.1). Apple devices renew with PKCSReq: do not tell them apart by type. */
export interface EnrollmentRequest extends PkiRequestHeader {
  readonly messageType: 'PKCSReq' | 'RenewalReq';
  readonly cipher: CipherName;
  readonly csr: CertificateRequest;
  /** True where `signerCertificate` holds the key to be certified: the usual self-signed first request. */
  readonly signedByRequestedKey: boolean;
}

/** GetCertInitial: asks again for a pending certificate (RFC 8894 §3.3.3). */
export interface PollRequest extends PkiRequestHeader {
  readonly messageType: 'GetCertInitial';
  readonly cipher: CipherName;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
}

/** GetCert and GetCRL name a certificate (RFC 8894 §3.3.4, §3.3.5). */
export interface QueryRequest extends PkiRequestHeader {
  readonly messageType: 'GetCert' | 'GetCRL';
  readonly cipher: CipherName;
  readonly issuer: DistinguishedName;
  /** Lower-case hex. */
  readonly serial: string;
}

/** A request, told apart by `messageType`. */
export type PkiRequest = EnrollmentRequest | PollRequest | QueryRequest;
