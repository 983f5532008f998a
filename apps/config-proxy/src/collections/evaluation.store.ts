import { createHash } from 'node:crypto';
import type { CollectionKind } from '@espalier/contracts';
import type { TypedQuery } from '@espalier/conditions';
import {
  idListSql,
  jsonItems,
  jsonRows,
  limitSql,
  splitIds,
  type Queryable,
  type Tx,
} from '@espalier/persistence';
import { compileQuery } from '@espalier/query';
import { inChunk, type Chunk } from './chunk.js';

/** Ids by collection. */
export type IdsByCollection = Map<string, number[]>;

/** What joins, leaves, or changes in one collection. */
export interface MemberWrite {
  readonly collectionId: string;
  readonly joinedDirect: readonly number[];
  readonly joinedOtherwise: readonly number[];
  readonly left: readonly number[];
  /** Those who stay, and are (not) named by a direct rule from now on. */
  readonly nowDirect: readonly number[];
  readonly nowOtherwise: readonly number[];
}

/** Reads what an evaluation needs of some resources, and writes who is a member: the only writer of `collection_member`. */
export class EvaluationStore {
  /** Resources that can be members. */
  async active(on: Queryable, kind: CollectionKind, chunk: Chunk): Promise<number[]> {
    const { sql, params } = inChunk(on.dialect, chunk, 'resource_id');
    const [row] = await on.query<{ ids: string | null }>(
      `SELECT ${idListSql(on.dialect).joined('resource_id')} AS ids FROM {resource}
       WHERE ${sql} AND kind = :kind AND state = 'active'`,
      { ...params, kind },
    );
    return splitIds(row?.ids ?? null);
  }

  /** The last of the next `limit` resources of a kind from an id on; undefined where there are none. */
  async endOfChunk(on: Queryable, from: number, to: number, limit: number): Promise<number | undefined> {
    const rows = await on.query<{ resource_id: number }>(
      `SELECT MAX(resource_id) AS resource_id FROM (
         SELECT resource_id FROM {resource} WHERE resource_id BETWEEN :from AND :to
         ORDER BY resource_id ${limitSql(on.dialect, limit)}) AS chunk`,
      { from, to },
    );
    return rows[0]?.resource_id ?? undefined;
  }

  async countActive(on: Queryable, kind: CollectionKind): Promise<number> {
    const [row] = await on.query<{ count: number }>(
      "SELECT COUNT(*) AS count FROM {resource} WHERE kind = :kind AND state = 'active'",
      { kind },
    );
    return row?.count ?? 0;
  }

  /** Members before, those whom a direct rule names apart. */
  async members(
    on: Queryable,
    chunk: Chunk,
    only?: readonly string[],
  ): Promise<{ all: IdsByCollection; direct: IdsByCollection }> {
    const { sql, params } = inChunk(on.dialect, chunk, 'resource_id');
    const few = only !== undefined && only.length <= FEW_COLLECTIONS;
    const rows = await on.query<{ collection_id: string; is_direct: number; ids: string }>(
      `SELECT collection_id, is_direct, ${idListSql(on.dialect).joined('resource_id')} AS ids
       FROM {collection_member} WHERE ${sql} ${few ? 'AND collection_id IN (:only)' : ''}
       GROUP BY collection_id, is_direct`,
      { ...params, ...(few && { only }) },
    );
    const all: IdsByCollection = new Map();
    const direct: IdsByCollection = new Map();
    for (const { collection_id, is_direct, ids } of rows) {
      const members = splitIds(ids);
      all.set(collection_id, [...(all.get(collection_id) ?? []), ...members]);
      if (is_direct === 1) direct.set(collection_id, members);
    }
    return { all, direct };
  }

  /** Named by direct rules. */
  async directRules(on: Queryable, chunk: Chunk): Promise<IdsByCollection> {
    const { sql, params } = inChunk(on.dialect, chunk, 'resource_id');
    const rows = await on.query<{ collection_id: string; ids: string }>(
      `SELECT collection_id, ${idListSql(on.dialect).joined('resource_id')} AS ids
       FROM {collection_direct_rule} WHERE ${sql} GROUP BY collection_id`,
      params,
    );
    return new Map(rows.map(({ collection_id, ids }) => [collection_id, splitIds(ids)]));
  }

  /** Whom a query selects among the resources of the chunk. */
  async select(on: Queryable, query: TypedQuery, restrict: Chunk, now: number): Promise<number[]> {
    const { sql, params } = compileQuery(query, on.dialect, { restrict, now });
    const text = `SELECT ${idListSql(on.dialect).joined('selected.resource_id')} AS ids FROM (${sql}) AS selected`;
    const [row] = await on.prepared<{ ids: string | null }>(nameOf(text), text, params);
    return splitIds(row?.ids ?? null);
  }

  /** Writes who joined and left. */
  async write(tx: Tx, writes: readonly MemberWrite[], now: number): Promise<void> {
    await this.#insert(tx, writes, now);
    for (const { collectionId, left, nowDirect, nowOtherwise } of writes) {
      await this.#change(tx, 'DELETE FROM {collection_member}', collectionId, left);
      const setDirect = 'UPDATE {collection_member} SET is_direct =';
      await this.#change(tx, `${setDirect} 1`, collectionId, nowDirect);
      await this.#change(tx, `${setDirect} 0`, collectionId, nowOtherwise);
    }
  }

  /** One statement for those who join, however many they are. */
  async #insert(tx: Tx, writes: readonly MemberWrite[], now: number): Promise<void> {
    const joined = writes.flatMap(({ collectionId, joinedDirect, joinedOtherwise }) => [
      { collection: collectionId, direct: 1, ids: joinedDirect },
      { collection: collectionId, direct: 0, ids: joinedOtherwise },
    ]);
    const filled = joined.filter(({ ids }) => ids.length > 0);
    if (filled.length === 0) return;
    const rows = jsonRows(tx.dialect, 'joined', 'j', { collection: 'text', direct: 'integer', ids: 'json' });
    await tx.execute(
      `INSERT INTO {collection_member} (collection_id, resource_id, is_direct, joined_at)
       SELECT j.collection, CAST(items.value AS integer), j.direct, CAST(:now AS bigint)
       FROM ${rows} ${jsonItems(tx.dialect, 'j.ids')}`,
      { now, joined: JSON.stringify(filled) },
    );
  }

  async #change(tx: Tx, change: string, collectionId: string, members: readonly number[]): Promise<void> {
    if (members.length === 0) return;
    const ids = idListSql(tx.dialect);
    await tx.execute(
      `${change} WHERE collection_id = :collectionId AND ${ids.isIn('resource_id', 'members')}`,
      { collectionId, members: ids.param(members) },
    );
  }
}

/** Up to so many collections the index by collection serves better than that by resource. */
const FEW_COLLECTIONS = 20;

const names = new Map<string, string>();
const NAMES = 10_000;

/** Rules of the same shape share a prepared statement: their values are parameters. */
function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    if (names.size >= NAMES) names.clear();
    name = `rule_${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`;
    names.set(text, name);
  }
  return name;
}
