import type { IncomingHttpHeaders } from 'node:http';

/** How one request shows who sends it. */
export interface Proof {
  /** The header `Authorization`; none where the connection says it, or nobody has signed in. */
  readonly authorization?: string;
  /**
   * Whether the server proved itself in turn, where the way to sign in has that.
   * @throws CliError where it did it wrongly
   */
  readonly checkAnswer?: (headers: IncomingHttpHeaders) => Promise<void>;
}

/** Gives each request its proof. @throws CliError where the person must sign in again */
export interface Prover {
  prove(): Promise<Proof>;
}

/** What an API token, or the access token of an issuer, is sent as. */
export const bearer = (token: string | undefined): Proof =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };
