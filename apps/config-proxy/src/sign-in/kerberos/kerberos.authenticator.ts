import { signInErrors, type EspalierError } from '@espalier/contracts';
import type { FastifyRequest } from 'fastify';
import type { Authenticator, SignedIn } from '../../access/authenticator.js';
import { refuseCrossSite } from '../ambient.js';
import type { Gss, GssExchange } from './gss.js';
import { looksLikeNtlm, readNegotiate } from './negotiate-token.js';
import { WorkLimit } from './work-limit.js';

export interface KerberosOptions {
  /** undefined: it could not be loaded, and every ticket is answered with 503. */
  readonly gss: Gss | undefined;
  /** Principals of services whose tickets are accepted; where empty, every HTTP/ service of the keytab. */
  readonly services: readonly string[];
}

/** GSSAPI works on Node's four threads for files and names: half of them stay free for the rest. */
const AT_ONCE = 2;
const MAY_WAIT = 200;
/** A client name with its realm, as Kerberos spells it out (RFC 1964 §2.1.1). */
const PRINCIPAL = /^[^\s@][^@\p{Cc}]{0,511}@[^@\s\p{Cc}]{1,255}$/u;
/** RFC 8062: whoever has such a ticket is nobody in particular. */
const ANONYMOUS = /^WELLKNOWN[/:]/i;

/** Signs in with Kerberos tickets by HTTP Negotiate (SPNEGO, RFC 4559): one token each way, no state in between. */
export class KerberosAuthenticator implements Authenticator {
  readonly scheme = 'Negotiate';
  readonly challenge = 'Negotiate';
  readonly #limit = new WorkLimit(AT_ONCE, MAY_WAIT);

  constructor(private readonly options: KerberosOptions) {}

  async authenticate(request: FastifyRequest): Promise<SignedIn | undefined> {
    const token = readNegotiate(request.headers.authorization);
    if (token === undefined) return undefined;
    refuseCrossSite(request);
    if (token === '') throw signInErrors.ESP_SIGN_IN_KERBEROS_MALFORMED();
    if (looksLikeNtlm(Buffer.from(token, 'base64'))) throw signInErrors.ESP_SIGN_IN_NTLM();
    const { principal, service, response } = await this.#accept(token);
    if (!this.#serves(service))
      throw signInErrors.ESP_SIGN_IN_KERBEROS_SERVICE({ detail: `It is for ${service}.` });
    if (!PRINCIPAL.test(principal) || ANONYMOUS.test(principal))
      throw signInErrors.ESP_SIGN_IN_KERBEROS_REFUSED({ detail: 'It names no user.' });
    return {
      method: 'kerberos',
      identity: `kerberos:${principal}`,
      name: principal,
      expiresAt: null,
      ...(response !== undefined && { responseHeaders: { 'www-authenticate': `Negotiate ${response}` } }),
    };
  }

  async #accept(token: string): Promise<GssExchange> {
    const { gss } = this.options;
    if (gss === undefined) throw signInErrors.ESP_SIGN_IN_KERBEROS_UNAVAILABLE();
    if (this.#limit.full) throw signInErrors.ESP_SIGN_IN_BUSY();
    try {
      return await this.#limit.run(() => gss.accept(token));
    } catch (error) {
      throw refusalOf(error);
    }
  }

  #serves(service: string): boolean {
    const { services } = this.options;
    return services.length === 0 ? service.startsWith('HTTP/') : services.includes(service);
  }
}

type Refusal = keyof typeof signInErrors & `ESP_SIGN_IN_KERBEROS_${string}`;

/** What MIT Kerberos says, to what it means for the caller. */
const REFUSALS: readonly (readonly [words: RegExp, code: Refusal])[] = [
  // The keytab cannot be used, or the replay cache not be written: nobody signs in without one.
  [/unavailable or inaccessible|no such file|denied|read-only|no space/i, 'ESP_SIGN_IN_KERBEROS_UNAVAILABLE'],
  [/clock skew/i, 'ESP_SIGN_IN_KERBEROS_CLOCK'],
  [/ticket expired|credentials.* expired|not yet valid/i, 'ESP_SIGN_IN_KERBEROS_EXPIRED'],
  [/replay|duplicate/i, 'ESP_SIGN_IN_KERBEROS_REPLAY'],
  [/keytab|key table|cannot find key|wrong principal|no key|kvno/i, 'ESP_SIGN_IN_KERBEROS_SERVICE'],
  // The name of a client that has not named itself yet cannot be read, which is said like this.
  [/not complete|required input parameter|unsupported mechanism/i, 'ESP_SIGN_IN_KERBEROS_UNFINISHED'],
  [/invalid token|defective|malformed/i, 'ESP_SIGN_IN_KERBEROS_MALFORMED'],
];

function refusalOf(error: unknown): EspalierError {
  const words = error instanceof Error ? error.message : '';
  const code = REFUSALS.find(([pattern]) => pattern.test(words))?.[1] ?? 'ESP_SIGN_IN_KERBEROS_REFUSED';
  return signInErrors[code]({ cause: error });
}
