import type { FastifyRequest } from 'fastify';

/** How somebody proved who they are, other than with an API token. */
export type SignInMethod = 'oidc' | 'kerberos' | 'certificate';

/** Somebody whose identity was proven; whether they are an administrator is for the gate to say. */
export interface SignedIn {
  readonly method: SignInMethod;
  /** Stable key: `oidc:<issuer>#<subject>`, `kerberos:<principal>`, `certificate:<SHA-256 of the SPKI, hex>`. */
  readonly identity: string;
  /** As shown to people. */
  readonly name: string;
  /** Epoch ms when the proof ends; null: it was made for this request. */
  readonly expiresAt: number | null;
  /** What the answer must carry, e.g. the server's half of a mutual authentication. */
  readonly responseHeaders?: Readonly<Record<string, string>>;
}

/** One way to sign in. The gate tries API tokens first, then these in the order that they were given. */
export interface Authenticator {
  /** `Bearer`, `Negotiate`, … or a name of its own where it is no HTTP authentication scheme. */
  readonly scheme: string;
  /** For `WWW-Authenticate`, where nobody signed in. */
  readonly challenge?: string;
  /**
   * undefined: the request carries nothing of this kind.
   * @throws EspalierError with status 401 where it carries something that is not good
   */
  authenticate(request: FastifyRequest): Promise<SignedIn | undefined>;
}
