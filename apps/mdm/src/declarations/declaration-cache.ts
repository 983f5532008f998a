import type { Queryable } from '@espalier/persistence';
import type { Keyring } from '@espalier/secrets';
import type { DeclarationItem } from './declaration-set.js';
import type { DeclarationStore } from './declaration.store.js';

/** Sets and bodies never change, so what was read once is good; the bounds keep a process small. */
const MOST_SETS = 200;
const MOST_BODY_BYTES = 16 * 1024 * 1024;

/** Remembers sets and unsealed declarations: one set goes to thousands of devices. */
export class DeclarationCache {
  readonly #sets = new Map<string, readonly DeclarationItem[]>();
  readonly #bodies = new Map<string, Buffer>();
  #bodyBytes = 0;

  constructor(
    private readonly store: DeclarationStore,
    private readonly vault: Keyring,
  ) {}

  /** @param on where to look: inside a transaction, that one */
  async itemsOf(on: Queryable, setId: string): Promise<readonly DeclarationItem[]> {
    const known = this.#sets.get(setId);
    if (known !== undefined) return newest(this.#sets, setId, known);
    const items = await this.store.itemsOf(on, setId);
    newest(this.#sets, setId, items);
    if (this.#sets.size > MOST_SETS) this.#sets.delete(oldestOf(this.#sets));
    return items;
  }

  /** Declarations as devices get them, by id; without those that are not stored. */
  async bodies(on: Queryable, ids: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
    const found = new Map<string, Buffer>();
    for (const id of ids) {
      const known = this.#bodies.get(id);
      if (known !== undefined) found.set(id, newest(this.#bodies, id, known));
    }
    const missing = ids.filter((id) => !found.has(id));
    for (const { id, body_sealed } of await this.store.bodiesSealed(on, missing)) {
      const body = this.vault.open(body_sealed, bodyPlace(id));
      found.set(id, body);
      this.#remember(id, body);
    }
    return found;
  }

  #remember(id: string, body: Buffer): void {
    this.#bodyBytes += body.length - (this.#bodies.get(id)?.length ?? 0);
    newest(this.#bodies, id, body);
    while (this.#bodyBytes > MOST_BODY_BYTES) {
      const oldest = oldestOf(this.#bodies);
      this.#bodyBytes -= this.#bodies.get(oldest)?.length ?? 0;
      this.#bodies.delete(oldest);
    }
  }
}

/** Where the sealed body of a declaration is. */
export const bodyPlace = (row: string): { table: string; column: string; row: string } => ({
  table: 'declaration',
  column: 'body_sealed',
  row,
});

/** A Map keeps the order in which keys were set. */
function oldestOf(map: ReadonlyMap<string, unknown>): string {
  return map.keys().next().value as string;
}

function newest<T>(map: Map<string, T>, key: string, value: T): T {
  map.delete(key);
  map.set(key, value);
  return value;
}
