import { Asn1Error } from '@espalier/asn1';
import { X509Error, type X509ErrorCode } from './x509.error.js';

/** Runs `read` and turns an ASN.1 error into this library's own, so that callers meet one class. */
export function guardAsn1<T>(what: string, code: X509ErrorCode, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof Asn1Error)) throw cause;
    throw new X509Error(code, `${what}: ${cause.message}`, { cause });
  }
}
