import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { CliError } from '../cli.error.js';
import type { OidcProvider } from './oidc.client.js';

/** A server and who one is there. */
export interface Profile {
  readonly url: string;
  /** PEM file of the authority that signed the server's certificate. */
  readonly caFile?: string;
  /** SHA-256 of the server's certificate, hexadecimal in lower case: this one and no other. */
  readonly fingerprint?: string;
  readonly token?: string;
  /** Where the token came from, if it is no API token. */
  readonly oidc?: OidcSignIn;
  /** Signs in with the tickets of this person; nothing is kept of them. */
  readonly kerberos?: KerberosSignIn;
  /** Signs in with a certificate, of which only the paths are kept. */
  readonly certificate?: CertificateSignIn;
}

export interface KerberosSignIn {
  /** Service principal of the server, `HTTP@name`; by default that of its address. */
  readonly spn?: string;
}

/** PEM files. */
export interface CertificateSignIn {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** How one signs in with a profile; undefined: one is signed out. */
export function signInOf(
  profile: Profile | undefined,
): 'token' | 'oidc' | 'kerberos' | 'certificate' | undefined {
  if (profile?.kerberos !== undefined) return 'kerberos';
  if (profile?.certificate !== undefined) return 'certificate';
  if (profile?.token === undefined) return undefined;
  return profile.oidc === undefined ? 'token' : 'oidc';
}

/** A sign-in at an issuer, with what renews it. */
export interface OidcSignIn extends OidcProvider {
  readonly refreshToken?: string;
  /** When the token ends, epoch milliseconds. */
  readonly expiresAt: number;
}

interface StoredProfiles {
  readonly current: string;
  readonly profiles: Readonly<Record<string, Profile>>;
}

const NOTHING: StoredProfiles = { current: 'default', profiles: {} };
const PROFILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** The profiles of one person, in a file that nobody else can read. */
export class ProfileStore {
  readonly path: string;

  constructor(env: Readonly<Record<string, string | undefined>>) {
    const base = env['XDG_CONFIG_HOME'];
    this.path = join(
      base === undefined || base === '' ? join(homedir(), '.config') : base,
      'espalier',
      'config.json',
    );
  }

  /** Name of the profile that is used where none is named. */
  get current(): string {
    return this.#read().current;
  }

  names(): readonly string[] {
    return Object.keys(this.#read().profiles).sort();
  }

  get(name: string): Profile | undefined {
    const { profiles } = this.#read();
    return Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  }

  /** Keeps a profile and makes it the current one. */
  put(name: string, profile: Profile): void {
    if (!PROFILE_NAME.test(name)) throw new CliError(`A profile cannot be called ${name}.`, 2);
    const { profiles } = this.#read();
    this.#write({ current: name, profiles: { ...profiles, [name]: profile } });
  }

  /** Keeps new tokens of a profile. */
  renew(name: string, profile: Profile): void {
    const { current, profiles } = this.#read();
    this.#write({ current, profiles: { ...profiles, [name]: profile } });
  }

  use(name: string): void {
    this.#write({ ...this.#read(), current: name });
  }

  /** Forgets how one signs in with a profile; the server stays known. */
  forgetSignIn(name: string): void {
    const { current, profiles } = this.#read();
    const { token: _, kerberos: __, certificate: ___, oidc, ...rest } = profiles[name] ?? { url: '' };
    this.#write({
      current,
      profiles: { ...profiles, [name]: { ...rest, ...(oidc !== undefined && { oidc: signedOut(oidc) }) } },
    });
  }

  #read(): StoredProfiles {
    if (!existsSync(this.path)) return NOTHING;
    this.#requirePrivate();
    try {
      return readStored(readFileSync(this.path, 'utf8'));
    } catch (error) {
      throw new CliError(`${this.path} cannot be read.`, 1, 'Mend or delete it, then run espalier login.', {
        cause: error,
      });
    }
  }

  /** It holds tokens. Windows keeps rights in another way, which Node does not tell. */
  #requirePrivate(): void {
    if (process.platform === 'win32' || (statSync(this.path).mode & 0o077) === 0) return;
    throw new CliError(
      `${this.path} can be read by others, and it holds your token.`,
      1,
      `chmod 600 ${this.path} — and have the token revoked if somebody else may have read it.`,
    );
  }

  #write(stored: StoredProfiles): void {
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    const draft = `${this.path}.${process.pid}.new`;
    try {
      writeFileSync(draft, `${JSON.stringify(stored, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
      chmodSync(draft, 0o600);
      renameSync(draft, this.path);
    } finally {
      rmSync(draft, { force: true });
    }
  }
}

function readStored(text: string): StoredProfiles {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value) || typeof value['current'] !== 'string' || !isRecord(value['profiles']))
    throw new TypeError('no profiles in it');
  const profiles = Object.entries(value['profiles']).map(([name, profile]) => [name, readProfile(profile)]);
  return { current: value['current'], profiles: Object.fromEntries(profiles) as Record<string, Profile> };
}

function readProfile(value: unknown): Profile {
  if (!isRecord(value) || typeof value['url'] !== 'string') throw new TypeError('a profile without url');
  const { url, caFile, fingerprint, token, oidc, kerberos, certificate } = value;
  return {
    url,
    ...(typeof caFile === 'string' && { caFile }),
    ...(typeof fingerprint === 'string' && { fingerprint }),
    ...(typeof token === 'string' && { token }),
    ...(isRecord(oidc) && { oidc: readOidc(oidc) }),
    ...(isRecord(kerberos) && {
      kerberos: typeof kerberos['spn'] === 'string' ? { spn: kerberos['spn'] } : {},
    }),
    ...(isRecord(certificate) && { certificate: readCertificate(certificate) }),
  };
}

function readOidc(value: Readonly<Record<string, unknown>>): OidcSignIn {
  const { issuer, clientId, scope, caFile, refreshToken, expiresAt } = value;
  if (
    typeof issuer !== 'string' ||
    typeof clientId !== 'string' ||
    typeof scope !== 'string' ||
    typeof expiresAt !== 'number'
  )
    throw new TypeError('a sign-in that is not whole');
  return {
    issuer,
    clientId,
    scope,
    expiresAt,
    ...(typeof caFile === 'string' && { caFile }),
    ...(typeof refreshToken === 'string' && { refreshToken }),
  };
}

function readCertificate(value: Readonly<Record<string, unknown>>): CertificateSignIn {
  const { certificateFile, keyFile } = value;
  if (typeof certificateFile !== 'string' || typeof keyFile !== 'string')
    throw new TypeError('a certificate that is not whole');
  return { certificateFile, keyFile };
}

/** Whom to sign in at again, without what renews the last sign-in. */
function signedOut({ refreshToken: _, ...provider }: OidcSignIn): OidcSignIn {
  return { ...provider, expiresAt: 0 };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
