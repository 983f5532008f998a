import { CmsError, degenerateCertificates, parseSignedData } from '@espalier/cms';
import { parseCertificate, X509Error } from '@espalier/x509';
import { ScepError } from './scep.error.js';
import { maxMessageBytes } from './scep.values.js';

/** Media types of SCEP over HTTP (RFC 8894 §4). Clients compare them exactly: add no charset. */
export const scepContentTypes = {
  capabilities: 'text/plain',
  caCertificate: 'application/x-x509-ca-cert',
  caCertificates: 'application/x-x509-ca-ra-cert',
  pkiMessage: 'application/x-pki-message',
} as const;

/** An HTTP body with its media type. */
export interface ScepBody {
  readonly contentType: string;
  readonly body: Buffer;
}

/** Server: the answer to GetCACert: one certificate as it is, several as degenerate PKCS#7 (RFC 8894 §4.2.1). */
export function buildCaCertReply(certificates: readonly [Uint8Array, ...Uint8Array[]]): ScepBody {
  const [only] = certificates;
  return certificates.length === 1
    ? { contentType: scepContentTypes.caCertificate, body: Buffer.from(only) }
    : { contentType: scepContentTypes.caCertificates, body: degenerateCertificates(certificates) };
}

/** Client: the certificates (DER) in the answer to GetCACert. Which of them to trust is the caller's decision. */
export function parseCaCertReply({ contentType, body }: ScepBody): readonly Buffer[] {
  try {
    const mediaType = contentType.split(';', 1)[0]?.trim().toLowerCase();
    const certificates =
      mediaType === scepContentTypes.caCertificate ? [body] : parseSignedData(body).certificates;
    certificates.forEach(parseCertificate);
    if (certificates.length > 0) return certificates;
  } catch (cause) {
    if (!(cause instanceof CmsError) && !(cause instanceof X509Error)) throw cause;
    throw new ScepError('ESP_SCEP_MALFORMED', `GetCACert: ${cause.message}`, { cause });
  }
  throw new ScepError('ESP_SCEP_MALFORMED', 'GetCACert gave no certificate');
}

const maxGetCharacters = Math.ceil(maxMessageBytes / 3) * 4;

/**
 * Server: the pkiMessage in the `message` parameter of a GET, query already decoded (RFC 8894 §4.1). Some
 * clients do not escape `+`, which a query decoder turns into a space; scepclient sends base64url.
 */
export function decodeGetMessage(message: string): Buffer {
  const base64 = message
    .replaceAll(/[\r\n]/g, '')
    .replaceAll(/[ -]/g, '+')
    .replaceAll('_', '/');
  if (base64.length > maxGetCharacters || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
    throw new ScepError('ESP_SCEP_MALFORMED', 'the message parameter is no base64');
  }
  return Buffer.from(base64, 'base64');
}

/** Client: a pkiMessage as the `message` parameter of a GET, escaped for the query. */
export function encodeGetMessage(message: Uint8Array): string {
  return encodeURIComponent(Buffer.from(message).toString('base64'));
}
