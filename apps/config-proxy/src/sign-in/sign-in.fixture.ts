import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testCertificate, type TestIdentity } from '@espalier/testing';

/** A folder, and a certificate for localhost in it. */
export class SignInPlace {
  readonly folder = mkdtempSync(join(tmpdir(), 'espalier-sign-in-'));
  readonly authority: TestIdentity = testCertificate('Sign-in test authority', { authority: true });
  readonly caFile = this.write('ca.pem', this.authority.certificate);
  readonly certFile: string;
  readonly keyFile: string;

  constructor() {
    const server = testCertificate('localhost', {
      issuer: this.authority,
      names: ['localhost', '127.0.0.1'],
    });
    this.certFile = this.write('server.pem', server.certificate);
    this.keyFile = this.write('server.key', server.key);
  }

  write(name: string, text: string): string {
    const file = join(this.folder, name);
    writeFileSync(file, text);
    return file;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
