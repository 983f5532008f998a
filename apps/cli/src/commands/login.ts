import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { CliError, usageError } from '../cli.error.js';
import type { OidcProvider } from '../connection/oidc.client.js';
import { ProfileStore, signInOf, type Profile } from '../connection/profile.store.js';
import { exitCodes } from '../exit-codes.js';
import { readSecret } from '../terminal/prompt.js';
import { about } from './define.js';
import type { Whoami } from './whoami.js';

const DEFAULT_SCOPE = 'openid offline_access';

interface LoginOptions {
  readonly kerberos?: boolean;
  readonly spn?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly oidcIssuer?: string;
  readonly oidcClient?: string;
  readonly oidcScope?: string;
  readonly oidcCaFile?: string;
}

/** `espalier login`. */
export function login(command: Command, cli: Cli): void {
  about(command, {
    summary: 'sign in to a server',
    description:
      'Sign in to a server: with an API token, typed without echo or from standard input; as a person at your OpenID Connect issuer, by a code that you enter in a browser; with your Kerberos tickets, of which nothing is kept; or with a certificate, of which only the paths are kept. It is checked, and kept in a file that only you can read. --profile keeps several sign-ins apart.',
    example: 'espalier login --url https://espalier.example.com:8760 --ca-file ca.pem',
    examples: [
      'espalier login --url https://localhost:8760 --ca-file .espalier/pki/ca.pem < .espalier/admin-token',
      'espalier login --url https://espalier.example.com:8760 --oidc-issuer https://login.example.com --oidc-client espalier-cli',
      'espalier login --url https://espalier.example.com:8760 --kerberos',
      'espalier login --url https://espalier.example.com:8760 --certificate anna.pem --key anna.key',
    ],
  })
    .option('--oidc-issuer <url>', 'sign in by device code at this issuer, named as its tokens name it')
    .option('--oidc-client <id>', 'id of the command line at the issuer')
    .option('--oidc-scope <scopes>', `what to ask for (default: "${DEFAULT_SCOPE}")`)
    .option('--oidc-ca-file <file>', "PEM file of the authority of the issuer's certificate")
    .option('--kerberos', 'sign in with your Kerberos tickets (kinit)')
    .option('--spn <principal>', 'service principal of the server (default: HTTP@ its name)')
    .option('--certificate <file>', 'sign in with the certificate in this PEM file')
    .option('--key <file>', 'PEM file of its key (default: the file of the certificate)')
    .action(async (options: LoginOptions) => {
      requireOneWay(options);
      const settings = cli.settings();
      const { url, caFile, fingerprint, profileName } = settings;
      const server = {
        url,
        ...(caFile !== undefined && { caFile }),
        ...(fingerprint !== undefined && { fingerprint }),
      };
      const mayAskAgain = cli.options.tokenFile === undefined && cli.world.stdin.isTTY === true;
      const signIn = withoutToken(options) ?? (await signInWithToken(cli, url, options, mayAskAgain));
      // Not to be renewed: what is kept below is what was just given.
      const { oidc: _, ...proof } = signIn;
      const api = cli.connect({ profileName, ...server, ...proof });
      try {
        const me = await api.get<Whoami>('/api/v1/whoami');
        const store = new ProfileStore(cli.world.env);
        store.put(profileName, { ...server, ...signIn });
        cli.out.result({ profile: profileName, url, ...me }, () => {
          cli.out.say(`You are signed in to ${url} as ${me.administrator?.name ?? me.name}.`);
          cli.out.note(`Kept in ${store.path}.`);
        });
      } finally {
        api.close();
      }
    });
}

type SignIn = Pick<Profile, 'token' | 'oidc' | 'kerberos' | 'certificate'>;

function requireOneWay({ kerberos, spn, certificate, key, oidcIssuer }: LoginOptions): void {
  const ways = [kerberos === true, certificate !== undefined, oidcIssuer !== undefined];
  if (ways.filter(Boolean).length > 1)
    throw usageError('Sign in by one of --kerberos, --certificate and --oidc-issuer.');
  if (spn !== undefined && kerberos !== true) throw usageError('--spn needs --kerberos.');
  if (key !== undefined && certificate === undefined) throw usageError('--key needs --certificate.');
}

