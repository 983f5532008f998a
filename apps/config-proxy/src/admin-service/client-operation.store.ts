import { insertRows, limitSql, type Queryable, type Tx } from '@espalier/persistence';

/** What was asked of clients; how far it is, its job says. */
export interface ClientOperation {
  readonly operationId: number;
  readonly jobId: string;
  readonly type: number;
  readonly collectionId: string;
}

/** The only writer of the table `client_operation`. */
export class ClientOperationStore {
  async insert(tx: Tx, { operationId, jobId, type, collectionId }: ClientOperation): Promise<void> {
    await insertRows(tx, 'client_operation', [
      { operation_id: operationId, job_id: jobId, type, collection_id: collectionId },
    ]);
  }

  /** Those of the resources that are members of the collection. */
  async members(on: Queryable, collectionId: string, resourceIds: readonly number[]): Promise<number[]> {
    const members: number[] = [];
    for (let from = 0; from < resourceIds.length; from += IDS_AT_ONCE) {
      const rows = await on.query<{ resource_id: number }>(
        `SELECT resource_id FROM {collection_member}
         WHERE collection_id = :collectionId AND resource_id IN (:ids) ORDER BY resource_id`,
        { collectionId, ids: resourceIds.slice(from, from + IDS_AT_ONCE) },
      );
      members.push(...rows.map(({ resource_id }) => resource_id));
    }
    return members;
  }

  /** Active device enrolments of resources. */
  async enrollments(on: Queryable, resourceIds: readonly number[]): Promise<string[]> {
    if (resourceIds.length === 0) return [];
    const rows = await on.query<{ enrollment_id: string }>(
      `SELECT enrollment_id FROM {resource_enrollment}
       WHERE resource_id IN (:ids) AND kind = 'device' AND is_active = 1 ORDER BY enrollment_id`,
      { ids: resourceIds.slice(0, IDS_AT_ONCE) },
    );
    return rows.map(({ enrollment_id }) => enrollment_id);
  }

  /** The next members of a collection by resource id. */
  async next(on: Queryable, collectionId: string, after: number, limit: number): Promise<number[]> {
    const rows = await on.query<{ resource_id: number }>(
      `SELECT resource_id FROM {collection_member}
       WHERE collection_id = :collectionId AND resource_id > :after
       ORDER BY resource_id ${limitSql(on.dialect, limit)}`,
      { collectionId, after },
    );
    return rows.map(({ resource_id }) => resource_id);
  }
}

/** SQL Server takes 2,100 parameters. */
const IDS_AT_ONCE = 500;
