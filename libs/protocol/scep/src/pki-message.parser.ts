import type { KeyObject } from 'node:crypto';
import { type Asn1Node, readAsn1 } from '@espalier/asn1';
import { CmsError, openEnvelopedData } from '@espalier/cms';
import { parseCsr, parseName, readIssuerAndSerial } from '@espalier/x509';
import { openPkiEnvelope, required } from './pki-envelope.codec.js';
import type { PkiRequest, PkiRequestHeader } from './pki-message.types.js';
import { ScepError } from './scep.error.js';
import { messageTypeValues, nameOfValue } from './scep.values.js';

/**
 * Server: reads a request. Its signature, and that of the request inside, are checked; whether the
 * sender may have a certificate (challenge, or the certificate it signed with) is the caller's decision.
 * @throws ScepError with `failInfo`, and with `request` where a CertRep can be sent
 */
export function parsePkiMessage(
  bytes: Uint8Array,
  recipient: {
    /** DER of the CA (or RA) certificate that GetCACert gave out. */
    readonly recipientCertificate: Uint8Array;
    readonly recipientKey: KeyObject;
  },
): PkiRequest {
  const envelope = openPkiEnvelope(bytes);
  const { transactionId, signerCertificate, digest, content } = envelope;
  const messageType = nameOfValue(messageTypeValues, envelope.messageType);
  if (messageType === undefined || messageType === 'CertRep') {
    throw new ScepError('ESP_SCEP_UNSUPPORTED', `message type ${envelope.messageType} is no request`);
  }
  const senderNonce = required(envelope.senderNonce, 'sender nonce');
  const header: PkiRequestHeader = { messageType, transactionId, senderNonce, signerCertificate, digest };
  const { cipher, content: inner } = openContent(content, recipient, header);
  try {
    return readContent({ ...header, cipher }, inner);
  } catch (cause) {
    throw unreadable({ ...header, cipher }, cause);
  }
}

function openContent(
  envelopedData: Buffer,
  { recipientCertificate, recipientKey }: Parameters<typeof parsePkiMessage>[1],
  request: PkiRequestHeader,
): ReturnType<typeof openEnvelopedData> {
  try {
    return openEnvelopedData({ envelopedData, certificate: recipientCertificate, key: recipientKey });
  } catch (cause) {
    if (!(cause instanceof CmsError)) throw cause;
    if (cause.code !== 'ESP_CMS_UNSUPPORTED') throw unreadable(request, cause);
    throw new ScepError('ESP_SCEP_UNSUPPORTED', cause.message, { failInfo: 'badAlg', request, cause });
  }
}

/**
 * One error for content that does not decrypt and content that decrypts to nonsense: CBC would
 * otherwise tell a sender byte by byte what another sender's request holds, challenge included.
 */
function unreadable(request: PkiRequestHeader, cause: unknown): unknown {
  const known = cause instanceof Error && ['Asn1Error', 'X509Error', 'CmsError'].includes(cause.name);
  if (!known) return cause;
  const { cipher: _, ...header } = request;
  return new ScepError('ESP_SCEP_CONTENT', 'the content of the SCEP message cannot be read', {
    failInfo: 'badMessageCheck',
    request: header,
    cause,
  });
}

type OpenedHeader = PkiRequestHeader & Required<Pick<PkiRequestHeader, 'cipher'>>;

function readContent(header: OpenedHeader, content: Buffer): PkiRequest {
  const { messageType } = header;
  switch (messageType) {
    case 'PKCSReq':
    case 'RenewalReq': {
      const csr = parseCsr(content);
      const signedByRequestedKey = readIssuerAndSerial(header.signerCertificate).spki.equals(csr.spki);
      return { ...header, messageType, csr, signedByRequestedKey };
    }
    case 'GetCertInitial': {
      const [issuer, subject] = readPair(content);
      return { ...header, messageType, issuer: parseName(issuer.raw), subject: parseName(subject.raw) };
    }
    case 'GetCert':
    case 'GetCRL': {
      const [issuer, serial] = readPair(content);
      const serialHex = serial.asIntegerBytes('serial number').toString('hex');
      return { ...header, messageType, issuer: parseName(issuer.raw), serial: serialHex };
    }
  }
}

/** IssuerAndSubject (RFC 8894 §3.3.3) and IssuerAndSerialNumber have the same shape. */
function readPair(content: Buffer): [Asn1Node, Asn1Node] {
  const fields = readAsn1(content).fields('SCEP request content');
  return [fields.next('issuer'), fields.next('subject or serial number')];
}
