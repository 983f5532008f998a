import {
  administratorErrors,
  type Administrator,
  type AdministratorChange,
  type ApiScope,
  type NewAdministrator,
  type RoleAssignment,
  type RoleId,
} from '@espalier/contracts';
import { isUniqueViolation, type Database, type Tx } from '@espalier/persistence';
import type { Logger } from '@espalier/service-kit';
import type { CollectionDependant } from '../collections/collection.service.js';
import type { IdempotencyService } from '../idempotency/idempotency.service.js';
import type { Rights } from '../roles/rights.js';
import { findRole } from '../roles/role.catalogue.js';
import type { AdministratorDirectory } from './administrator.directory.js';
import type { AdministratorQuery, AdministratorStore } from './administrator.store.js';

export interface AdministratorServiceOptions {
  readonly db: Database;
  readonly store: AdministratorStore;
  readonly directory: Pick<AdministratorDirectory, 'forget'>;
  readonly idempotency: IdempotencyService;
  /** Those of these ids that exist. */
  readonly collections: { names(on: Tx, ids: readonly string[]): Promise<ReadonlyMap<string, unknown>> };
  /** Called when an administrator is deleted: their tokens go too. */
  readonly forgetTokens: (tx: Tx, administratorId: string) => Promise<void>;
  readonly logger: Logger;
  readonly now: () => Date;
  readonly uuid: () => string;
}

/** Who changes an administrator; it was checked that they reach the whole site with `administrators:admin`. */
export interface Governor {
  /** As shown to people. */
  readonly title: string;
  readonly credentialId: string;
  /** What they may do with this very request. */
  readonly rights: Rights;
}

/** A change, by whom, and what `check` says of the version that stands. */
export interface AdministratorEdit {
  readonly id: string;
  readonly by: Governor;
  readonly check: (version: number) => void;
}

const EVERYTHING: RoleId = 'full-administrator';

/**
 * Makes, shows, changes and deletes administrators. Two rules stand above all: nobody can give more than they have,
 * and somebody is always left who may do everything. Taking away needs no more than the scope.
 */
export class AdministratorService {
  constructor(private readonly options: AdministratorServiceOptions) {}

  /** @throws EspalierError ESP_SITE_FILTER_INVALID, ESP_BAD_REQUEST */
  async list(request: AdministratorQuery): Promise<{ items: Administrator[]; nextCursor?: string }> {
    const { rows, next } = await this.options.store.list(this.options.db, request);
    return { items: rows, ...(next !== undefined && { nextCursor: next }) };
  }

  /** @throws EspalierError ESP_ADMINISTRATOR_UNKNOWN */
  async get(id: string): Promise<Administrator> {
    const found = await this.options.store.find(this.options.db, id);
    if (found === undefined) throw administratorErrors.ESP_ADMINISTRATOR_UNKNOWN({ detail: id });
    return found;
  }

  /** Without any role: those are given by `assign`. @throws EspalierError ESP_ADMINISTRATOR_NAME_TAKEN */
  create(wanted: NewAdministrator, by: Governor, key: string | undefined): Promise<Administrator> {
    const { idempotency, store, now, uuid } = this.options;
    const request = { callerId: by.credentialId, key, body: { createAdministrator: wanted } };
    return nameFree(wanted.name, () =>
      idempotency.run(request, async (tx) => {
        const at = now().getTime();
        const made = { createdAt: at, createdBy: by.title, isBuiltIn: false, isEnabled: true };
        const id = uuid();
        await store.insert(tx, { id, ...wanted, ...made });
        this.#log(tx, 'administrator made', id, by);
        return {
          id,
          ...wanted,
          ...made,
          assignments: [],
          identities: [],
          version: 1,
          changedAt: at,
          changedBy: by.title,
        };
      }),
    );
  }

