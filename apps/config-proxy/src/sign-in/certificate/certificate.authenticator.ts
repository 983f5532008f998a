import { createHash } from 'node:crypto';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { signInErrors, type EspalierError } from '@espalier/contracts';
import type { FastifyRequest } from 'fastify';
import type { Authenticator, SignedIn } from '../../access/authenticator.js';
import { refuseCrossSite } from '../ambient.js';

/** A connection goes on with the revocation list that it began with: older ones are asked to come again. */
const CONNECTION_MS = 600_000;

/**
 * Signs in with the client certificate of the TLS connection itself, as OpenSSL verified it in the handshake against
 * the authorities and revocation lists of our settings: chain, validity, key usage for clients. Headers that a proxy
 * could have set are never looked at.
 */
export class CertificateAuthenticator implements Authenticator {
  readonly scheme = 'certificate';
  readonly #since = new WeakMap<TLSSocket, number>();

  constructor(private readonly now: () => Date) {}

  authenticate(request: FastifyRequest): Promise<SignedIn | undefined> {
    return Promise.resolve().then(() => this.#signIn(request));
  }

  #signIn(request: FastifyRequest): SignedIn | undefined {
    // What a caller says outright counts: some systems add any certificate that they find.
    if (request.headers.authorization !== undefined) return undefined;
    const socket = request.raw.socket as TLSSocket;
    const certificate = socket.encrypted ? socket.getPeerX509Certificate() : undefined;
    if (certificate === undefined) return undefined;
    refuseCrossSite(request);
    // In the handshake, which is not now: neither on an old connection nor on a resumed session.
    if (!socket.authorized) throw refusalOf(String(socket.authorizationError));
    const now = this.now().getTime();
    const expiresAt = certificate.validToDate.getTime();
    if (now > expiresAt || now < certificate.validFromDate.getTime())
      throw signInErrors.ESP_SIGN_IN_CERTIFICATE_EXPIRED();
    const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
    const key = createHash('sha256').update(spki).digest('hex');
    return {
      method: 'certificate',
      identity: `certificate:${key}`,
      name: commonNameOf(certificate.toLegacyObject()) ?? key,
      expiresAt,
      ...(this.#isOld(socket, now) && { responseHeaders: { connection: 'close' } }),
    };
  }

  #isOld(socket: TLSSocket, now: number): boolean {
    const since = this.#since.get(socket);
    if (since === undefined) this.#since.set(socket, now);
    return since !== undefined && now - since > CONNECTION_MS;
  }
}

function commonNameOf({ subject }: PeerCertificate): string | undefined {
  const names: string | readonly string[] | undefined = subject.CN;
  const name = typeof names === 'string' ? names : names?.at(-1);
  return name?.replaceAll(/\p{Cc}/gu, '').slice(0, 255);
}

/** The reasons of OpenSSL (X509_V_ERR_…), as Node spells them. */
function refusalOf(reason: string): EspalierError {
  switch (reason) {
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return signInErrors.ESP_SIGN_IN_CERTIFICATE_EXPIRED();
    case 'INVALID_PURPOSE':
      return signInErrors.ESP_SIGN_IN_CERTIFICATE_PURPOSE();
    case 'CERT_REVOKED':
      return signInErrors.ESP_SIGN_IN_CERTIFICATE_REVOKED();
    case 'UNABLE_TO_GET_CRL':
    case 'CRL_HAS_EXPIRED':
    case 'CRL_NOT_YET_VALID':
    case 'CRL_SIGNATURE_FAILURE':
    case 'UNABLE_TO_DECRYPT_CRL_SIGNATURE':
    case 'ERROR_IN_CRL_LAST_UPDATE_FIELD':
    case 'ERROR_IN_CRL_NEXT_UPDATE_FIELD':
      return signInErrors.ESP_SIGN_IN_CERTIFICATE_UNCHECKED({ cause: reason });
    default:
      return signInErrors.ESP_SIGN_IN_CERTIFICATE_UNTRUSTED({ cause: reason });
  }
}
