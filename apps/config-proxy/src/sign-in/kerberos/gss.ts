import { z } from 'zod';

/** One exchange of GSSAPI tokens, as the acceptor sees it. */
export interface GssExchange {
  /** The client, as `alice@EXAMPLE.COM`. */
  readonly principal: string;
  /** The service that the ticket was for, as `HTTP/console.example.com@EXAMPLE.COM`. */
  readonly service: string;
  /** Base64 of our half of the mutual authentication; undefined where the client asked for none. */
  readonly response: string | undefined;
}

/** Accepts security contexts with the keys of a keytab. */
export interface Gss {
  /**
   * @param token base64
   * @throws Error with the words of GSSAPI where the context is refused or not complete
   */
  accept(token: string): Promise<GssExchange>;
}

interface KerberosServer {
  readonly username: string | null;
  readonly targetName: string | null;
  readonly response: string | null;
  step(token: string): Promise<unknown>;
}

interface KerberosModule {
  initializeServer(service: string): Promise<KerberosServer>;
}

const moduleSchema = z.object({
  default: z.custom<KerberosModule>(
    (value) => typeof (value as Partial<KerberosModule> | undefined)?.initializeServer === 'function',
  ),
});

/** An optional dependency: what the compiler does not see need not be installed. */
const MODULE: string = 'kerberos';

/**
 * Loads GSSAPI for this process, with its keys from `keytabFile`. The keytab itself is read for each exchange.
 * @throws Error where the module was not built or the Kerberos libraries are missing
 */
export async function loadGss(keytabFile: string): Promise<Gss> {
  // oxlint-disable-next-line node/no-process-env -- The Kerberos library reads it; there is no other way to tell it.
  process.env['KRB5_KTNAME'] = `FILE:${keytabFile}`;
  const { default: kerberos } = moduleSchema.parse(await import(MODULE));
  // Fails here rather than at the first sign-in where the libraries of Kerberos are missing.
  await kerberos.initializeServer('');
  return {
    async accept(token) {
      // Without a name every key of the keytab is tried, and the name of the service is told afterwards.
      const server = await kerberos.initializeServer('');
      await server.step(token);
      const { username, targetName, response } = server;
      if (username === null || targetName === null) throw new Error('the context is not complete');
      return { principal: username, service: targetName, response: response ?? undefined };
    },
  };
}
