import { CliError } from '../cli.error.js';
import { exitCodes } from '../exit-codes.js';
import type { Proof, Prover } from './proof.js';

/** As numbered by GSSAPI and by the module. */
const MUTUAL = 2;
const KERBEROS = 9;
const SPNEGO = 6;

/** RFC 4559 §4.1: what the server says back, its half of the mutual authentication. */
const NEGOTIATE = /^Negotiate +([A-Za-z0-9+/=]+)$/i;

interface GssClient {
  readonly contextComplete: boolean;
  /** Takes and gives base64; empty where there is none. */
  step(token: string): Promise<string>;
}

interface KerberosModule {
  initializeClient(service: string, options: { mechOID: number; flags: number }): Promise<GssClient>;
}

/** An optional dependency: what the compiler does not see need not be installed. */
const MODULE: string = 'kerberos';

/** The service principal of a server as GSSAPI writes it, `HTTP@name`. */
export function servicePrincipalOf(url: string): string {
  return `HTTP@${new URL(url).hostname}`;
}

/** Shows who one is by the tickets of this person (RFC 4559): a new token for each request, nothing is kept. */
export class KerberosProver implements Prover {
  #module: Promise<KerberosModule> | undefined;

  /** @param service as in `HTTP@console.example.com` */
  constructor(private readonly service: string) {}

  async prove(): Promise<Proof> {
    const kerberos = await (this.#module ??= loadModule());
    const client = await kerberos.initializeClient(this.service, { mechOID: SPNEGO, flags: MUTUAL });
    const token = await client.step('').catch(async (error: unknown) => {
      throw refusalOf(await this.#inItsWords(kerberos, error), this.service);
    });
    return {
      authorization: `Negotiate ${token}`,
      checkAnswer: async ({ 'www-authenticate': header = '' }) => {
        const [, answer] = NEGOTIATE.exec(header) ?? [];
        if (answer !== undefined) await this.#check(client, answer);
      },
    };
  }

  /** SPNEGO only says that no way is left; Kerberos by itself says why. */
  async #inItsWords(kerberos: KerberosModule, error: unknown): Promise<unknown> {
    const client = await kerberos.initializeClient(this.service, { mechOID: KERBEROS, flags: MUTUAL });
    return client.step('').then(
      () => error,
      (why: unknown) => why,
    );
  }

  async #check(client: GssClient, answer: string): Promise<void> {
    try {
      await client.step(answer);
      if (client.contextComplete) return;
    } catch (error) {
      // The ticket came to its end on the way.
      if (EXPIRED.test(wordsOf(error))) throw refusalOf(error, this.service);
    }
    throw new CliError(
      `The server could not prove that it is ${this.service}: its answer is not believed.`,
      exitCodes.unavailable,
      'Whoever runs the server must look into this. Something else may answer in its place.',
    );
  }
}

async function loadModule(): Promise<KerberosModule> {
  try {
    const { default: kerberos } = (await import(MODULE)) as { readonly default: KerberosModule };
    // Says where the libraries of Kerberos are missing.
    await kerberos.initializeClient('HTTP@localhost', { mechOID: SPNEGO, flags: MUTUAL });
    return kerberos;
  } catch (error) {
    throw new CliError(
      'This espalier was built without Kerberos.',
      exitCodes.failed,
      "It needs the npm package kerberos, compiled: on Linux npm run build does it where there are g++ and Debian's libkrb5-dev.\nMeanwhile sign in with an API token, or use curl --negotiate.",
      { cause: error },
    );
  }
}

const EXPIRED = /expired/i;
const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What MIT Kerberos and Heimdal say, to what it means and what mends it. */
function refusalOf(error: unknown, service: string): CliError {
  const words = wordsOf(error);
  const refused = (message: string, mend: string, code = exitCodes.notAllowed as 4 | 6): CliError =>
    new CliError(message, code, mend, { cause: error });
  if (EXPIRED.test(words))
    return refused('Your Kerberos ticket has expired.', 'Get a new one: kinit (klist shows what you have)');
  if (/not found in kerberos database|server not found|unknown server/i.test(words))
    return refused(
      `Your realm knows no service ${service}.`,
      'Use the name of the server that its service principal has, or name the principal: espalier login --kerberos --spn HTTP@name',
    );
  if (
    /no (?:kerberos )?credentials|credentials cache|no such file|not find|unavailable or inaccessible/i.test(
      words,
    )
  )
    return refused('You have no Kerberos ticket.', 'Get one: kinit (klist shows what you have)');
  if (/skew/i.test(words))
    return refused(
      'The clocks of this machine and of the Kerberos realm differ too much.',
      'Have both set their clocks by the network (NTP).',
    );
  if (/kdc/i.test(words))
    return refused(
      'No server of your Kerberos realm can be reached.',
      'Check the network (VPN), and the realm in /etc/krb5.conf.',
      exitCodes.unavailable,
    );
  return refused(`Kerberos refuses: ${words}`, 'Get a new ticket: kinit');
}
