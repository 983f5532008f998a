import { signInErrors } from '@espalier/contracts';
import {
  createLocalJWKSet,
  errors,
  type CryptoKey,
  type JSONWebKeySet,
  type JWSHeaderParameters,
} from 'jose';

export interface IssuerKeysOptions {
  /** Fetches the key set; any error means that the issuer is away. */
  readonly fetchKeys: () => Promise<JSONWebKeySet>;
  /** Called where a fetch failed, at most once in `cooldownMs`; `keysAgeMs` is undefined where there are no keys yet. */
  readonly onFailure: (error: unknown, keysAgeMs: number | undefined) => void;
  /** Milliseconds on a clock that nobody sets; the process's own unless told. */
  readonly elapsedMs?: () => number;
  /** Age at which keys are fetched again, in ms; 10 minutes unless told. */
  readonly freshMs?: number;
  /** Age up to which keys are used while the issuer is away, in ms; a day unless told. */
  readonly staleMs?: number;
  /** Between two fetches, in ms; 30 s unless told: unknown key ids cannot make us flood the issuer. */
  readonly cooldownMs?: number;
}

interface KnownKeys {
  readonly ids: ReadonlySet<string>;
  readonly find: ReturnType<typeof createLocalJWKSet>;
  readonly at: number;
}

/**
 * The issuer's public keys. Keys that have grown old are replaced in the background, so that requests do not wait for the
 * issuer as long as some come; a key id that nobody has seen fetches them at once.
 */
export class IssuerKeys {
  readonly #options: Required<IssuerKeysOptions>;
  #known: KnownKeys | undefined;
  #triedAt = -Infinity;
  #away = false;
  #fetching: Promise<void> | undefined;

  constructor(options: IssuerKeysOptions) {
    this.#options = {
      freshMs: 600_000,
      staleMs: 86_400_000,
      cooldownMs: 30_000,
      elapsedMs: () => performance.now(),
      ...options,
    };
  }

  /**
   * The key that a token names by id and algorithm.
   * @throws EspalierError ESP_SIGN_IN_TOKEN_KEY_UNKNOWN, ESP_SIGN_IN_TOKEN_KEY_MISMATCH, ESP_SIGN_IN_ISSUER_UNREACHABLE
   */
  async find(header: JWSHeaderParameters): Promise<CryptoKey> {
    await this.#prepare(header.kid);

    const known = this.#usable();
    if (known === undefined) throw signInErrors.ESP_SIGN_IN_ISSUER_UNREACHABLE();
    if (!names(known, header.kid)) {
      // It may be newer than what was last read.
      throw this.#away
        ? signInErrors.ESP_SIGN_IN_ISSUER_UNREACHABLE()
        : signInErrors.ESP_SIGN_IN_TOKEN_KEY_UNKNOWN();
    }
    try {
      return await known.find(header);
    } catch (error) {
      if (error instanceof errors.JWKSMultipleMatchingKeys)
        throw signInErrors.ESP_SIGN_IN_TOKEN_KEY_UNKNOWN({
          detail: 'It names no key (kid), and more than one could have signed it.',
        });
      throw signInErrors.ESP_SIGN_IN_TOKEN_KEY_MISMATCH({ cause: error });
    }
  }

  /** Fetches the keys ahead of the first token. */
  warmUp(): Promise<void> {
    return this.#refresh();
  }

  async #prepare(kid: string | undefined): Promise<void> {
    const { freshMs } = this.#options;
    const known = this.#usable();
    if (known === undefined || !names(known, kid)) return this.#refresh();
    const age = this.#now() - known.at;
    if (age <= freshMs) return;
    const refreshed = this.#refresh();
    // Nobody has used them for a while: they may have been withdrawn since. Once we know that the issuer is away,
    // nobody waits for it.
    if (age > 2 * freshMs && !this.#away) await refreshed;
  }

  #usable(): KnownKeys | undefined {
    const known = this.#known;
    return known !== undefined && this.#now() - known.at <= this.#options.staleMs ? known : undefined;
  }

  /** Never rejects. Requests that come meanwhile wait for the same fetch. */
  #refresh(): Promise<void> {
    if (this.#fetching !== undefined) return this.#fetching;
    if (this.#now() - this.#triedAt < this.#options.cooldownMs) return Promise.resolve();
    this.#triedAt = this.#now();
    this.#fetching = this.#fetch().finally(() => (this.#fetching = undefined));
    return this.#fetching;
  }

  async #fetch(): Promise<void> {
    try {
      const keys = await this.#options.fetchKeys();
      this.#known = {
        ids: new Set(keys.keys.flatMap(({ kid }) => kid ?? [])),
        find: createLocalJWKSet(keys),
        at: this.#now(),
      };
      this.#away = false;
    } catch (error) {
      this.#away = true;
      this.#options.onFailure(error, this.#known && this.#now() - this.#known.at);
    }
  }

  #now(): number {
    return this.#options.elapsedMs();
  }
}

/** A token that names no key is held against all of them. */
const names = (known: KnownKeys, kid: string | undefined): boolean => kid === undefined || known.ids.has(kid);
