import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** A client certificate with its key, PEM. */
export interface ClientIdentity {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
}

export interface ClientCertificateOptions {
  /** Extended key usage; none unless told. */
  readonly usage?: string;
  /** First and last moment, as YYYYMMDDHHMMSSZ. */
  readonly dates?: readonly [start: string, end: string];
  /** PEM file of a key to use again. */
  readonly keyFile?: string;
}

/** A certificate authority of `openssl ca`, with a database of what it issued and revoked. */
export class OpensslAuthority {
  readonly certFile: string;
  readonly #folder: string;
  #issued = 0;

  constructor(parent: string, name: string) {
    this.#folder = join(parent, name);
    this.certFile = join(this.#folder, 'ca.pem');
    mkdirSync(this.#folder);
    writeFileSync(join(this.#folder, 'index.txt'), '');
    writeFileSync(
      join(this.#folder, 'ca.cnf'),
      `[ca]
default_ca = here
[here]
dir = ${this.#folder}
database = $dir/index.txt
new_certs_dir = $dir
certificate = $dir/ca.pem
private_key = $dir/ca.key
default_md = sha256
default_days = 1
default_crl_days = 1
rand_serial = yes
unique_subject = no
policy = any
[any]
commonName = supplied
organizationName = optional
`,
    );
    const subject = ['-subj', `/CN=${name}`, '-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
    this.#openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '1', ...subject);
  }

  issue(subject: string, { usage, dates, keyFile }: ClientCertificateOptions = {}): ClientIdentity {
    const id = `client-${(this.#issued += 1)}`;
    writeFileSync(
      join(this.#folder, `${id}.ext`),
      `basicConstraints = CA:FALSE\n${usage === undefined ? '' : `extendedKeyUsage = ${usage}\n`}`,
    );
    const key = keyFile === undefined ? [...newKey, '-keyout', `${id}.key`] : ['-new', '-key', keyFile];
    this.#openssl('req', ...key, '-out', `${id}.csr`, '-subj', subject);
    const when = dates === undefined ? [] : ['-startdate', dates[0], '-enddate', dates[1]];
    const files = ['-in', `${id}.csr`, '-out', `${id}.pem`, '-extfile', `${id}.ext`];
    this.#openssl('ca', '-batch', '-notext', '-config', 'ca.cnf', ...files, ...when);
    const file = (name: string): string => join(this.#folder, name);
    return {
      cert: readFileSync(file(`${id}.pem`), 'utf8'),
      key: readFileSync(keyFile ?? file(`${id}.key`), 'utf8'),
      certFile: file(`${id}.pem`),
    };
  }

  /** @returns the file of a new list of all that are revoked */
  revoke(...certificates: readonly ClientIdentity[]): string {
    for (const { certFile } of certificates)
      this.#openssl('ca', '-config', 'ca.cnf', '-batch', '-revoke', certFile);
    return this.list('crl.pem');
  }

  /** @param more arguments for `openssl ca -gencrl` */
  list(name: string, ...more: readonly string[]): string {
    this.#openssl('ca', '-config', 'ca.cnf', '-gencrl', '-out', name, ...more);
    return join(this.#folder, name);
  }

  #openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { cwd: this.#folder, stdio: 'pipe' });
  }
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
