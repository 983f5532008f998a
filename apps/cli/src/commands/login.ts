import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { CliError, usageError } from '../cli.error.js';
import type { OidcProvider } from '../connection/oidc.client.js';
import { ProfileStore, type Profile } from '../connection/profile.store.js';
import { exitCodes } from '../exit-codes.js';
import type { Field } from '../terminal/output.js';
import { readSecret } from '../terminal/prompt.js';
import { showDuration, showTime } from '../terminal/times.js';
import { about } from './define.js';

const DEFAULT_SCOPE = 'openid offline_access';

/** Who one is, as the server tells it; one of an older version tells less. */
export interface Whoami {
  readonly type: string;
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly expiresAt: number | null;
  readonly method?: string;
  readonly administrator?: { readonly id: string; readonly name: string };
  readonly roles?: readonly { readonly roleId: string; readonly collectionIds: readonly string[] | null }[];
}

interface LoginOptions {
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
      'Sign in to a server: with an API token, typed without echo or from standard input; or as a person at your OpenID Connect issuer, by a code that you enter in a browser. It is checked, and kept in a file that only you can read. --profile keeps several sign-ins apart.',
    example: 'espalier login --url https://espalier.example.com:8760 --ca-file ca.pem',
    examples: [
      'espalier login --url https://localhost:8760 --ca-file .espalier/pki/ca.pem < .espalier/admin-token',
      'espalier login --url https://espalier.example.com:8760 --oidc-issuer https://login.example.com --oidc-client espalier-cli',
    ],
  })
    .option('--oidc-issuer <url>', 'sign in by device code at this issuer, named as its tokens name it')
    .option('--oidc-client <id>', 'id of the command line at the issuer')
    .option('--oidc-scope <scopes>', `what to ask for (default: "${DEFAULT_SCOPE}")`)
    .option('--oidc-ca-file <file>', "PEM file of the authority of the issuer's certificate")
    .action(async (options: LoginOptions) => {
      const settings = cli.settings();
      const { url, caFile, fingerprint, profileName } = settings;
      const server = {
        url,
        ...(caFile !== undefined && { caFile }),
        ...(fingerprint !== undefined && { fingerprint }),
      };
      const mayAskAgain = cli.options.tokenFile === undefined && cli.world.stdin.isTTY === true;
      const provider = providerOf(options, mayAskAgain ? settings.oidc : undefined);
      const proof = provider === undefined ? await readToken(cli, url) : await signInAt(cli, provider);
      // Not to be renewed: what is kept below is what was just given.
      const { token } = proof;
      const api = cli.connect({ profileName, ...server, ...(token !== undefined && { token }) });
      try {
        const me = await api.get<Whoami>('/api/v1/whoami');
        const store = new ProfileStore(cli.world.env);
        store.put(profileName, { ...server, ...proof });
        cli.out.result({ profile: profileName, url, ...me }, () => {
          cli.out.say(`You are signed in to ${url} as ${me.administrator?.name ?? me.name}.`);
          cli.out.note(`Kept in ${store.path}.`);
        });
      } finally {
        api.close();
      }
    });
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
    summary: 'forget the token of a server',
    description: 'Forget the token of a server. The token itself stays good until it expires or is revoked.',
    example: 'espalier logout',
  }).action(() => {
    const store = new ProfileStore(cli.world.env);
    const name = cli.options.profile ?? cli.world.env['ESPALIER_PROFILE'] ?? store.current;
    if (store.get(name)?.token === undefined)
      throw new CliError(`You are not signed in with the profile ${name}.`, exitCodes.notFound);
    store.forgetToken(name);
    cli.out.result({ profile: name, signedIn: false }, () =>
      cli.out.say(`The token of ${name} is forgotten.`),
    );
  });
}

/** `espalier whoami`. */
export function whoami(command: Command, cli: Cli): void {
  about(command, { summary: 'who you are, and what you may do', example: 'espalier whoami' }).action(
    async () => {
      const me = await cli.api.get<Whoami>('/api/v1/whoami');
      const { url, profileName } = cli.api.settings;
      cli.out.result({ profile: profileName, url, ...me }, () => {
        const left =
          me.expiresAt === null
            ? 'never'
            : `${showTime(me.expiresAt) ?? ''}, in ${showDuration(me.expiresAt - cli.world.now().getTime())}`;
        const roles = me.roles?.map(({ roleId, collectionIds }) =>
          collectionIds === null ? roleId : `${roleId} in ${collectionIds.join(' and ')}`,
        );
        const who: Field[] =
          me.administrator === undefined
            ? []
            : [
                ['Administrator', me.administrator.name],
                ['Roles', roles?.join(', ')],
              ];
        cli.out.record([
          ['Server', url],
          ['Profile', profileName],
          ...who,
          ['Signed in by', me.method ?? me.type],
          ['Name', me.name],
          ['Id', me.id],
          ['Expires', left],
          ['May', me.scopes.join(', ')],
        ]);
      });
    },
  );
}