  /**
   * Disabling ends all that the administrator is signed in with.
   * @throws EspalierError ESP_ADMINISTRATOR_UNKNOWN, _NAME_TAKEN, _BUILT_IN, _LAST, _BEYOND_OWN
   */
  update(edit: AdministratorEdit, change: AdministratorChange): Promise<Administrator> {
    return nameFree(change.name, () =>
      this.#edit(edit, async (tx, before) => {
        if (before.isBuiltIn && change.name !== before.name)
          throw administratorErrors.ESP_ADMINISTRATOR_BUILT_IN();
        if (change.isEnabled && !before.isEnabled) refuseBeyond(edit.by, before.assignments);
        await this.options.store.update(tx, before.id, change);
      }),
    );
  }

  /**
   * Replaces roles and where they hold.
   * @throws EspalierError ESP_ADMINISTRATOR_UNKNOWN, _LAST, _BEYOND_OWN, _COLLECTION_UNKNOWN
   */
  assign(edit: AdministratorEdit, assignments: readonly RoleAssignment[]): Promise<Administrator> {
    return this.#edit(edit, async (tx, before) => {
      refuseBeyond(edit.by, added(before.assignments, assignments));
      await this.#checkCollections(tx, assignments);
      await this.options.store.setAssignments(tx, before.id, assignments);
    });
  }

  /**
   * Replaces the ways to sign in. Whoever adds one could sign in with it.
   * @throws EspalierError ESP_ADMINISTRATOR_UNKNOWN, _IDENTITY_TAKEN, _BEYOND_OWN
   */
  async identify(edit: AdministratorEdit, keys: readonly string[]): Promise<Administrator> {
    try {
      return await this.#edit(edit, async (tx, before) => {
        if (keys.some((key) => !before.identities.includes(key))) refuseBeyond(edit.by, before.assignments);
        await this.options.store.setIdentities(tx, before.id, keys);
      });
    } catch (error) {
      if (isUniqueViolation(error))
        throw administratorErrors.ESP_ADMINISTRATOR_IDENTITY_TAKEN({ cause: error });
      throw error;
    }
  }

  /** With identities and tokens. @throws EspalierError ESP_ADMINISTRATOR_UNKNOWN, _BUILT_IN, _LAST */
  async delete({ id, by, check }: AdministratorEdit): Promise<void> {
    const { db, store, forgetTokens } = this.options;
    await db.transaction(async (tx) => {
      const before = await this.#hold(tx, id, check);
      if (before.isBuiltIn) throw administratorErrors.ESP_ADMINISTRATOR_BUILT_IN();
      await forgetTokens(tx, id);
      await store.delete(tx, id);
      await this.#checkSomebodyLeft(tx);
      this.#log(tx, 'administrator deleted', id, by);
    });
  }

  /** A collection stays as long as somebody's role is limited to it. */
  get ofCollections(): CollectionDependant {
    return {
      blockers: async (tx, collectionId) =>
        (await this.options.store.assignedTo(tx, collectionId)).map(
          (name) => `limits a role of the administrator "${name}"`,
        ),
    };
  }

  async #edit(
    { id, by, check }: AdministratorEdit,
    change: (tx: Tx, before: Administrator) => Promise<void>,
  ): Promise<Administrator> {
    const { db, store, now } = this.options;
    return db.transaction(async (tx) => {
      await change(tx, await this.#hold(tx, id, check));
      await this.#checkSomebodyLeft(tx);
      await store.changed(tx, id, now().getTime(), by.title);
      this.#log(tx, 'administrator changed', id, by);
      const after = await store.find(tx, id);
      if (after === undefined) throw administratorErrors.ESP_ADMINISTRATOR_UNKNOWN({ detail: id });
      return after;
    });
  }

  async #hold(tx: Tx, id: string, check: (version: number) => void): Promise<Administrator> {
    const { store } = this.options;
    await store.lock(tx);
    const found = await store.find(tx, id);
    if (found === undefined) throw administratorErrors.ESP_ADMINISTRATOR_UNKNOWN({ detail: id });
    check(found.version);
    return found;
  }

  async #checkSomebodyLeft(tx: Tx): Promise<void> {
    if ((await this.options.store.countEnabled(tx, EVERYTHING)) === 0)
      throw administratorErrors.ESP_ADMINISTRATOR_LAST();
  }

  async #checkCollections(tx: Tx, assignments: readonly RoleAssignment[]): Promise<void> {
    const ids = assignments.flatMap(({ collectionIds }) => collectionIds ?? []);
    const known = await this.options.collections.names(tx, ids);
    const unknown = [...new Set(ids)].filter((id) => !known.has(id));
    if (unknown.length > 0)
      throw administratorErrors.ESP_ADMINISTRATOR_COLLECTION_UNKNOWN({
        detail: `There is no ${unknown.join(', ')}.`,
      });
  }

  #log(tx: Tx, what: string, administratorId: string, by: Governor): void {
    const { directory, logger } = this.options;
    tx.afterCommit(() => {
      directory.forget(administratorId);
      logger.info({ administratorId, by: by.title }, what);
    });
  }
}

/** What is given that was not there before. */
function added(before: readonly RoleAssignment[], after: readonly RoleAssignment[]): RoleAssignment[] {
  const key = (roleId: RoleId, place: string | null): string => `${roleId} ${place ?? ''}`;
  const had = new Set(
    before.flatMap(({ roleId, collectionIds }) => (collectionIds ?? [null]).map((id) => key(roleId, id))),
  );
  return after.filter(({ roleId, collectionIds }) =>
    (collectionIds ?? [null]).some((id) => !had.has(key(roleId, id))),
  );
}

/** @throws EspalierError ESP_ADMINISTRATOR_BEYOND_OWN */
function refuseBeyond(by: Governor, given: readonly RoleAssignment[]): void {
  const scopes = new Set<ApiScope>(given.flatMap(({ roleId }) => findRole(roleId)?.scopes ?? []));
  const lacking = by.rights.lacking(scopes);
  if (lacking.length > 0)
    throw administratorErrors.ESP_ADMINISTRATOR_BEYOND_OWN({ detail: `Not held: ${lacking.join(', ')}.` });
}

async function nameFree<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isUniqueViolation(error))
      throw administratorErrors.ESP_ADMINISTRATOR_NAME_TAKEN({ detail: name, cause: error });
    throw error;
  }
}
