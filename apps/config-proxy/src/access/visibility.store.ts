import { idListSql, textListSql, type Queryable } from '@espalier/persistence';

/** Says what is in which collections, for callers who are limited to some. */
export class VisibilityStore {
  /** Those of the devices (or users) that are members of one of the collections. */
  async devicesIn(
    on: Queryable,
    resourceIds: readonly number[],
    collectionIds: readonly string[],
  ): Promise<Set<number>> {
    if (resourceIds.length === 0 || collectionIds.length === 0) return new Set();
    const ids = idListSql(on.dialect);
    const list = textListSql(on.dialect);
    const rows = await on.query<{ resource_id: number }>(
      `SELECT DISTINCT m.resource_id FROM {collection_member} m
       WHERE ${ids.isIn('m.resource_id', 'resourceIds')} AND ${list.isIn('m.collection_id', 'collectionIds')}`,
      { resourceIds: ids.param(resourceIds), collectionIds: list.param(collectionIds) },
    );
    return new Set(rows.map(({ resource_id }) => resource_id));
  }

  async deviceIsIn(on: Queryable, resourceId: number, collectionIds: readonly string[]): Promise<boolean> {
    return (await this.devicesIn(on, [resourceId], collectionIds)).has(resourceId);
  }

  /** Those of the enrolments whose device or user is a member of one of the collections. */
  async enrollmentsIn(
    on: Queryable,
    enrollmentIds: readonly string[],
    collectionIds: readonly string[],
  ): Promise<Set<string>> {
    if (enrollmentIds.length === 0 || collectionIds.length === 0) return new Set();
    const list = textListSql(on.dialect);
    const rows = await on.query<{ enrollment_id: string }>(
      `SELECT e.enrollment_id FROM {resource_enrollment} e
       WHERE ${list.isIn('e.enrollment_id', 'enrollmentIds')} AND EXISTS (
         SELECT 1 FROM {collection_member} m WHERE (m.resource_id = e.resource_id OR m.resource_id = e.user_resource_id)
           AND ${list.isIn('m.collection_id', 'collectionIds')})`,
      { enrollmentIds: list.param(enrollmentIds), collectionIds: list.param(collectionIds) },
    );
    return new Set(rows.map(({ enrollment_id }) => enrollment_id));
  }

  /** Those of the collections that are among others, or limited by one of them, however many steps away. */
  async collectionsIn(
    on: Queryable,
    ids: readonly string[],
    collectionIds: readonly string[],
  ): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const within = new Set(await this.within(on, collectionIds));
    return new Set(ids.filter((id) => within.has(id)));
  }

  async deploymentIsIn(
    on: Queryable,
    deploymentId: string,
    collectionIds: readonly string[],
  ): Promise<boolean> {
    const [row] = await on.query<{ collection_id: string }>(
      'SELECT collection_id FROM {deployment} WHERE id = :deploymentId',
      { deploymentId },
    );
    if (row === undefined) return false;
    return (await this.collectionsIn(on, [row.collection_id], collectionIds)).size > 0;
  }

  /** The collections and all that are limited by them, however many steps away. */
  within(on: Queryable, collectionIds: readonly string[]): Promise<string[]> {
    const list = textListSql(on.dialect);
    return follow(collectionIds, (ids) =>
      on.query(`SELECT collection_id AS id FROM {collection} WHERE ${list.isIn('limiting_id', 'ids')}`, {
        ids: list.param(ids),
      }),
    );
  }

  /** The collections and all that decide who is in them: limiting, included and excluded ones, and theirs. */
  decidingOver(on: Queryable, collectionIds: readonly string[]): Promise<string[]> {
    const list = textListSql(on.dialect);
    return follow(collectionIds, (ids) =>
      on.query(
        `SELECT limiting_id AS id FROM {collection}
         WHERE limiting_id IS NOT NULL AND ${list.isIn('collection_id', 'ids')}
         UNION SELECT target_id AS id FROM {collection_rule}
         WHERE target_id IS NOT NULL AND ${list.isIn('collection_id', 'ids')}`,
        { ids: list.param(ids) },
      ),
    );
  }
}

/** All that can be come to, step by step: recursive queries are spelt differently everywhere. */
async function follow(
  from: readonly string[],
  step: (ids: readonly string[]) => Promise<readonly { readonly id: string }[]>,
): Promise<string[]> {
  const found = new Set(from);
  let edge = [...found];
  while (edge.length > 0) {
    const next = (await step(edge)).map(({ id }) => id).filter((id) => !found.has(id));
    for (const id of next) found.add(id);
    edge = [...new Set(next)];
  }
  return [...found];
}
