import type { LibraryThing, PolicyItem } from '@espalier/contracts';
import { foldText } from '@espalier/conditions';
import {
  insertRows,
  page,
  rowLock,
  type Database,
  type Page,
  type Queryable,
  type Row,
  type Tx,
} from '@espalier/persistence';
import { listPage } from '@espalier/query';
import { restricting, unrestricted, type Restriction } from '../access/restrict.js';
import type { ListRequest } from '../status-messages/status-message.store.js';
import { deploymentModel } from './deployment.models.js';
import { toStored, type CountedRow, type DeploymentRow, type StoredDeployment } from './deployment.record.js';

const COLUMNS = `d.id, d.assignment_id, d.name, d.comment, d.thing_kind, d.thing_id, d.thing_name, d.revision,
  d.deployed_revision, d.collection_id, d.intent, d.action, d.is_enabled, d.start_at, d.deadline_at, d.is_local_time,
  d.priority, d.override_windows, d.notify, d.items, d.version, d.created_at, d.created_by, d.changed_at, d.changed_by`;

/** Of a user collection every enrolment of a member counts, and a member without one as well. */
const TARGETED = `CASE WHEN c.kind = 'user' THEN (SELECT COUNT(*) FROM {collection_member} m
    LEFT JOIN {resource_enrollment} e ON e.user_resource_id = m.resource_id AND e.is_active = 1
    WHERE m.collection_id = d.collection_id) ELSE c.member_count END`;

const COUNTED = `SELECT ${COLUMNS}, d.name_folded, d.thing_name_folded, LOWER(d.collection_id) AS collection_id_folded,
    c.name AS collection_name, c.name_folded AS collection_name_folded, ${TARGETED} AS targeted,
    s.success, s.in_progress, s.requirements_not_met, s.failed
  FROM {deployment} d
  INNER JOIN {collection} c ON c.collection_id = d.collection_id
  INNER JOIN {deployment_summary} s ON s.deployment_id = d.id`;

/** A deployment as those see it who must not take away what it needs. */
export interface DeploymentReference {
  readonly id: string;
  readonly name: string;
}

/** A collection that something is deployed to. */
export interface TargetCollection {
  readonly name: string;
  readonly kind: 'device' | 'user';
}

const IDS_AT_ONCE = 500;

/** The only user of the table `deployment`. */
export class DeploymentStore {
  constructor(private readonly db: Database) {}

  /** The collection, locked until the end: nobody deletes it or counts its deployments meanwhile. */
  async lockCollection(tx: Tx, collectionId: string): Promise<TargetCollection | undefined> {
    const { hint, end } = rowLock(tx.dialect, 'c', 'update');
    const [row] = await tx.query<TargetCollection>(
      `SELECT c.name, c.kind FROM {collection} c ${hint} WHERE c.collection_id = :collectionId ${end}`,
      { collectionId },
    );
    return row;
  }

  async findCollection(on: Queryable, collectionId: string): Promise<TargetCollection | undefined> {
    const [row] = await on.query<TargetCollection>(
      'SELECT name, kind FROM {collection} WHERE collection_id = :collectionId',
      { collectionId },
    );
    return row;
  }

  async insert(tx: Tx, deployment: StoredDeployment): Promise<void> {
    const { id, assignmentId, createdAt, createdBy } = deployment;
    await insertRows(tx, 'deployment', [
      {
        id,
        assignment_id: assignmentId,
        thing_kind: deployment.thingKind,
        thing_id: deployment.thingId,
        collection_id: deployment.collectionId,
        created_at: createdAt,
        created_by: createdBy,
        counted_at: createdAt,
        ...changeable(deployment),
      },
    ]);
  }

  /** Writes all that can change; counters are checked again soon, since items may have come or gone. */
  async update(tx: Tx, deployment: StoredDeployment): Promise<void> {
    const values = { ...changeable(deployment), counted_at: 0 };
    const set = Object.keys(values).map((column) => `${column} = :${column}`);
    await tx.execute(`UPDATE {deployment} SET ${set.join(', ')} WHERE id = :id`, {
      ...values,
      id: deployment.id,
    });
  }

  async delete(tx: Tx, id: string): Promise<void> {
    await tx.execute('DELETE FROM {deployment} WHERE id = :id', { id });
  }

  async find(on: Queryable, id: string): Promise<StoredDeployment | undefined> {
    const [row] = await on.query<DeploymentRow>(`SELECT ${COLUMNS} FROM {deployment} d WHERE d.id = :id`, {
      id,
    });
    return row && toStored(row);
  }

  /** As `find`; nobody changes it until the end. */
  async lock(tx: Tx, id: string): Promise<StoredDeployment | undefined> {
    const { hint, end } = rowLock(tx.dialect, 'd', 'update');
    const [row] = await tx.query<DeploymentRow>(
      `SELECT ${COLUMNS} FROM {deployment} d ${hint} WHERE d.id = :id ${end}`,
      { id },
    );
    return row && toStored(row);
  }

