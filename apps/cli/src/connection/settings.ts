import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CliError, usageError } from '../cli.error.js';
import { exitCodes } from '../exit-codes.js';
import { ProfileStore, type Profile } from './profile.store.js';

/** What the command line says of the connection. */
export interface ConnectionFlags {
  readonly profile?: string;
  readonly url?: string;
  readonly caFile?: string;
  readonly fingerprint?: string;
  readonly tokenFile?: string;
}

/** Where to connect, whom to trust, who one is. */
export interface ConnectionSettings extends Profile {
  readonly profileName: string;
}

type Env = Readonly<Record<string, string | undefined>>;

const given = (value: string | undefined): string | undefined => (value === '' ? undefined : value);

/**
 * Flags win over the environment, the environment over the profile. A profile's token and trust go to the profile's
 * own server only: another address gets neither.
 * @throws CliError
 */
export function connectionSettings(env: Env, flags: ConnectionFlags): ConnectionSettings {
  const store = new ProfileStore(env);
  const named = flags.profile ?? given(env['ESPALIER_PROFILE']);
  const profileName = named ?? store.current;
  const profile = store.get(profileName);
  const otherUrl = flags.url ?? given(env['ESPALIER_URL']);
  if (named !== undefined && profile === undefined && otherUrl === undefined)
    throw new CliError(
      `There is no profile ${named}.`,
      exitCodes.usage,
      `Sign in: espalier login --profile ${named} --url https://…:8760`,
    );
  const url = serverUrl(otherUrl ?? profile?.url);
  const own = profile !== undefined && serverUrl(profile.url) === url ? profile : undefined;
  const caFile = flags.caFile ?? given(env['ESPALIER_CA_FILE']);
  const pinned = flags.fingerprint === undefined ? undefined : readFingerprint(flags.fingerprint);
  const trust: Pick<Profile, 'caFile' | 'fingerprint'> =
    pinned !== undefined
      ? { fingerprint: pinned }
      : caFile !== undefined
        ? { caFile: resolve(caFile) }
        : {
            ...(own?.caFile !== undefined && { caFile: own.caFile }),
            ...(own?.fingerprint !== undefined && { fingerprint: own.fingerprint }),
          };
  const otherToken = tokenOfFile(flags.tokenFile) ?? given(env['ESPALIER_TOKEN'])?.trim();
  const token = otherToken ?? own?.token;
  return {
    profileName,
    url,
    ...trust,
    ...(token !== undefined && { token }),
    // Whoever names a token means that one, and the server looks at a token first.
    ...(otherToken === undefined && own?.oidc !== undefined && { oidc: own.oidc }),
    ...(otherToken === undefined && own?.kerberos !== undefined && { kerberos: own.kerberos }),
    ...(otherToken === undefined && own?.certificate !== undefined && { certificate: own.certificate }),
  };
}

/** The origin of a server. @throws CliError where it is none, or would send the token unprotected */
export function serverUrl(text: string | undefined): string {
  if (text === undefined)
    throw new CliError(
      'No server is known yet.',
      exitCodes.usage,
      'Sign in: espalier login --url https://…:8760 (or set ESPALIER_URL and ESPALIER_TOKEN).',
    );
  const url = URL.parse(text.includes('://') ? text : `https://${text}`);
  if (url === null)
    throw usageError(`This is no address of a server: ${text}`, 'Write it as https://name:8760');
  if (url.protocol !== 'https:')
    throw usageError(`The server must be reached over https, not ${url.protocol.slice(0, -1)}: ${text}`);
  if (url.username !== '' || url.password !== '')
    throw usageError('The address of the server holds a name or password.', 'Sign in with espalier login.');
  return url.origin;
}

/** A SHA-256 as openssl and browsers write it, to hexadecimal in lower case. @throws CliError */
export function readFingerprint(text: string): string {
  const hex = text
    .replace(/^sha256[: ]/i, '')
    .replaceAll(/[: ]/g, '')
    .toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(hex))
    throw usageError('--fingerprint must be a SHA-256: 64 hexadecimal digits, with or without colons.');
  return hex;
}

function tokenOfFile(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw usageError(`--token-file: ${error instanceof Error ? error.message : String(error)}`);
  }
}
