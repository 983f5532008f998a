import { limitSql, type Queryable } from '@espalier/persistence';

/** Reads whom a command for a collection goes to. */
export class CollectionCommandStore {
  async name(on: Queryable, collectionId: string): Promise<string | undefined> {
    const [row] = await on.query<{ name: string }>(
      `SELECT name FROM {collection} WHERE collection_id = :collectionId AND kind = 'device'`,
      { collectionId },
    );
    return row?.name;
  }

  /** The end of the next range of resource ids with so many members; undefined where none is left. */
  async nextRange(
    on: Queryable,
    collectionId: string,
    after: number,
    members: number,
  ): Promise<number | undefined> {
    const rows = await on.query<{ resource_id: number }>(
      `SELECT resource_id FROM {collection_member} WHERE collection_id = :collectionId AND resource_id > :after
       ORDER BY resource_id ${limitSql(on.dialect, members)}`,
      { collectionId, after },
    );
    return rows.at(-1)?.resource_id;
  }

  /** Enrolled members with resource ids behind `after`, up to `end`. */
  async targets(on: Queryable, collectionId: string, after: number, end: number): Promise<string[]> {
    const rows = await on.query<{ enrollment_id: string }>(
      `SELECT e.enrollment_id
       FROM {collection_member} m
       INNER JOIN {resource_enrollment} e ON e.resource_id = m.resource_id
       WHERE m.collection_id = :collectionId AND m.resource_id > :after AND m.resource_id <= :end
         AND e.kind = 'device' AND e.is_active = 1
       ORDER BY e.enrollment_id`,
      { collectionId, after, end },
    );
    return rows.map((row) => row.enrollment_id);
  }
}