  /** Deployments of these things, locked in the order of their ids. */
  async lockOfThings(tx: Tx, things: readonly LibraryThing[]): Promise<StoredDeployment[]> {
    const { hint, end } = rowLock(tx.dialect, 'd', 'update');
    const ids = [...new Set(things.map(({ thingId }) => thingId))].sort();
    const rows: DeploymentRow[] = [];
    for (let from = 0; from < ids.length; from += IDS_AT_ONCE)
      rows.push(
        ...(await tx.query<DeploymentRow>(
          `SELECT ${COLUMNS} FROM {deployment} d ${hint} WHERE d.thing_id IN (:ids) ORDER BY d.id ${end}`,
          { ids: ids.slice(from, from + IDS_AT_ONCE) },
        )),
      );
    return rows.map(toStored);
  }

  /** Deployments of the thing, and of baselines that deploy it now, perhaps at an old revision. */
  references(on: Queryable, thing: LibraryThing): Promise<DeploymentReference[]> {
    return on.query(
      `SELECT d.id, d.name FROM {deployment} d WHERE (d.thing_id = :thingId AND d.thing_kind = :thingKind)
         OR EXISTS (SELECT 1 FROM {deployment_item_summary} i WHERE i.deployment_id = d.id AND i.ci_id = :thingId)
       ORDER BY d.id`,
      { ...thing },
    );
  }

  ofCollection(on: Queryable, collectionId: string): Promise<DeploymentReference[]> {
    return on.query('SELECT id, name FROM {deployment} WHERE collection_id = :collectionId ORDER BY id', {
      collectionId,
    });
  }

  /** With its collection and counters. */
  async findCounted(on: Queryable, id: string): Promise<CountedRow | undefined> {
    const [row] = await on.query<CountedRow>(`${COUNTED} WHERE d.id = :id`, { id });
    return row;
  }

  /** Newest first unless ordered otherwise. @throws EspalierError ESP_SITE_FILTER_INVALID, ESP_BAD_REQUEST */
  list(request: ListRequest, within: Restriction = unrestricted): Promise<Page<CountedRow>> {
    return listPage<CountedRow>(this.db, {
      model: deploymentModel,
      sql: `${COUNTED}${restricting('WHERE', within)}`,
      params: within.params,
      ...request,
      defaultOrder: ['createdAt desc', 'id'],
    });
  }

  /** In the order of ids. */
  listVersions(
    limit: number,
    after: string | undefined,
  ): Promise<Page<{ id: string; version: number; collection_id: string }>> {
    return page(this.db, {
      sql: 'SELECT id, version, collection_id FROM {deployment}',
      orderBy: ['id'],
      limit,
      after,
    });
  }

  /** Deployments to collections that the device, or a user of it, is a member of; newest first. */
  ofResource(
    resourceId: number,
    limit: number,
    within: Restriction = unrestricted,
  ): Promise<Page<{ id: string; created_at: number }>> {
    return page(this.db, {
      sql: `SELECT d.id, d.created_at FROM {deployment} d WHERE (EXISTS (
              SELECT 1 FROM {collection_member} m WHERE m.collection_id = d.collection_id AND m.resource_id = :resourceId)
            OR EXISTS (SELECT 1 FROM {resource_enrollment} e
              INNER JOIN {collection_member} m ON m.resource_id = e.user_resource_id
              WHERE e.resource_id = :resourceId AND m.collection_id = d.collection_id)
            OR EXISTS (SELECT 1 FROM {resource_enrollment} e
              INNER JOIN {deployment_state} s ON s.enrollment_id = e.enrollment_id
              WHERE e.resource_id = :resourceId AND s.deployment_id = d.id AND s.status <> 0))${restricting('AND', within)}`,
      params: { resourceId, ...within.params },
      orderBy: ['created_at desc', 'id'],
      limit,
    });
  }

  /** The deployment whose counters were checked longest ago, where that is before `before`. */
  async leastCounted(before: number): Promise<string | undefined> {
    const [row] = (
      await page<{ id: string }>(this.db, {
        sql: 'SELECT id, counted_at FROM {deployment} WHERE counted_at < :before',
        params: { before },
        orderBy: ['counted_at', 'id'],
        limit: 1,
      })
    ).rows;
    return row?.id;
  }

  async counted(tx: Tx, id: string, at: number): Promise<void> {
    await tx.execute('UPDATE {deployment} SET counted_at = :at WHERE id = :id', { id, at });
  }

  async countedAt(on: Queryable, id: string): Promise<number> {
    const [row] = await on.query<{ counted_at: number }>(
      'SELECT counted_at FROM {deployment} WHERE id = :id',
      { id },
    );
    return row?.counted_at ?? 0;
  }
}

function changeable({ settings, items, ...rest }: StoredDeployment): Row {
  return {
    name: settings.name,
    name_folded: foldText(settings.name),
    comment: settings.comment,
    thing_name: rest.thingName,
    thing_name_folded: foldText(rest.thingName),
    revision: settings.revision,
    deployed_revision: rest.deployedRevision,
    intent: settings.intent,
    action: settings.action,
    is_enabled: settings.enabled,
    start_at: settings.startAt,
    deadline_at: settings.deadlineAt,
    is_local_time: settings.localTime,
    priority: settings.priority,
    override_windows: settings.overrideWindows,
    notify: settings.notify,
    items: JSON.stringify(items satisfies readonly PolicyItem[]),
    version: rest.version,
    changed_at: rest.changedAt,
    changed_by: rest.changedBy,
  };
}
