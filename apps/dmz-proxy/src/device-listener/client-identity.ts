import type { TLSSocket } from 'node:tls';
import { encodeClientCert } from '@espalier/link';

/** Whom a device proved to be in TLS: the same for every request of its connection. */
export interface ClientIdentity {
  /** `Client-Cert` (RFC 9440); undefined where the device showed no certificate. */
  readonly clientCert: string | undefined;
  /** `ok`, `none`, or OpenSSL's name for why the certificate was not verified. */
  readonly clientVerify: string;
}

/** @throws LinkError CLIENT_CERT where the certificate is too large to be forwarded */
export function readClientIdentity(socket: TLSSocket): ClientIdentity {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return { clientCert: undefined, clientVerify: 'none' };
  return {
    clientCert: encodeClientCert(certificate.raw),
    clientVerify: socket.authorized ? 'ok' : plainCode(socket.authorizationError),
  };
}

function plainCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : error;
  return typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code) ? code : 'UNVERIFIED';
}
