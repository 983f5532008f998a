import type { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import type { Duplex } from 'node:stream';
import {
  connect,
  createSecureContext,
  getCACertificates,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls';
import { usageError } from '../cli.error.js';
import type { CertificateSignIn } from './profile.store.js';
import type { ConnectionSettings } from './settings.js';

const CONNECT_MS = 10_000;

/** A connection, with what the other end showed: Node gives that out only once. */
export interface Dialled {
  readonly socket: TLSSocket;
  readonly certificate: X509Certificate;
}

/** What a certificate says that is not the pinned one. */
export class PinError extends Error {
  override readonly name = 'PinError';
  readonly code = 'ESPALIER_PIN_MISMATCH';

  constructor(readonly fingerprint: string) {
    super(`the server showed ${fingerprint}`);
  }
}

/** Node's authorization errors that adding the system's own authorities may cure. */
const UNKNOWN_AUTHORITY = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/**
 * Opens TLS connections whose other end is proven before the first byte of a request is sent: by the pinned
 * certificate, by the authority in the file, or by the authorities that Node and the system trust.
 */
export class Dialer extends Agent {
  readonly #settings: ConnectionSettings;
  readonly #own: Pick<SecureContextOptions, 'cert' | 'key'>;
  #authorities: string[] | undefined;

  constructor(settings: ConnectionSettings) {
    super({ keepAlive: true, maxSockets: 8 });
    this.#settings = settings;
    this.#own = settings.certificate === undefined ? {} : readOwnCertificate(settings.certificate);
    if (settings.caFile !== undefined && settings.fingerprint === undefined)
      this.#authorities = [readAuthority(settings.caFile)];
  }

  override createConnection(
    _options: object,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    this.dial().then(
      ({ socket }) => callback?.(null, socket),
      // Node takes the error alone; its types do not say so.
      (error: Error) => (callback as ((error: Error) => void) | undefined)?.(error),
    );
    return undefined;
  }

  /** A proven connection. Rejects with Node's own error, or {@link PinError}. */
  async dial(): Promise<Dialled> {
    try {
      return await this.#dialOnce();
    } catch (error) {
      const { caFile, fingerprint } = this.#settings;
      const mayKnow = caFile === undefined && fingerprint === undefined && this.#authorities === undefined;
      if (!mayKnow || !UNKNOWN_AUTHORITY.has(codeOf(error))) throw error;
      // Reading them takes time: only where they are needed. A company's own authority is among them.
      this.#authorities = [...getCACertificates('default'), ...getCACertificates('system')];
      return this.#dialOnce();
    }
  }

  #dialOnce(): Promise<Dialled> {
    const { url, fingerprint } = this.#settings;
    const { hostname, port } = new URL(url);
    const host = hostname.replaceAll(/^\[|\]$/g, '');
    const { promise, resolve, reject } = Promise.withResolvers<Dialled>();
    const socket = connect({
      host,
      port: Number(port === '' ? 443 : port),
      ...(!/^[\d.]+$|:/.test(host) && { servername: host }),
      ...(this.#authorities !== undefined && { ca: this.#authorities }),
      ...this.#own,
      ALPNProtocols: ['http/1.1'],
      // Where a certificate is pinned, it alone is compared, below, before anything is sent.
      rejectUnauthorized: fingerprint === undefined,
    });
    const timer = setTimeout(
      () => socket.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })),
      CONNECT_MS,
    );
    socket.once('error', reject);
    socket.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      const shown = fingerprintOf(certificate);
      if (certificate === undefined || (fingerprint !== undefined && fingerprint !== shown))
        socket.destroy(new PinError(shown));
      // Of a pinned certificate only this is left to be verified: its key was proven by the handshake.
      else if (certificate.validToDate < new Date())
        socket.destroy(Object.assign(new Error('expired'), { code: 'CERT_HAS_EXPIRED' }));
      else resolve({ socket, certificate });
    });
    return promise.finally(() => clearTimeout(timer));
  }

  /** What the server shows, believed or not; undefined where it shows nothing. Nothing is sent to it. */
  static shownBy(
    url: string,
  ): Promise<{ readonly fingerprint: string; readonly issuer: string } | undefined> {
    const { hostname, port } = new URL(url);
    const host = hostname.replaceAll(/^\[|\]$/g, '');
    const { promise, resolve } = Promise.withResolvers<
      { readonly fingerprint: string; readonly issuer: string } | undefined
    >();
    const socket = connect(
      {
        host,
        port: Number(port === '' ? 443 : port),
        ...(!/^[\d.]+$|:/.test(host) && { servername: host }),
        rejectUnauthorized: false,
        timeout: CONNECT_MS,
      },
      () => {
        const certificate = socket.getPeerX509Certificate();
        resolve({ fingerprint: fingerprintOf(certificate), issuer: nameOf(certificate?.issuer ?? '') });
        socket.destroy();
      },
    );
    socket.once('timeout', () => socket.destroy());
    socket.once('error', () => resolve(undefined));
    socket.once('close', () => resolve(undefined));
    return promise;
  }
}

function fingerprintOf(certificate: X509Certificate | undefined): string {
  return (certificate?.fingerprint256 ?? '').replaceAll(':', '').toLowerCase();
}

/** The common name of a distinguished name or, where it has none, its first part. */
function nameOf(distinguishedName: string): string {
  const parts = distinguishedName.split('\n');
  return (parts.find((part) => part.startsWith('CN=')) ?? parts[0] ?? '').replace(/^[A-Z]+=/, '');
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** The certificate that one signs in with. @throws CliError that says what is wrong with it */
function readOwnCertificate({
  certificateFile,
  keyFile,
}: CertificateSignIn): Pick<SecureContextOptions, 'cert' | 'key'> {
  const again = 'Name them with espalier login --certificate FILE --key FILE.';
  const cert = readPem('The certificate that you sign in with', certificateFile, again);
  const key = readPem('The key of the certificate that you sign in with', keyFile, again);
  try {
    createSecureContext({ cert, key });
    return { cert, key };
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw usageError(
      /mismatch/i.test(words)
        ? `The key in ${keyFile} is not the one of the certificate in ${certificateFile}.`
        : `The certificate in ${certificateFile} cannot be used with the key in ${keyFile}: ${words}`,
      /interrupted|cancelled|password|decrypt/i.test(words)
        ? 'The key must not need a passphrase: openssl pkey -in KEY -out PLAIN-KEY, readable by you alone.'
        : 'Both must be PEM files, first the certificate, then those of intermediate authorities.',
    );
  }
}

function readPem(what: string, file: string, mend: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw usageError(
      `${what} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      mend,
    );
  }
}

function readAuthority(file: string): string {
  const again = 'Name it with --ca-file, or sign in again.';
  const text = readPem('The file of the certificate authority', file, again);
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw usageError(
    `${file} holds no certificate in PEM form.`,
    'A DER file is converted by: openssl x509 -inform der -in FILE -out ca.pem',
  );
}
