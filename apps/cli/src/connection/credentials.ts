import { CliError } from '../cli.error.js';
import { exitCodes } from '../exit-codes.js';
import type { KerberosProver } from './kerberos.prover.js';
import type { OidcClient } from './oidc.client.js';
import type { ProfileStore } from './profile.store.js';
import { bearer, type Proof, type Prover } from './proof.js';
import type { ConnectionSettings } from './settings.js';

/** New tokens are asked for this long before the old ones end. */
const EARLY_MS = 60_000;

/**
 * Who sends a request: by an API token as it is, by one of an issuer that is renewed before it ends, or by a Kerberos
 * ticket. A client certificate shows itself when a connection is made.
 */
export class Credentials implements Prover {
  #settings: ConnectionSettings;
  #renewing: Promise<string | undefined> | undefined;
  #kerberos: Promise<KerberosProver> | undefined;

  constructor(
    settings: ConnectionSettings,
    private readonly renewal: {
      readonly store: ProfileStore;
      readonly client: () => Promise<OidcClient>;
      readonly kerberos: () => Promise<KerberosProver>;
      readonly now: () => Date;
    },
  ) {
    this.#settings = settings;
  }

  async prove(): Promise<Proof> {
    if (this.#settings.kerberos === undefined) return bearer(await this.#token());
    return (await (this.#kerberos ??= this.renewal.kerberos())).prove();
  }

  async #token(): Promise<string | undefined> {
    const { oidc, token } = this.#settings;
    const { now } = this.renewal;
    if (oidc === undefined || oidc.expiresAt - EARLY_MS > now().getTime()) return token;
    if (oidc.refreshToken === undefined) {
      if (oidc.expiresAt > now().getTime()) return token;
      throw new CliError('Your sign-in has ended.', exitCodes.notAllowed, 'Sign in again: espalier login');
    }
    // Requests at the same time wait for one renewal: a refresh token may be good once.
    this.#renewing ??= this.#renew(oidc.refreshToken).finally(() => (this.#renewing = undefined));
    return this.#renewing;
  }

  async #renew(refreshToken: string): Promise<string | undefined> {
    const { profileName } = this.#settings;
    const { store, client } = this.renewal;
    const before = this.#settings.token;
    try {
      const { token, ...rest } = await (await client()).refresh(refreshToken);
      const profile = store.get(profileName);
      if (profile?.oidc !== undefined)
        store.renew(profileName, { ...profile, token, oidc: { ...profile.oidc, ...rest } });
      this.#adopt(token, rest.expiresAt, rest.refreshToken ?? refreshToken);
    } catch (error) {
      // Another espalier of the same person was faster.
      const stored = store.get(profileName);
      if (stored?.token === undefined || stored.oidc === undefined || stored.token === before) throw error;
      this.#adopt(stored.token, stored.oidc.expiresAt, stored.oidc.refreshToken);
    }
    return this.#settings.token;
  }

  #adopt(token: string, expiresAt: number, refreshToken: string | undefined): void {
    const { oidc } = this.#settings;
    if (oidc === undefined) return;
    this.#settings = {
      ...this.#settings,
      token,
      oidc: { ...oidc, expiresAt, ...(refreshToken !== undefined && { refreshToken }) },
    };
  }
}
