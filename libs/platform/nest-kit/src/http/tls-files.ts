import { readFileSync } from 'node:fs';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { Lifecycle, Logger } from '@espalier/service-kit';

/** PEM files of a server's certificate (followed by its chain) and private key. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly minVersion: 'TLSv1.2';
}

/** @throws where a file cannot be read, is no PEM, or the key does not belong to the certificate */
export function readTlsFiles({ certFile, keyFile }: TlsFiles): TlsMaterial {
  const material = {
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    minVersion: 'TLSv1.2',
  } as const;
  createSecureContext(material);
  return material;
}

/** Reads the files again on SIGHUP; connections that are open keep what they began with. */
export function reloadOnHangup(server: Server, files: TlsFiles, logger: Logger, lifecycle: Lifecycle): void {
  const reload = (): void => {
    try {
      server.setSecureContext(readTlsFiles(files));
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
