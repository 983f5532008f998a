import { isEspalierError, signInErrors, type EspalierError } from '@espalier/contracts';
import type { FastifyRequest } from 'fastify';
import {
  decodeProtectedHeader,
  errors,
  jwtVerify,
  type JWTPayload,
  type ProtectedHeaderParameters,
} from 'jose';
import type { Authenticator, SignedIn } from '../../access/authenticator.js';
import type { TokenAlgorithm } from '../sign-in.settings.js';
import type { IssuerKeys } from './issuer-keys.js';

export interface OidcOptions {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly algorithms: readonly TokenAlgorithm[];
  readonly requiredClaim?: { readonly name: string; readonly value: string } | undefined;
  readonly keys: Pick<IssuerKeys, 'find'>;
  readonly now: () => Date;
}

const BEARER = /^Bearer +(\S+) *$/i;
/** Three parts (RFC 7515 §7.1); the last is empty where the algorithm is none. */
const JWS = /^[\w-]+\.[\w-]+\.[\w-]*$/;
const MAX_LENGTH = 8_192;
const CLOCK_TOLERANCE_SECONDS = 60;
/** RFC 9068 §4, and what issuers write that know nothing of it. Tokens of other types mean other things. */
const TYPES: readonly unknown[] = [undefined, 'at+jwt', 'application/at+jwt', 'jwt'];
const MAX_SUBJECT = 255;
/** The last moment that a Date can name. */
const MAX_TIME = 8.64e15;
/** The control characters. */
const UNPRINTABLE = /\p{Cc}/u;

/** Signs in with access tokens (signed JWTs, RFC 9068) of one OpenID Connect issuer. */
export class OidcAuthenticator implements Authenticator {
  readonly scheme = 'Bearer';

  constructor(private readonly options: OidcOptions) {}

  async authenticate(request: FastifyRequest): Promise<SignedIn | undefined> {
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined || !token.includes('.')) return undefined;
    if (token.length > MAX_LENGTH) throw signInErrors.ESP_SIGN_IN_TOKEN_TOO_LARGE();
    if (!JWS.test(token)) throw signInErrors.ESP_SIGN_IN_TOKEN_MALFORMED();
    this.#checkHeader(readHeader(token));
    const payload = await this.#verify(token);
    this.#checkClaims(payload);
    const { issuer } = this.options;
    const subject = subjectOf(payload);
    return {
      method: 'oidc',
      identity: `oidc:${issuer}#${subject}`,
      name: nameOf(payload) ?? subject,
      expiresAt: Math.min(Number(payload.exp) * 1_000, MAX_TIME),
    };
  }

  /** Before any key is looked for: an algorithm that is not allowed must not even choose one. */
  #checkHeader({ alg, typ }: ProtectedHeaderParameters): void {
    if (!this.options.algorithms.some((allowed) => allowed === alg))
      throw signInErrors.ESP_SIGN_IN_TOKEN_ALGORITHM();
    if (!TYPES.includes(typeof typ === 'string' ? typ.toLowerCase() : typ))
      throw signInErrors.ESP_SIGN_IN_TOKEN_TYPE();
  }

  async #verify(token: string): Promise<JWTPayload> {
    const { issuer, audiences, algorithms, keys, now } = this.options;
    try {
      const { payload } = await jwtVerify(token, (header) => keys.find(header), {
        issuer,
        audience: [...audiences],
        algorithms: [...algorithms],
        requiredClaims: ['exp'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: now(),
      });
      return payload;
    } catch (error) {
      throw isEspalierError(error) ? error : refusalOf(error);
    }
  }

  #checkClaims(payload: JWTPayload): void {
    // RFC 7800: whoever sends such a token must prove a key, which nobody here asks them to.
    if (payload['cnf'] !== undefined) throw signInErrors.ESP_SIGN_IN_TOKEN_BOUND();
    const { requiredClaim } = this.options;
    if (requiredClaim === undefined) return;
    const claim = payload[requiredClaim.name];
    const values: readonly unknown[] = typeof claim === 'string' ? claim.split(' ') : [claim].flat();
    if (!values.includes(requiredClaim.value))
      throw signInErrors.ESP_SIGN_IN_TOKEN_CLAIM({ detail: `It concerns ${requiredClaim.name}.` });
  }
}

function readHeader(token: string): ProtectedHeaderParameters {
  try {
    return decodeProtectedHeader(token);
  } catch (error) {
    throw signInErrors.ESP_SIGN_IN_TOKEN_MALFORMED({ cause: error });
  }
}

function subjectOf({ sub }: JWTPayload): string {
  if (typeof sub !== 'string' || sub === '' || sub.length > MAX_SUBJECT || UNPRINTABLE.test(sub))
    throw signInErrors.ESP_SIGN_IN_TOKEN_SUBJECT_MISSING();
  return sub;
}

/** For people to read, never to match by: issuers let users choose these (OpenID Connect Core §5.7). */
function nameOf(payload: JWTPayload): string | undefined {
  return [payload['preferred_username'], payload['email']]
    .filter((claim) => typeof claim === 'string')
    .map((claim) => claim.replaceAll(/\p{Cc}/gu, '').slice(0, MAX_SUBJECT))
    .find((claim) => claim !== '');
}

function refusalOf(error: unknown): EspalierError {
  if (error instanceof errors.JWTExpired) return signInErrors.ESP_SIGN_IN_TOKEN_EXPIRED();
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return signInErrors.ESP_SIGN_IN_TOKEN_SIGNATURE();
  if (error instanceof errors.JOSEAlgNotAllowed) return signInErrors.ESP_SIGN_IN_TOKEN_ALGORITHM();
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'iss') return signInErrors.ESP_SIGN_IN_TOKEN_ISSUER();
    if (error.claim === 'aud') return signInErrors.ESP_SIGN_IN_TOKEN_AUDIENCE();
    if (error.claim === 'exp' && error.reason === 'missing')
      return signInErrors.ESP_SIGN_IN_TOKEN_EXPIRY_MISSING();
    if (error.claim === 'nbf' && error.reason === 'check_failed')
      return signInErrors.ESP_SIGN_IN_TOKEN_NOT_YET_VALID();
    return signInErrors.ESP_SIGN_IN_TOKEN_CLAIM({ detail: `It concerns ${error.claim}.` });
  }
  // What is left is about the form of a token, or a key that its algorithm cannot use.
  return signInErrors.ESP_SIGN_IN_TOKEN_MALFORMED({ cause: error });
}
