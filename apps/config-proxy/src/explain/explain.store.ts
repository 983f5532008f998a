import { limitSql, type Queryable } from '@espalier/persistence';
import { restricting, type Restriction } from '../access/restrict.js';
import type { KnownEnrollment } from './explain.types.js';

/** Reads what explanations are about. */
export class ExplainStore {
  async resource(
    on: Queryable,
    resourceId: number,
  ): Promise<{ id: number; name: string; state: string } | undefined> {
    const [row] = await on.query<{ resource_id: number; name: string; state: string }>(
      'SELECT resource_id, name, state FROM {resource} WHERE resource_id = :resourceId',
      { resourceId },
    );
    return row && { id: row.resource_id, name: row.name, state: row.state };
  }

  /** Enrolments of a device and its users, or of a user; active ones first. */
  async enrollments(on: Queryable, resourceId: number): Promise<KnownEnrollment[]> {
    const rows = await on.query<{
      enrollment_id: string;
      kind: 'device' | 'user';
      is_active: number;
      user_resource_id: number | null;
    }>(
      `SELECT enrollment_id, kind, is_active, user_resource_id FROM {resource_enrollment}
       WHERE resource_id = :resourceId OR user_resource_id = :resourceId
       ORDER BY is_active DESC, enrollment_id`,
      { resourceId },
    );
    return rows.map((row) => ({
      id: row.enrollment_id,
      kind: row.kind,
      isActive: row.is_active === 1,
      userResourceId: row.user_resource_id,
    }));
  }

  /** Those of the resources that are members of the collection. */
  async members(on: Queryable, collectionId: string, resourceIds: readonly number[]): Promise<number[]> {
    if (resourceIds.length === 0) return [];
    const rows = await on.query<{ resource_id: number }>(
      `SELECT resource_id FROM {collection_member}
       WHERE collection_id = :collectionId AND resource_id IN (:resourceIds) ORDER BY resource_id`,
      { collectionId, resourceIds },
    );
    return rows.map((row) => row.resource_id);
  }

  /**
   * Deployments of the thing, and of baselines by which it is deployed now; those whose collection the device is in
   * come first, then the newest.
   */
  async deploymentsOfThing(
    on: Queryable,
    { thingId, resourceId }: { readonly thingId: string; readonly resourceId: number },
    limit: number,
    within: Restriction,
  ): Promise<string[]> {
    const rows = await on.query<{ id: string }>(
      `SELECT d.id FROM {deployment} d
       WHERE (d.thing_id = :thingId OR EXISTS
         (SELECT 1 FROM {deployment_item_summary} i WHERE i.deployment_id = d.id AND i.ci_id = :thingId))
         ${restricting('AND', within)}
       ORDER BY CASE WHEN EXISTS (SELECT 1 FROM {collection_member} m
           WHERE m.collection_id = d.collection_id AND m.resource_id = :resourceId) THEN 0 ELSE 1 END,
         d.created_at DESC, d.id ${limitSql(on.dialect, limit)}`,
      { thingId, resourceId, ...within.params },
    );
    return rows.map(({ id }) => id);
  }
}
