import {
  collectionErrors,
  windowsTag,
  type correctWindows,
  type MaintenanceWindow,
  type NewMaintenanceWindow,
  type StoredMaintenanceWindow,
} from '@espalier/contracts';
import type { Database, Tx } from '@espalier/persistence';
import type { z } from 'zod';
import type { CollectionDependant, CollectionService } from '../collections/collection.service.js';
import type { CollectionStateStore } from '../collections/collection-state.store.js';
import type { IdempotencyService } from '../idempotency/idempotency.service.js';
import type { ScopeService } from '../scope/scope.service.js';
import type { MaintenanceWindowStore } from './maintenance-window.store.js';

export interface MaintenanceWindowServiceOptions {
  readonly db: Database;
  readonly store: MaintenanceWindowStore;
  readonly collections: Pick<CollectionService, 'require' | 'hold'>;
  readonly states: CollectionStateStore;
  readonly scope: ScopeService;
  readonly idempotency: IdempotencyService;
  readonly uuid: () => string;
}

/** As the event that tells of them has it. */
const MAX_WINDOWS = 100;

/** Time spans in which required work may be done on the members of a collection. */
export class MaintenanceWindowService implements CollectionDependant {
  constructor(private readonly options: MaintenanceWindowServiceOptions) {}

  /** @throws EspalierError ESP_COLLECTION_UNKNOWN */
  async list(collectionId: string): Promise<StoredMaintenanceWindow[]> {
    const { db, store, collections } = this.options;
    await collections.require(db, collectionId);
    return store.list(db, collectionId);
  }

  /** @throws EspalierError ESP_COLLECTION_UNKNOWN, ESP_COLLECTION_WINDOW_LIMIT */
  create(
    collectionId: string,
    given: NewMaintenanceWindow,
    asker: { readonly id: string },
    key: string | undefined,
  ): Promise<StoredMaintenanceWindow> {
    const { store, idempotency, uuid } = this.options;
    return idempotency.run({ callerId: asker.id, key, body: { collectionId, given } }, async (tx) => {
      await this.options.collections.hold(tx, collectionId);
      const known = await store.list(tx, collectionId);
      if (known.length >= MAX_WINDOWS)
        throw collectionErrors.ESP_COLLECTION_WINDOW_LIMIT({ detail: `It has ${MAX_WINDOWS}.` });
      const window = { id: uuid(), ...given };
      await store.insert(tx, collectionId, window);
      await this.#changed(tx, collectionId);
      return { ...window, version: 1 };
    });
  }

  /** @throws EspalierError ESP_COLLECTION_UNKNOWN, ESP_COLLECTION_WINDOW_UNKNOWN */
  replace(
    collectionId: string,
    id: string,
    given: NewMaintenanceWindow,
    check: (version: number) => void,
  ): Promise<StoredMaintenanceWindow> {
    const { db, store } = this.options;
    return db.transaction(async (tx) => {
      const { version } = await this.#held(tx, collectionId, id, check);
      await store.update(tx, { id, ...given });
      await this.#changed(tx, collectionId);
      return { id, ...given, version: version + 1 };
    });
  }

  /** @throws EspalierError ESP_COLLECTION_UNKNOWN, ESP_COLLECTION_WINDOW_UNKNOWN */
  remove(collectionId: string, id: string, check: (version: number) => void): Promise<void> {
    const { db, store } = this.options;
    return db.transaction(async (tx) => {
      await this.#held(tx, collectionId, id, check);
      await store.delete(tx, id);
      await this.#changed(tx, collectionId);
    });
  }

  /** With the collection that they belong to. */
  async deleteWith(tx: Tx, collectionId: string): Promise<void> {
    const { store, scope } = this.options;
    const windows = await store.list(tx, collectionId);
    for (const { id } of windows) await store.delete(tx, id);
    if (windows.length > 0) await scope.windowsChanged(tx, collectionId, []);
    await scope.forget(tx, collectionId);
  }

  /** Tells of all windows of a collection once more. */
  async tell(tx: Tx, collectionId: string): Promise<void> {
    const { store, scope } = this.options;
    await scope.windowsChanged(tx, collectionId, (await store.list(tx, collectionId)).map(withoutVersion));
  }

  /** Tells once more of the windows of collections of which the policy has others: what told of them was lost. */
  async correct({
    after,
    through,
    collections,
  }: z.output<typeof correctWindows.request>): Promise<z.output<typeof correctWindows.response>> {
    const { db, store, scope } = this.options;
    const here = await store.inRange(db, after, through);
    const there = new Map(collections.map((one) => [one.id, one]));
    const differing = [...new Set([...here.keys(), ...there.keys()])].filter(
      (id) => windowsTag(here.get(id) ?? []) !== (there.get(id)?.digest ?? 0),
    );
    for (const id of differing.sort())
      await db.transaction((tx) =>
        scope.tellWindowsAbove(tx, id, there.get(id)?.version ?? 0, async () =>
          (await store.list(tx, id)).map(withoutVersion),
        ),
      );
    return { corrected: differing.length };
  }

  async #held(
    tx: Tx,
    collectionId: string,
    id: string,
    check: (version: number) => void,
  ): Promise<StoredMaintenanceWindow> {
    await this.options.collections.hold(tx, collectionId);
    const window = (await this.options.store.list(tx, collectionId)).find((known) => known.id === id);
    if (window === undefined) throw collectionErrors.ESP_COLLECTION_WINDOW_UNKNOWN({ detail: id });
    check(window.version);
    return window;
  }

  async #changed(tx: Tx, collectionId: string): Promise<void> {
    const { store, scope, states } = this.options;
    const windows = await store.list(tx, collectionId);
    await states.setWindowCount(tx, collectionId, windows.length);
    await scope.windowsChanged(tx, collectionId, windows.map(withoutVersion));
  }
}

const withoutVersion = ({ version: _version, ...window }: StoredMaintenanceWindow): MaintenanceWindow =>
  window;
