import type { DirectRule } from '@espalier/contracts';
import { idListSql, insertRows, page, type Page, type Queryable, type Tx } from '@espalier/persistence';
import { restricting, unrestricted, type Restriction } from '../access/restrict.js';

/** The only writer of `collection_direct_rule`. Whoever adds or removes rules holds the evaluation lock. */
export class DirectRuleStore {
  /** Which of these resources the collection names. */
  async among(on: Queryable, collectionId: string, resourceIds: readonly number[]): Promise<Set<number>> {
    if (resourceIds.length === 0) return new Set();
    const ids = idListSql(on.dialect);
    return idsOf(
      await on.query<IdRow>(
        `SELECT resource_id FROM {collection_direct_rule}
         WHERE collection_id = :collectionId AND ${ids.isIn('resource_id', 'ids')}`,
        { collectionId, ids: ids.param(resourceIds) },
      ),
    );
  }

  async all(on: Queryable, collectionId: string): Promise<Set<number>> {
    return idsOf(
      await on.query<IdRow>(
        'SELECT resource_id FROM {collection_direct_rule} WHERE collection_id = :collectionId',
        { collectionId },
      ),
    );
  }

  async insert(
    tx: Tx,
    collectionId: string,
    resourceIds: readonly number[],
    at: number,
    by: string,
  ): Promise<void> {
    await insertRows(
      tx,
      'collection_direct_rule',
      resourceIds.map((resource_id) => ({
        collection_id: collectionId,
        resource_id,
        created_at: at,
        created_by: by,
      })),
    );
  }

  async delete(tx: Tx, collectionId: string, resourceIds: readonly number[]): Promise<void> {
    const ids = idListSql(tx.dialect);
    await tx.execute(
      `DELETE FROM {collection_direct_rule}
       WHERE collection_id = :collectionId AND ${ids.isIn('resource_id', 'ids')}`,
      { collectionId, ids: ids.param(resourceIds) },
    );
  }

  /** Forgets a resource that is deleted in this transaction. */
  async deleteResource(tx: Tx, resourceId: number): Promise<void> {
    await tx.execute('DELETE FROM {collection_direct_rule} WHERE resource_id = :resourceId', { resourceId });
  }

  async deleteAll(tx: Tx, collectionId: string): Promise<void> {
    await tx.execute('DELETE FROM {collection_direct_rule} WHERE collection_id = :collectionId', {
      collectionId,
    });
  }

  async list(
    on: Queryable,
    collectionId: string,
    request: { readonly limit: number; readonly cursor?: string | undefined },
    within: Restriction = unrestricted,
  ): Promise<Page<DirectRule>> {
    const { rows, next } = await page<IdRow & { created_at: number; created_by: string }>(on, {
      sql: `SELECT d.resource_id, d.created_at, d.created_by FROM {collection_direct_rule} d
            WHERE d.collection_id = :collectionId${restricting('AND', within)}`,
      params: { collectionId, ...within.params },
      orderBy: ['resource_id'],
      limit: request.limit,
      after: request.cursor,
    });
    return {
      rows: rows.map((row) => ({
        resourceId: row.resource_id,
        createdAt: row.created_at,
        createdBy: row.created_by,
      })),
      ...(next !== undefined && { next }),
    };
  }
}

interface IdRow {
  readonly resource_id: number;
}

const idsOf = (rows: readonly IdRow[]): Set<number> => new Set(rows.map(({ resource_id }) => resource_id));
