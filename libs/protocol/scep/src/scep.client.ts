import { randomBytes as systemRandomBytes } from 'node:crypto';
import { der } from '@espalier/asn1';
import {
  type CipherName,
  CmsError,
  createEnvelopedData,
  type Identity,
  openEnvelopedData,
  parseSignedData,
} from '@espalier/cms';
import {
  type DigestName,
  fingerprint,
  parseCertificate,
  parseCsr,
  readIssuerAndSerial,
  X509Error,
} from '@espalier/x509';
import { guardWriting, openPkiEnvelope, type PkiEnvelope, sealPkiEnvelope } from './pki-envelope.codec.js';
import { ScepError } from './scep.error.js';
import {
  type FailInfo,
  failInfoValues,
  messageTypeValues,
  nameOfValue,
  pkiStatusValues,
} from './scep.values.js';

/** What a client asks with. */
export interface PkcsReqInput {
  /** PKCS#10 DER, with the challenge where the server wants one. */
  readonly csr: Uint8Array;
  /** First enrolment: a self-signed certificate with the CSR's subject and key. Renewal: the current one. RSA. */
  readonly signer: Identity;
  /** DER of the CA's (or RA's) certificate from GetCACert; RSA. */
  readonly recipient: Uint8Array;
  /** Default `PKCSReq`, also what Apple devices renew with. */
  readonly messageType?: 'PKCSReq' | 'RenewalReq';
  /** Default: hex SHA-256 of the key to certify. */
  readonly transactionId?: string;
  /** Default: 16 random bytes. */
  readonly senderNonce?: Uint8Array;
  /** Default `aes-128-cbc`, which every RFC 8894 server knows. */
  readonly cipher?: CipherName;
  /** Default `sha256`. */
  readonly digest?: DigestName;
  readonly signingTime?: Date;
  /** Default: `crypto.randomBytes`. */
  readonly randomBytes?: (size: number) => Uint8Array;
}

/** A request ready to send, and what its reply is checked against. */
export interface SentRequest {
  /** The pkiMessage. */
  readonly der: Buffer;
  readonly transactionId: string;
  readonly senderNonce: Buffer;
  /** SubjectPublicKeyInfo DER of the key to certify. */
  readonly requestedSpki: Buffer;
}

/** Client: writes a PKCSReq or RenewalReq (RFC 8894 §3.3.1). */
export function buildPkcsReq(input: PkcsReqInput): SentRequest {
  return guardWriting(() => {
    const { spki } = parseCsr(input.csr);
    return seal(input, messageTypeValues[input.messageType ?? 'PKCSReq'], input.csr, spki);
  });
}

/** Client: asks again for a pending certificate; give the `transactionId` of the first request. */
export function buildGetCertInitial(
  input: Omit<PkcsReqInput, 'messageType'> & { readonly transactionId: string },
): SentRequest {
  return guardWriting(() => {
    const { spki, subject } = parseCsr(input.csr);
    const issuerAndSubject = der.sequence(parseCertificate(input.recipient).subject.raw, subject.raw);
    return seal(input, messageTypeValues.GetCertInitial, issuerAndSubject, spki);
  });
}

function seal(input: PkcsReqInput, messageType: string, content: Uint8Array, spki: Buffer): SentRequest {
  const { signer, recipient, signingTime, randomBytes = systemRandomBytes } = input;
  const senderNonce = Buffer.from(input.senderNonce ?? randomBytes(16));
  const transactionId = input.transactionId ?? fingerprint(spki);
  const cipher = input.cipher ?? 'aes-128-cbc';
  const message = sealPkiEnvelope({
    messageType,
    transactionId,
    senderNonce,
    content: createEnvelopedData({ content, recipients: [recipient], cipher, randomBytes }),
    signer,
    digest: input.digest ?? 'sha256',
    ...(signingTime && { signingTime }),
  });
  return { der: message, transactionId, senderNonce, requestedSpki: spki };
}

/** The server's answer, told apart by `status`. */
export type CertRep =
  | {
      readonly status: 'SUCCESS';
      /** DER of the certificate for the requested key. */
      readonly certificate: Buffer;
      /** DER of all certificates that came, the issued one among them. */
      readonly certificates: readonly Buffer[];
    }
  | {
      readonly status: 'FAILURE';
      readonly failInfo: FailInfo | undefined;
      readonly failInfoText: string | undefined;
    }
  | { readonly status: 'PENDING' };

/**
 * Client: reads a CertRep, checks that one of `caCertificates` signed it and that it answers `request`,
 * and opens it.
 * @throws ScepError
 */
export function parseCertRep(
  bytes: Uint8Array,
  options: {
    readonly request: SentRequest;
    /** Who signed the request. */
    readonly signer: Identity;
    /** DER of the certificates from GetCACert, authenticated by their fingerprint or by TLS. */
    readonly caCertificates: readonly Uint8Array[];
  },
): CertRep {
  const { request, signer, caCertificates } = options;
  const envelope = openPkiEnvelope(bytes);
  checkReply(envelope, request, caCertificates);
  const status = nameOfValue(pkiStatusValues, envelope.pkiStatus ?? '');
  switch (status) {
    case 'PENDING':
      return { status };
    case 'FAILURE':
      return {
        status,
        failInfo: nameOfValue(failInfoValues, envelope.failInfo ?? ''),
        failInfoText: envelope.failInfoText,
      };
    case 'SUCCESS':
      return { status, ...openCertificates(envelope.content, signer, request) };
    case undefined:
      throw new ScepError('ESP_SCEP_MALFORMED', 'the reply has no known status');
  }
}

function checkReply(
  envelope: PkiEnvelope,
  request: SentRequest,
  caCertificates: readonly Uint8Array[],
): void {
  if (!caCertificates.some((certificate) => envelope.signerCertificate.equals(certificate))) {
    throw new ScepError('ESP_SCEP_REPLY', 'the reply is not signed by the CA');
  }
  if (envelope.messageType !== messageTypeValues.CertRep) {
    throw new ScepError('ESP_SCEP_REPLY', 'the reply is no CertRep');
  }
  if (
    envelope.transactionId !== request.transactionId ||
    envelope.recipientNonce?.equals(request.senderNonce) !== true
  ) {
    throw new ScepError('ESP_SCEP_REPLY', 'the reply belongs to another request');
  }
}

function openCertificates(
  envelopedData: Buffer,
  signer: Identity,
  request: SentRequest,
): { certificate: Buffer; certificates: readonly Buffer[] } {
  try {
    const { content } = openEnvelopedData({ envelopedData, ...signer });
    const { certificates } = parseSignedData(content);
    const certificate = certificates.find((one) =>
      readIssuerAndSerial(one).spki.equals(request.requestedSpki),
    );
    if (certificate === undefined)
      throw new ScepError('ESP_SCEP_REPLY', 'no certificate is for the requested key');
    return { certificate, certificates };
  } catch (cause) {
    if (!(cause instanceof CmsError) && !(cause instanceof X509Error)) throw cause;
    throw new ScepError('ESP_SCEP_CONTENT', 'the content of the reply cannot be read', { cause });
  }
}
