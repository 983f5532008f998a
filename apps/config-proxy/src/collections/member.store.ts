import type { ClassModel } from '@espalier/conditions';
import type { CollectionMember } from '@espalier/contracts';
import { limitSql, type Page, type Queryable, type Tx } from '@espalier/persistence';
import { listPage, type ListRequest } from '@espalier/query';
import { restricting, unrestricted, type Restriction } from '../access/restrict.js';

/** What callers filter and order lists by. */
export type ListQuery = Pick<ListRequest, 'filter' | 'orderBy' | 'limit' | 'cursor'>;

interface MemberRow {
  readonly resource_id: number;
  readonly name: string;
  readonly is_direct: number;
  readonly joined_at: number;
}

/** Reads members; evaluations write them. */
export class MemberStore {
  async list(
    on: Queryable,
    collectionId: string,
    request: ListQuery,
    within: Restriction = unrestricted,
  ): Promise<Page<CollectionMember>> {
    const { rows, next } = await listPage<MemberRow>(on, {
      model: memberModel,
      sql: `SELECT m.resource_id, m.is_direct, m.joined_at, r.name, r.name_folded
            FROM {collection_member} m INNER JOIN {resource} r ON r.resource_id = m.resource_id
            WHERE m.collection_id = :collectionId${restricting('AND', within)}`,
      params: { collectionId, ...within.params },
      defaultOrder: ['resourceId'],
      ...request,
    });
    return { rows: rows.map(toMember), ...(next !== undefined && { next }) };
  }

  async count(on: Queryable, collectionId: string): Promise<number> {
    const [row] = await on.query<{ member_count: number }>(
      'SELECT member_count FROM {collection} WHERE collection_id = :collectionId',
      { collectionId },
    );
    return row?.member_count ?? 0;
  }

  /** When a resource became a member; undefined where it is none. */
  async joinedAt(on: Queryable, collectionId: string, resourceId: number): Promise<number | undefined> {
    const [row] = await on.query<{ joined_at: number }>(
      `SELECT joined_at FROM {collection_member}
       WHERE collection_id = :collectionId AND resource_id = :resourceId`,
      { collectionId, resourceId },
    );
    return row?.joined_at;
  }

  /** Collections that a resource is in, in the order of their ids. */
  async collectionsOf(
    on: Queryable,
    resourceId: number,
    { after, limit, within = unrestricted }: { after: string; limit: number; within?: Restriction },
  ): Promise<string[]> {
    const rows = await on.query<{ collection_id: string }>(
      `SELECT collection_id FROM {collection_member} WHERE resource_id = :resourceId AND collection_id > :after
       ${restricting('AND', within)} ORDER BY collection_id ${limitSql(on.dialect, limit)}`,
      { resourceId, after, ...within.params },
    );
    return rows.map(({ collection_id }) => collection_id);
  }

  async deleteAll(tx: Tx, collectionId: string): Promise<void> {
    await tx.execute('DELETE FROM {collection_member} WHERE collection_id = :collectionId', { collectionId });
  }
}

const memberModel: ClassModel = {
  name: 'CollectionMember',
  table: 'collection_member',
  keyColumn: 'resource_id',
  single: true,
  properties: [
    { name: 'resourceId', type: 'integer', column: 'resource_id' },
    { name: 'name', type: 'text', column: 'name', foldedColumn: 'name_folded' },
    { name: 'isDirect', type: 'flag', column: 'is_direct' },
    { name: 'joinedAt', type: 'time', column: 'joined_at' },
  ],
};

const toMember = (row: MemberRow): CollectionMember => ({
  resourceId: row.resource_id,
  name: row.name,
  isDirect: row.is_direct === 1,
  joinedAt: row.joined_at,
});
