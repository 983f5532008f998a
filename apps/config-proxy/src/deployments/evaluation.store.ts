import { limitSql, type Queryable } from '@espalier/persistence';

/** Reads whose policy is to be evaluated. */
export class EvaluationStore {
  /** Active enrolments of a device and its users, or of a user; undefined where there is no such resource. */
  async ofResource(on: Queryable, resourceId: number): Promise<string[] | undefined> {
    const rows = await on.query<{ enrollment_id: string | null }>(
      `SELECT e.enrollment_id FROM {resource} r
       LEFT JOIN {resource_enrollment} e
         ON (e.resource_id = r.resource_id OR e.user_resource_id = r.resource_id) AND e.is_active = 1
       WHERE r.resource_id = :resourceId ORDER BY e.enrollment_id`,
      { resourceId },
    );
    if (rows.length === 0) return undefined;
    return rows.flatMap(({ enrollment_id }) => enrollment_id ?? []);
  }

  /** Active enrolments of the collection's next members; `last` is where to go on after, undefined at the end. */
  async ofCollection(
    on: Queryable,
    collectionId: string,
    after: number,
    members: number,
  ): Promise<{ enrollmentIds: string[]; last: number | undefined }> {
    const next = await on.query<{ resource_id: number }>(
      `SELECT resource_id FROM {collection_member} WHERE collection_id = :collectionId AND resource_id > :after
       ORDER BY resource_id ${limitSql(on.dialect, members)}`,
      { collectionId, after },
    );
    const last = next.at(-1)?.resource_id;
    if (last === undefined) return { enrollmentIds: [], last };
    const rows = await on.query<{ enrollment_id: string }>(
      `SELECT e.enrollment_id FROM {collection} c
       INNER JOIN {collection_member} m ON m.collection_id = c.collection_id
       INNER JOIN {resource_enrollment} e ON e.is_active = 1 AND e.kind = c.kind
         AND ((c.kind = 'device' AND e.resource_id = m.resource_id)
           OR (c.kind = 'user' AND e.user_resource_id = m.resource_id))
       WHERE c.collection_id = :collectionId AND m.resource_id > :after AND m.resource_id <= :last
       ORDER BY e.enrollment_id`,
      { collectionId, after, last },
    );
    return { enrollmentIds: rows.map(({ enrollment_id }) => enrollment_id), last };
  }
}