/** What shows who one is without a token. @throws CliError */
function withoutToken({ kerberos, spn, certificate, key }: LoginOptions): SignIn | undefined {
  if (kerberos === true) return { kerberos: spn === undefined ? {} : { spn: readPrincipal(spn) } };
  if (certificate === undefined) return undefined;
  return {
    certificate: { certificateFile: resolve(certificate), keyFile: resolve(key ?? certificate) },
  };
}

/** `HTTP@name` as GSSAPI writes it; setspn and keytabs write `HTTP/name`, which is the same. @throws CliError */
function readPrincipal(spn: string): string {
  const [, service, name] = /^([A-Za-z]+)[@/]([A-Za-z0-9._-]+)$/.exec(spn) ?? [];
  if (service === undefined || name === undefined)
    throw usageError(`--spn is no service principal: ${spn}`, 'Write it as HTTP@console.example.com');
  return `${service}@${name}`;
}

function signInWithToken(
  cli: Cli,
  url: string,
  options: LoginOptions,
  mayAskAgain: boolean,
): Promise<SignIn> {
  const provider = providerOf(options, mayAskAgain ? cli.settings().oidc : undefined);
  return provider === undefined ? readToken(cli, url) : signInAt(cli, provider);
}

/** The issuer that is named, or the one of the last time; a token from standard input needs none. */
function providerOf(
  { oidcIssuer, oidcClient, oidcScope, oidcCaFile }: LoginOptions,
  before: OidcProvider | undefined,
): OidcProvider | undefined {
  const issuer = oidcIssuer ?? before?.issuer;
  if (issuer === undefined) {
    if (oidcClient !== undefined) throw usageError('--oidc-client needs --oidc-issuer.');
    return undefined;
  }
  const clientId = oidcClient ?? before?.clientId;
  if (clientId === undefined) throw usageError('--oidc-issuer needs --oidc-client.');
  const caFile = oidcCaFile === undefined ? before?.caFile : resolve(oidcCaFile);
  return {
    issuer,
    clientId,
    scope: oidcScope ?? before?.scope ?? DEFAULT_SCOPE,
    ...(caFile !== undefined && { caFile }),
  };
}

async function readToken(cli: Cli, url: string): Promise<Pick<Profile, 'token'>> {
  const token =
    cli.options.tokenFile === undefined
      ? await readSecret(cli.world, `API token for ${url}: `)
      : cli.settings().token;
  if (token === undefined || !/^[\x21-\x7e]+$/.test(token))
    throw usageError('That is no API token: they begin with esp_.');
  return { token };
}

async function signInAt(cli: Cli, provider: OidcProvider): Promise<Pick<Profile, 'token' | 'oidc'>> {
  const { OidcClient } = await import('../connection/oidc.client.js');
  const client = new OidcClient(provider, cli.world.now);
  const { token, ...rest } = await client.signIn(({ url, code }) =>
    cli.out.note(`Open ${url} in a browser, on any machine, and enter the code ${code}`),
  );
  return { token, oidc: { ...provider, ...rest } };
}

/** `espalier logout`. */
export function logout(command: Command, cli: Cli): void {
  about(command, {
    summary: 'forget how you sign in to a server',
    description:
      'Forget how you sign in to a server. A token itself stays good until it expires or is revoked; Kerberos tickets are forgotten by kdestroy.',
    example: 'espalier logout',
  }).action(() => {
    const store = new ProfileStore(cli.world.env);
    const name = cli.options.profile ?? cli.world.env['ESPALIER_PROFILE'] ?? store.current;
    if (signInOf(store.get(name)) === undefined)
      throw new CliError(`You are not signed in with the profile ${name}.`, exitCodes.notFound);
    store.forgetSignIn(name);
    cli.out.result({ profile: name, signedIn: false }, () =>
      cli.out.say(`The sign-in of ${name} is forgotten.`),
    );
  });
}
