import { request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { CliError } from '../cli.error.js';
import { exitCodes } from '../exit-codes.js';
import { Dialer } from './dialer.js';
import { connectionFailure } from './failures.js';

/** Whom to ask for tokens, and as which application. */
export interface OidcProvider {
  /** As the tokens name it. */
  readonly issuer: string;
  readonly clientId: string;
  readonly scope: string;
  /** PEM file of the authority of the issuer's certificate. */
  readonly caFile?: string;
}

/** What the issuer gave. */
export interface OidcTokens {
  readonly token: string;
  readonly refreshToken?: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** What a person does in a browser, on any machine. */
export interface DevicePrompt {
  readonly url: string;
  readonly code: string;
}

type Fields = Readonly<Record<string, unknown>>;

const ANSWER_MS = 15_000;
const DEFAULT_INTERVAL_S = 5;
const DEFAULT_LIFE_S = 300;
/** RFC 8628 §3.5: slow_down adds this. */
const SLOWER_S = 5;
const LONGEST_WAIT_S = 1_800;
const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/** The OAuth 2.0 device authorization grant (RFC 8628), and refreshing what came of it (RFC 6749 §6). */
export class OidcClient {
  constructor(
    private readonly provider: OidcProvider,
    private readonly now: () => Date,
  ) {}

  /**
   * Waits while a person signs in.
   * @param tell called with what they have to do
   * @throws CliError where they refuse, or take too long
   */
  async signIn(tell: (prompt: DevicePrompt) => void): Promise<OidcTokens> {
    const { clientId, scope } = this.provider;
    const endpoints = await this.#discover();
    const at = endpoints['device_authorization_endpoint'];
    if (typeof at !== 'string')
      throw this.#failure('The issuer does not offer sign-in by device code.', 'Sign in with an API token.');
    const begun = await this.#post(at, { client_id: clientId, scope });
    const { device_code: device, user_code: code, verification_uri: url, expires_in: life, interval } = begun;
    if (typeof device !== 'string' || typeof code !== 'string' || typeof url !== 'string')
      throw this.#refusal(begun);
    tell({ url, code });
    const until = this.now().getTime() + seconds(life, DEFAULT_LIFE_S) * 1_000;
    for (let wait = seconds(interval, DEFAULT_INTERVAL_S); this.now().getTime() < until;) {
      await pause(wait * 1_000);
      const answer = await this.#post(this.#tokenEndpoint(endpoints), {
        grant_type: GRANT,
        device_code: device,
        client_id: clientId,
      });
      if (answer['error'] === 'slow_down') wait += SLOWER_S;
      else if (answer['error'] !== 'authorization_pending') return this.#tokens(answer);
    }
    throw this.#failure('Nobody signed in before the code lapsed.', 'Try again: espalier login');
  }

  /** New tokens for old ones. @throws CliError where the issuer wants the person again */
  async refresh(refreshToken: string): Promise<OidcTokens> {
    const endpoints = await this.#discover();
    const { clientId } = this.provider;
    const answer = await this.#post(this.#tokenEndpoint(endpoints), {
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_id: clientId,
    });
    return { refreshToken, ...this.#tokens(answer) };
  }

  async #discover(): Promise<Fields> {
    const { issuer } = this.provider;
    const found = await this.#ask(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    // OpenID Connect Discovery §4.3: another name is another issuer.
    if (found['issuer'] === issuer) return found;
    throw this.#failure(
      `The issuer calls itself ${String(found['issuer'])}.`,
      'Give --oidc-issuer exactly as the issuer names itself.',
    );
  }

  #tokenEndpoint({ token_endpoint: at }: Fields): string {
    if (typeof at === 'string') return at;
    throw this.#failure('The issuer names no address for tokens.', 'Check --oidc-issuer.');
  }

  #tokens(answer: Fields): OidcTokens {
    const { access_token: token, refresh_token: refreshToken, expires_in: life } = answer;
    if (typeof token !== 'string') throw this.#refusal(answer);
    return {
      token,
      ...(typeof refreshToken === 'string' && { refreshToken }),
      expiresAt: this.now().getTime() + seconds(life, DEFAULT_LIFE_S) * 1_000,
    };
  }

  #refusal({ error, error_description: description }: Fields): CliError {
    const why = [error, description].filter((part) => typeof part === 'string').join(': ');
    return this.#failure(
      `The issuer refused: ${why || 'it did not say why'}.`,
      'Sign in again: espalier login',
    );
  }

  #failure(message: string, mend: string): CliError {
    return new CliError(message, exitCodes.notAllowed, mend);
  }

  #post(at: string, fields: Readonly<Record<string, string>>): Promise<Fields> {
    return this.#ask(at, new URLSearchParams(fields).toString());
  }

  /** An answer as JSON, errors of RFC 6749 §5.2 too. */
  async #ask(at: string, form?: string): Promise<Fields> {
    const url = URL.parse(at);
    if (url?.protocol !== 'https:')
      throw this.#failure(
        `The issuer is not asked at ${at}: it is no https address.`,
        'Check --oidc-issuer.',
      );
    const { caFile } = this.provider;
    const agent = new Dialer({ profileName: '', url: url.origin, ...(caFile !== undefined && { caFile }) });
    try {
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
      const outgoing = request(
        url,
        {
          method: form === undefined ? 'GET' : 'POST',
          agent,
          signal: AbortSignal.timeout(ANSWER_MS),
          headers: {
            accept: 'application/json',
            ...(form !== undefined && {
              'content-type': 'application/x-www-form-urlencoded',
              'content-length': Buffer.byteLength(form),
            }),
          },
        },
        resolve,
      );
      outgoing.once('error', reject);
      outgoing.end(form);
      return readFields(await buffer(await promise), url.origin);
    } catch (error) {
      throw await connectionFailure(error, { url: url.origin });
    } finally {
      agent.destroy();
    }
  }
}

function readFields(body: Buffer, origin: string): Fields {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as Fields;
  } catch {
    // Said below.
  }
  throw new CliError(
    `${origin} answered something that is no JSON.`,
    exitCodes.failed,
    'Check --oidc-issuer.',
  );
}

function seconds(value: unknown, otherwise: number): number {
  return typeof value === 'number' && value >= 0 && value <= LONGEST_WAIT_S * 48 ? value : otherwise;
}
