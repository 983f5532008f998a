import { collectionErrors, resourceErrors, type NewVariable, type Variables } from '@espalier/contracts';
import { foldText } from '@espalier/conditions';
import { rowLock, type Database, type Queryable, type RowLock, type Tx } from '@espalier/persistence';
import type { CollectionDependant, CollectionService } from './collection.service.js';
import { kindOfResource } from './collection.rows.js';
import type { VariableSet, VariableStore } from './variable.store.js';

export interface VariableServiceOptions {
  readonly db: Database;
  readonly store: VariableStore;
  readonly collections: Pick<CollectionService, 'require' | 'hold'>;
}

/** What variables belong to. */
export type VariableOwner = { readonly collectionId: string } | { readonly deviceId: number };

/** Variables of collections and of devices. The values of masked ones are sealed, and never given back. */
export class VariableService implements CollectionDependant {
  constructor(private readonly options: VariableServiceOptions) {}

  /** @throws EspalierError ESP_COLLECTION_UNKNOWN, ESP_RESOURCE_UNKNOWN */
  async get(owner: VariableOwner): Promise<Variables> {
    const { db, store } = this.options;
    await this.#requireOwner(db, owner);
    return shown(await store.find(db, keyOf(owner)));
  }

  /**
   * Replaces all variables; a masked one without a value keeps the one that it has.
   * @throws EspalierError ESP_COLLECTION_VARIABLES_INVALID, and as `get`
   */
  async replace(
    owner: VariableOwner,
    given: readonly NewVariable[],
    check: (version: number) => void,
  ): Promise<Variables> {
    const { db, store } = this.options;
    return db.transaction(async (tx) => {
      await this.#holdOwner(tx, owner);
      const before = await store.find(tx, keyOf(owner));
      check(before.version);
      const after = replaced(before, given);
      await store.save(tx, keyOf(owner), after);
      return shown(after);
    });
  }

  async deleteWith(tx: Tx, collectionId: string): Promise<void> {
    await this.options.store.delete(tx, collectionId);
  }

  /** Forgets a device that is deleted in this transaction. */
  async deleteDevice(tx: Tx, deviceId: number): Promise<void> {
    await this.options.store.delete(tx, keyOf({ deviceId }));
  }

  async #requireOwner(on: Queryable, owner: VariableOwner): Promise<void> {
    if ('collectionId' in owner) await this.options.collections.require(on, owner.collectionId);
    else await this.#requireDevice(on, owner.deviceId, { hint: '', end: '' });
  }

  /** Two who write go one after the other. */
  async #holdOwner(tx: Tx, owner: VariableOwner): Promise<void> {
    if ('collectionId' in owner) await this.options.collections.hold(tx, owner.collectionId);
    else await this.#requireDevice(tx, owner.deviceId, rowLock(tx.dialect, 'r', 'update'));
  }

  async #requireDevice(on: Queryable, deviceId: number, { hint, end }: RowLock): Promise<void> {
    const rows = await on.query(
      `SELECT r.resource_id FROM {resource} r ${hint} WHERE r.resource_id = :deviceId ${end}`,
      { deviceId },
    );
    if (rows.length === 0 || kindOfResource(deviceId) !== 'device')
      throw resourceErrors.ESP_RESOURCE_UNKNOWN({ detail: String(deviceId) });
  }
}

const keyOf = (owner: VariableOwner): string =>
  'collectionId' in owner ? owner.collectionId : String(owner.deviceId);

const shown = ({ version, variables }: VariableSet): Variables => ({
  version,
  variables: variables.map((variable) => ({ ...variable })),
});

function replaced(before: VariableSet, given: readonly NewVariable[]): VariableSet {
  const masked: Record<string, string> = {};
  const known = new Map(Object.entries(before.masked).map(([name, value]) => [foldText(name), value]));
  const names = new Set<string>();
  for (const { name, value, isMasked } of given) {
    if (names.has(foldText(name))) throw invalid(`Two variables have the name "${name}".`);
    names.add(foldText(name));
    const kept = isMasked ? (value ?? known.get(foldText(name))) : value;
    if (kept === undefined) throw invalid(`The variable "${name}" has no value.`);
    if (isMasked) masked[name] = kept;
  }
  const variables = given.map(({ name, value = null, isMasked }) => ({
    name,
    value: isMasked ? null : value,
    isMasked,
  }));
  return { version: before.version + 1, variables, masked };
}

const invalid = (detail: string) => collectionErrors.ESP_COLLECTION_VARIABLES_INVALID({ detail });
