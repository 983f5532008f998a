import type { DeclarationKind } from '@espalier/mdm-protocol';
import { limitSql, upsert, type Database, type Queryable, type Tx } from '@espalier/persistence';
import type { DeclarationItem } from './declaration-set.js';

interface ItemRow {
  readonly id: string;
  readonly kind: DeclarationKind;
  readonly identifier: string;
  readonly type: string;
  readonly server_token: string;
}

/** Declarations and sets, each stored once and never changed. */
export class DeclarationStore {
  constructor(private readonly db: Database) {}

  /** Keeps those that are stored from being pruned, and says which they are. */
  async touch(tx: Tx, ids: readonly string[], now: number, unusedSince: number): Promise<string[]> {
    if (ids.length === 0) return [];
    // Written seldom: what was used lately is far from being pruned.
    await tx.execute(
      'UPDATE {declaration} SET used_at = :now WHERE id IN (:ids) AND used_at < :unusedSince',
      { ids, now, unusedSince },
    );
    const rows = await tx.query<{ id: string }>('SELECT id FROM {declaration} WHERE id IN (:ids)', { ids });
    return rows.map((row) => row.id);
  }

  async insertDeclarations(
    tx: Tx,
    declarations: readonly (DeclarationItem & { readonly bodySealed: string })[],
    now: number,
  ): Promise<void> {
    await upsert(tx, 'declaration', {
      key: ['id'],
      update: ['used_at'],
      rows: declarations.map((declaration) => ({
        id: declaration.id,
        kind: declaration.kind,
        identifier: declaration.identifier,
        type: declaration.type,
        server_token: declaration.serverToken,
        body_sealed: declaration.bodySealed,
        used_at: now,
      })),
    });
  }

  async saveSet(tx: Tx, setId: string, declarationIds: readonly string[], now: number): Promise<void> {
    await upsert(tx, 'declaration_set', { key: ['id'], rows: [{ id: setId, used_at: now }] });
    await upsert(tx, 'declaration_set_item', {
      key: ['set_id', 'declaration_id'],
      rows: declarationIds.map((declaration_id) => ({ set_id: setId, declaration_id })),
    });
  }

  /** The declarations of a set. A set never changes. */
  async itemsOf(on: Queryable, setId: string): Promise<DeclarationItem[]> {
    const rows = await on.query<ItemRow>(
      `SELECT d.id, d.kind, d.identifier, d.type, d.server_token
       FROM {declaration_set_item} i INNER JOIN {declaration} d ON d.id = i.declaration_id
       WHERE i.set_id = :setId ORDER BY d.id`,
      { setId },
    );
    return rows.map(({ id, kind, identifier, type, server_token }) => ({
      id,
      kind,
      identifier,
      type,
      serverToken: server_token,
    }));
  }

  async bodiesSealed(
    on: Queryable,
    ids: readonly string[],
  ): Promise<{ readonly id: string; readonly body_sealed: string }[]> {
    if (ids.length === 0) return [];
    return on.query('SELECT id, body_sealed FROM {declaration} WHERE id IN (:ids)', { ids });
  }

  /** Deletes sets that no enrolment has or was told of, and declarations of no set, that nobody used since `before`. */
  async prune(before: number, limit: number): Promise<number> {
    return (await this.#pruneSets(before, limit)) + (await this.#pruneDeclarations(before, limit));
  }

  #pruneSets(before: number, limit: number): Promise<number> {
    const unused = `used_at < :before
      AND NOT EXISTS (SELECT 1 FROM {enrollment_declarations} e WHERE e.set_id = {declaration_set}.id)
      AND NOT EXISTS (SELECT 1 FROM {enrollment_declarations} e WHERE e.advertised_set_id = {declaration_set}.id)`;
    return this.db.transaction(async (tx) => {
      const rows = await tx.query<{ id: string }>(
        `SELECT id FROM {declaration_set} WHERE ${unused} ORDER BY used_at ${limitSql(tx.dialect, limit)}`,
        { before },
      );
      let gone = 0;
      for (const { id } of rows) {
        // Looked at again under the row's lock: whoever assigns the set writes that row first.
        if (
          (await tx.execute(`DELETE FROM {declaration_set} WHERE id = :id AND ${unused}`, { id, before })) ===
          0
        )
          continue;
        await tx.execute('DELETE FROM {declaration_set_item} WHERE set_id = :id', { id });
        gone += 1;
      }
      return gone;
    });
  }

  #pruneDeclarations(before: number, limit: number): Promise<number> {
    return this.db.execute(
      `DELETE FROM {declaration} WHERE used_at < :before AND id IN (
         SELECT d.id FROM {declaration} d WHERE d.used_at < :before
         AND NOT EXISTS (SELECT 1 FROM {declaration_set_item} i WHERE i.declaration_id = d.id)
         ORDER BY d.used_at ${limitSql(this.db.dialect, limit)})`,
      { before },
    );
  }
}
