import { LinkError } from '../link-error.js';

/** Largest certificate in DER that is forwarded. Device certificates are 1–2 KiB. */
export const MAX_CLIENT_CERT_BYTES = 12 * 1024;

const BYTE_SEQUENCE = /^:(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?:$/;

/**
 * Writes a certificate as the `Client-Cert` field (RFC 9440 §2.2): a byte sequence of RFC 8941 §3.3.5.
 * @throws LinkError CLIENT_CERT where it is too large
 */
export function encodeClientCert(der: Uint8Array): string {
  if (der.byteLength === 0 || der.byteLength > MAX_CLIENT_CERT_BYTES)
    throw new LinkError('CLIENT_CERT', `a client certificate of ${der.byteLength} bytes is not forwarded`);
  return `:${Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('base64')}:`;
}

/**
 * Reads a `Client-Cert` field: exactly one byte sequence, in canonical base64.
 * @throws LinkError CLIENT_CERT
 */
export function decodeClientCert(field: string): Buffer {
  if (field.length > Math.ceil(MAX_CLIENT_CERT_BYTES / 3) * 4 + 2 || !BYTE_SEQUENCE.test(field))
    throw new LinkError('CLIENT_CERT', 'Client-Cert is not one byte sequence (RFC 9440)');
  const base64 = field.slice(1, -1);
  const der = Buffer.from(base64, 'base64');
  if (der.byteLength === 0 || der.toString('base64') !== base64)
    throw new LinkError('CLIENT_CERT', 'Client-Cert is not in canonical base64');
  return der;
}
