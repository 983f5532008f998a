import { der, readAsn1 } from '@espalier/asn1';
import {
  type AttributeInput,
  CmsError,
  createSignedData,
  type Identity,
  parseSignedData,
  type SignedAttributes,
  verifySignedData,
} from '@espalier/cms';
import type { DigestName } from '@espalier/x509';
import { ScepError } from './scep.error.js';
import { maxMessageBytes, scepOid } from './scep.values.js';

/** The outer part of a pkiMessage, signature checked, attributes raw. */
export interface PkiEnvelope {
  /** Wire value. */
  readonly messageType: string;
  readonly transactionId: string;
  readonly senderNonce: Buffer | undefined;
  readonly recipientNonce: Buffer | undefined;
  /** Wire values. */
  readonly pkiStatus: string | undefined;
  readonly failInfo: string | undefined;
  readonly failInfoText: string | undefined;
  readonly signerCertificate: Buffer;
  readonly digest: DigestName;
  /** EnvelopedData DER; empty in a reply that carries no certificate. */
  readonly content: Buffer;
}

const maxNonceBytes = 64;

/** Reads the outer SignedData of a pkiMessage and checks its signature (RFC 8894 §3.2). */
export function openPkiEnvelope(bytes: Uint8Array): PkiEnvelope {
  try {
    const signedData = parseSignedData(bytes, { maxBytes: maxMessageBytes });
    // A failed CertRep leaves the content out (RFC 8894 §3.2.1.4): what is signed then is nothing.
    const verified = verifySignedData({
      signedData,
      ...(signedData.content === undefined && { content: Buffer.alloc(0) }),
    });
    const { signedAttributes, signerCertificate, digest, content } = verified;
    return {
      messageType: required(text(signedAttributes, scepOid.messageType), 'message type'),
      transactionId: required(text(signedAttributes, scepOid.transactionId), 'transaction id'),
      senderNonce: nonce(signedAttributes, scepOid.senderNonce),
      recipientNonce: nonce(signedAttributes, scepOid.recipientNonce),
      pkiStatus: text(signedAttributes, scepOid.pkiStatus),
      failInfo: text(signedAttributes, scepOid.failInfo),
      failInfoText: text(signedAttributes, scepOid.failInfoText),
      signerCertificate,
      digest,
      content,
    };
  } catch (cause) {
    throw asScepError(cause);
  }
}

function asScepError(cause: unknown): unknown {
  if (cause instanceof ScepError || !(cause instanceof Error)) return cause;
  if (cause.name === 'Asn1Error') {
    return new ScepError('ESP_SCEP_MALFORMED', `SCEP message: ${cause.message}`, { cause });
  }
  if (!(cause instanceof CmsError)) return cause;
  switch (cause.code) {
    case 'ESP_CMS_SIGNATURE':
      return new ScepError('ESP_SCEP_SIGNATURE', cause.message, { failInfo: 'badMessageCheck', cause });
    case 'ESP_CMS_UNSUPPORTED':
      return new ScepError('ESP_SCEP_UNSUPPORTED', cause.message, { failInfo: 'badAlg', cause });
    default:
      return new ScepError('ESP_SCEP_MALFORMED', cause.message, { cause });
  }
}

/** PrintableString attributes. Control characters would let a client write into logs. */
function text(attributes: SignedAttributes, dotted: string): string | undefined {
  const value = singleValue(attributes, dotted);
  if (value === undefined) return undefined;
  const found = readAsn1(value).asText('SCEP attribute');
  if (found.length > 256 || !/^[\x20-\x7e]*$/.test(found)) {
    if (dotted === scepOid.failInfoText) return undefined;
    throw new ScepError('ESP_SCEP_MALFORMED', 'a SCEP attribute is no printable text');
  }
  return found;
}

function nonce(attributes: SignedAttributes, dotted: string): Buffer | undefined {
  const value = singleValue(attributes, dotted);
  const bytes = value && readAsn1(value).asOctets('nonce');
  if (bytes && bytes.length > maxNonceBytes) throw new ScepError('ESP_SCEP_MALFORMED', 'a nonce is too long');
  return bytes;
}

function singleValue(attributes: SignedAttributes, dotted: string): Buffer | undefined {
  const values = attributes.get(dotted);
  return values?.length === 1 ? values[0] : undefined;
}

/** The value, or the error that says what the message lacks. */
export function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new ScepError('ESP_SCEP_MALFORMED', `the SCEP message has no ${what}`);
  return value;
}

/** What goes into the outer SignedData. Text values are wire values. */
export interface PkiEnvelopeInput {
  readonly messageType: string;
  readonly transactionId: string;
  readonly senderNonce: Uint8Array;
  readonly recipientNonce?: Uint8Array;
  readonly pkiStatus?: string;
  readonly failInfo?: string;
  readonly failInfoText?: string;
  readonly content: Uint8Array | undefined;
  readonly signer: Identity;
  readonly certificates?: readonly Uint8Array[];
  readonly digest: DigestName;
  readonly signingTime?: Date;
}

/** Writes a pkiMessage around EnvelopedData, or around nothing. */
export function sealPkiEnvelope(input: PkiEnvelopeInput): Buffer {
  const { signer, digest, signingTime, content, certificates } = input;
  const printable = (oid: string, value: string | undefined): AttributeInput[] =>
    value === undefined ? [] : [{ oid, values: [der.printableString(value)] }];
  return createSignedData({
    content: content ?? Buffer.alloc(0),
    detached: content === undefined,
    signer,
    digest,
    ...(certificates && { certificates }),
    ...(signingTime && { signingTime }),
    signedAttributes: [
      ...printable(scepOid.messageType, input.messageType),
      ...printable(scepOid.transactionId, input.transactionId),
      ...printable(scepOid.pkiStatus, input.pkiStatus),
      ...printable(scepOid.failInfo, input.failInfo),
      { oid: scepOid.senderNonce, values: [der.octetString(input.senderNonce)] },
      ...(input.recipientNonce
        ? [{ oid: scepOid.recipientNonce, values: [der.octetString(input.recipientNonce)] }]
        : []),
      ...(input.failInfoText === undefined
        ? []
        : [{ oid: scepOid.failInfoText, values: [der.utf8String(input.failInfoText)] }]),
    ],
  });
}

/** Runs what writes a message and gives errors of the layers below this library's class. */
export function guardWriting<T>(write: () => T): T {
  try {
    return write();
  } catch (cause) {
    if (!(cause instanceof Error) || !['Asn1Error', 'X509Error', 'CmsError'].includes(cause.name))
      throw cause;
    const unsupported = cause instanceof CmsError && cause.code === 'ESP_CMS_UNSUPPORTED';
    throw new ScepError(
      unsupported ? 'ESP_SCEP_UNSUPPORTED' : 'ESP_SCEP_VALUE',
      `SCEP message: ${cause.message}`,
      {
        ...(unsupported && { failInfo: 'badAlg' }),
        cause,
      },
    );
  }
}
