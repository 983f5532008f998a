import { randomBytes as systemRandomBytes } from 'node:crypto';
import { createEnvelopedData, degenerateCertificates, type Identity } from '@espalier/cms';
import { guardWriting, sealPkiEnvelope } from './pki-envelope.codec.js';
import type { PkiRequestHeader } from './pki-message.types.js';
import { type FailInfo, failInfoValues, messageTypeValues, pkiStatusValues } from './scep.values.js';

/** What every reply needs. */
export interface CertRepBasics {
  /** The request (or `request` of a ScepError): transaction, nonce, recipient, digest and cipher come from it. */
  readonly request: PkiRequestHeader;
  /** The CA (or RA) identity that GetCACert gave out. */
  readonly signer: Identity;
  readonly signingTime?: Date;
  /** Default: `crypto.randomBytes`. */
  readonly randomBytes?: (size: number) => Uint8Array;
}

/** A reply, told apart by `status`. */
export type CertRepInput = CertRepBasics &
  (
    | {
        readonly status: 'SUCCESS';
        /** DER of the issued certificate. */
        readonly certificate: Uint8Array;
        /** DER of certificates to send with it. */
        readonly chain?: readonly Uint8Array[];
      }
    | { readonly status: 'FAILURE'; readonly failInfo: FailInfo; readonly failInfoText?: string }
    | { readonly status: 'PENDING' }
  );

/**
 * Server: writes a CertRep (RFC 8894 §3.3.2). Send it with HTTP 200 also where it says FAILURE.
 * @throws ScepError where the client's key cannot receive (it must be RSA)
 */
export function buildCertRep(input: CertRepInput): Buffer {
  const { request, signer, signingTime, status, randomBytes = systemRandomBytes } = input;
  return guardWriting(() =>
    sealPkiEnvelope({
      messageType: messageTypeValues.CertRep,
      pkiStatus: pkiStatusValues[status],
      transactionId: request.transactionId,
      recipientNonce: request.senderNonce,
      senderNonce: randomBytes(16),
      content: input.status === 'SUCCESS' ? encryptCertificates(input, randomBytes) : undefined,
      signer,
      digest: request.digest,
      ...(signingTime && { signingTime }),
      ...(input.status === 'FAILURE' && {
        failInfo: failInfoValues[input.failInfo],
        ...(input.failInfoText !== undefined && { failInfoText: input.failInfoText }),
      }),
    }),
  );
}

function encryptCertificates(
  { request, certificate, chain = [] }: Extract<CertRepInput, { status: 'SUCCESS' }>,
  randomBytes: (size: number) => Uint8Array,
): Buffer {
  return createEnvelopedData({
    content: degenerateCertificates([certificate, ...chain]),
    recipients: [request.signerCertificate],
    cipher: request.cipher ?? 'aes-128-cbc',
    randomBytes,
  });
}
