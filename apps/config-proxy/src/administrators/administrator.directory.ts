import { administratorErrors } from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import { RecentCache } from '../access/recent.cache.js';
import type { KnownAdministrator } from './administrator.rows.js';
import type { AdministratorStore } from './administrator.store.js';

export interface AdministratorDirectoryOptions {
  readonly db: Database;
  readonly store: Pick<AdministratorStore, 'known' | 'idOf'>;
  readonly now: () => Date;
  /** How long an administrator is taken for what they were, in ms. Changes take so long on other replicas. */
  readonly cacheMs?: number;
}

const CACHE_MS = 3_000;

/** Says for every request who an administrator is and what they may do now. */
export class AdministratorDirectory {
  readonly #administrators: RecentCache<KnownAdministrator>;
  readonly #identities: RecentCache<{ readonly administratorId: string }>;

  constructor({ db, store, now, cacheMs = CACHE_MS }: AdministratorDirectoryOptions) {
    const shared = { now, keepMs: cacheMs };
    this.#administrators = new RecentCache({ ...shared, load: (id) => store.known(db, id) });
    this.#identities = new RecentCache({
      ...shared,
      load: async (key) => {
        const administratorId = await store.idOf(db, key);
        return administratorId === undefined ? undefined : { administratorId };
      },
    });
  }

  /**
   * Undefined where the administrator was deleted.
   * @throws EspalierError ESP_AUTH_ADMINISTRATOR_DISABLED
   */
  async enabled(id: string): Promise<KnownAdministrator | undefined> {
    const known = this.#administrators.recent(id) ?? (await this.#administrators.get(id));
    if (known !== undefined && !known.isEnabled)
      throw administratorErrors.ESP_AUTH_ADMINISTRATOR_DISABLED({ detail: known.name });
    return known;
  }

  /** The administrator who signs in with this identity. @throws as `enabled` */
  async ofIdentity(identityKey: string): Promise<KnownAdministrator | undefined> {
    const found = await this.#identities.get(identityKey);
    return found && this.enabled(found.administratorId);
  }

  /** Looks again next time: this replica changed the administrator. */
  forget(id: string): void {
    this.#administrators.forget((_value, key) => key === id);
    this.#identities.forget(({ administratorId }) => administratorId === id);
  }
}
