import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { Lifecycle, Logger } from '@espalier/service-kit';

/** PEM files of a server's certificate (followed by its chain) and private key. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** Asks clients for a certificate, and lets in who has none or a wrong one: whether it counts is for the gate. */
  readonly clients?: ClientTrustFiles;
}

/** PEM files by which client certificates are verified; `socket.authorized` tells how that went. */
export interface ClientTrustFiles {
  /** Authorities whose certificates are good. No others are, not even public ones. */
  readonly caFile: string;
  /** Revocation lists, a current one for every authority of a chain. */
  readonly crlFile?: string | undefined;
}

export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly minVersion: 'TLSv1.2';
  readonly ca?: Buffer;
  readonly crl?: string[];
  readonly requestCert?: true;
  readonly rejectUnauthorized?: false;
}

const CRL = /-----BEGIN X509 CRL-----[^-]*-----END X509 CRL-----/g;
/** Of the keys that session tickets are sealed with. */
const TICKET_KEY_BYTES = 48;

/** @throws where a file cannot be read, is no PEM, or the key does not belong to the certificate */
export function readTlsFiles({ certFile, keyFile, clients }: TlsFiles): TlsMaterial {
  const material = {
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    minVersion: 'TLSv1.2',
    ...(clients !== undefined && readClientTrust(clients)),
  } as const;
  createSecureContext(material);
  return material;
}

function readClientTrust({ caFile, crlFile }: ClientTrustFiles): Partial<TlsMaterial> {
  const ca = readFileSync(caFile);
  // Without an authority Node would trust the public ones, and without a list it would look for none.
  if (!ca.includes('-----BEGIN CERTIFICATE-----')) throw new Error(`${caFile} holds no certificate (PEM)`);
  const crl = crlFile === undefined ? undefined : (readFileSync(crlFile, 'utf8').match(CRL) ?? []);
  if (crl?.length === 0) throw new Error(`${crlFile} holds no revocation list (PEM, X509 CRL)`);
  return { ca, ...(crl !== undefined && { crl }), requestCert: true, rejectUnauthorized: false };
}

/** Reads the files again on SIGHUP; connections that are open keep what they began with. */
export function reloadOnHangup(server: Server, files: TlsFiles, logger: Logger, lifecycle: Lifecycle): void {
  const reload = (): void => {
    try {
      server.setSecureContext(readTlsFiles(files));
      // A resumed session would skip the check against the new authorities and revocation lists.
      if (files.clients !== undefined) server.setTicketKeys(randomBytes(TICKET_KEY_BYTES));
      logger.info({ file: files.certFile }, 'the certificate was read again');
    } catch (error) {
      logger.error(
        { err: error, file: files.certFile },
        'the certificate on disk is not usable; the old one stays',
      );
    }
  };
  process.on('SIGHUP', reload);
  lifecycle.onShutdown('intake', 'certificate reload', () => void process.removeListener('SIGHUP', reload));
}
