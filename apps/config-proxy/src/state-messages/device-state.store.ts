import {
  assetStatusIds,
  stateTopics,
  type AssetStatus,
  type DeploymentDevice,
  type PolicySteps,
  type StoredState,
} from '@espalier/contracts';
import type { ClassModel } from '@espalier/conditions';
import type { Database, Page, Queryable } from '@espalier/persistence';
import { listPage } from '@espalier/query';
import { restricting, unrestricted, type Restriction } from '../access/restrict.js';
import type { ListRequest } from '../status-messages/status-message.store.js';
import { stateNameOf } from './state-names.js';

/** The deployment whose devices are asked for. */
export interface DeploymentTarget {
  readonly deploymentId: string;
  readonly collectionId: string;
  readonly collectionKind: 'device' | 'user';
}

interface DeviceRow {
  readonly resource_id: number;
  readonly name: string;
  readonly enrollment_id: string | null;
  readonly status: number | null;
  readonly compliance_state: number | null;
  readonly enforcement_state: number | null;
  readonly reason: string | null;
  readonly error_code: string | null;
  readonly command_id: string | null;
  readonly targeted_at: number | null;
  readonly evaluated_at: number | null;
  readonly queued_at: number | null;
  readonly pushed_at: number | null;
  readonly fetched_at: number | null;
  readonly acknowledged_at: number | null;
  readonly verified_at: number | null;
  readonly updated_at: number | null;
}

const STATE_COLUMNS = `s.status, s.compliance_state, s.enforcement_state, s.reason, s.error_code, s.command_id,
  s.targeted_at, s.evaluated_at, s.queued_at, s.pushed_at, s.fetched_at, s.acknowledged_at, s.verified_at,
  s.updated_at, LOWER(s.error_code) AS error_code_folded`;

/**
 * Members of the collection with their enrolments, each with its state where there is one. `+ 0` keeps PostgreSQL from
 * merge joins, which would read every resource before the page: the last page is to cost what the first one does.
 */
const targetedSql = (kind: 'device' | 'user'): string => `
  SELECT m.resource_id, r.name, r.name_folded, e.enrollment_id, COALESCE(e.enrollment_id, '') AS enrollment_key,
    ${STATE_COLUMNS}
  FROM {collection_member} m
  INNER JOIN {resource} r ON r.resource_id = m.resource_id + 0
  LEFT JOIN {resource_enrollment} e
    ON e.${kind === 'device' ? 'resource_id' : 'user_resource_id'} = m.resource_id + 0
    AND e.kind = '${kind}' AND e.is_active = 1
  LEFT JOIN {deployment_state} s ON s.deployment_id = :deploymentId AND s.enrollment_id = e.enrollment_id
  WHERE m.collection_id = :collectionId`;

/** Enrolments that have reported a status; begins at their index, so that few are found among many. */
const reportedSql = (kind: 'device' | 'user'): string => `
  SELECT r.resource_id, r.name, r.name_folded, s.enrollment_id, s.enrollment_id AS enrollment_key, ${STATE_COLUMNS}
  FROM {deployment_state} s
  INNER JOIN {resource_enrollment} e ON e.enrollment_id = s.enrollment_id
  INNER JOIN {resource} r ON r.resource_id = e.${kind === 'device' ? 'resource_id' : 'user_resource_id'}
  WHERE s.deployment_id = :deploymentId AND s.status = :status`;

/** A row of `deployment_item_state` with nothing but what people see. */
export interface ItemState {
  readonly ciId: string;
  readonly enrollmentId: string;
  readonly state: number;
  readonly reason: string | null;
  readonly errorCode: string | null;
  readonly at: number;
}

/** Reads how devices stand. */
export class DeviceStateStore {
  constructor(
    private readonly db: Database,
    private readonly models: { readonly devices: ClassModel },
  ) {}

  /** Devices of a deployment. @throws EspalierError ESP_SITE_FILTER_INVALID, ESP_BAD_REQUEST */
  async listDevices(
    { deploymentId, collectionId, collectionKind }: DeploymentTarget,
    status: AssetStatus | undefined,
    request: ListRequest,
    within: Restriction = unrestricted,
  ): Promise<Page<DeploymentDevice>> {
    const silent = status === undefined || status === 'unknown';
    const unheard = status === 'unknown' ? ` AND (s.status IS NULL OR s.status IN (0, ${UNKNOWN}))` : '';
    const { rows, next } = await listPage<DeviceRow>(this.db, {
      model: this.models.devices,
      sql: `${silent ? `${targetedSql(collectionKind)}${unheard}` : reportedSql(collectionKind)}${restricting('AND', within)}`,
      params: {
        deploymentId,
        ...(silent ? { collectionId } : { status: assetStatusIds[status] }),
        ...within.params,
      },
      ...request,
      // As the index has them: the last page costs what the first one does.
      defaultOrder: silent ? ['resourceId', 'enrollmentKey'] : ['enrollmentKey'],
    });
    return { rows: rows.map(toDevice), ...(next !== undefined && { next }) };
  }

  /** Everything known of one device (or user) and one deployment: an entry for each enrolment. */
  async device(
    on: Queryable,
    { deploymentId, collectionId, collectionKind }: DeploymentTarget,
    resourceId: number,
  ): Promise<DeploymentDevice[]> {
    const owner = collectionKind === 'device' ? 'resource_id' : 'user_resource_id';
    const rows = await on.query<DeviceRow & { is_member: number }>(
      `SELECT r.resource_id, r.name, e.enrollment_id, ${STATE_COLUMNS},
         CASE WHEN m.resource_id IS NULL THEN 0 ELSE 1 END AS is_member
       FROM {resource} r
       LEFT JOIN {collection_member} m ON m.collection_id = :collectionId AND m.resource_id = r.resource_id
       LEFT JOIN {resource_enrollment} e ON e.${owner} = r.resource_id AND e.kind = '${collectionKind}'
       LEFT JOIN {deployment_state} s ON s.deployment_id = :deploymentId AND s.enrollment_id = e.enrollment_id
       WHERE r.resource_id = :resourceId ORDER BY e.enrollment_id`,
      { deploymentId, collectionId, resourceId },
    );
    return rows.filter((row) => row.is_member === 1 || (row.status ?? 0) !== 0).map(toDevice);
  }

  async items(on: Queryable, deploymentId: string, enrollmentIds: readonly string[]): Promise<ItemState[]> {
    if (enrollmentIds.length === 0) return [];
    const rows = await on.query<{
      ci_id: string;
      enrollment_id: string;
      state: number;
      reason: string | null;
      error_code: string | null;
      at: number;
    }>(
      `SELECT ci_id, enrollment_id, state, reason, error_code, at FROM {deployment_item_state}
       WHERE deployment_id = :deploymentId AND enrollment_id IN (:enrollmentIds) AND state >= 0 ORDER BY ci_id`,
      { deploymentId, enrollmentIds },
    );
    return rows.map((row) => ({
      ciId: row.ci_id,
      enrollmentId: row.enrollment_id,
      state: row.state,
      reason: row.reason,
      errorCode: row.error_code,
      at: row.at,
    }));
  }

  /** The newest state of each topic of a device and its users. @throws as `listDevices` */
  async listStates(resourceId: number, request: ListRequest): Promise<Page<StoredState>> {
    const { rows, next } = await listPage<StateRow>(this.db, {
      model: stateModel,
      sql: STATES,
      params: { resourceId },
      ...request,
      defaultOrder: ['topicType', 'topicId', 'enrollmentId'],
    });
    return { rows: rows.map(toState), ...(next !== undefined && { next }) };
  }
}

const UNKNOWN = assetStatusIds.unknown;

const statusById: ReadonlyMap<number, AssetStatus> = new Map(
  Object.entries(assetStatusIds).map(([name, id]) => [id, name as AssetStatus]),
);

export const stepsOf = (row: Omit<DeviceRow, 'resource_id' | 'name' | 'enrollment_id'>): PolicySteps => ({
  targetedAt: row.targeted_at,
  evaluatedAt: row.evaluated_at,
  queuedAt: row.queued_at,
  pushedAt: row.pushed_at,
  fetchedAt: row.fetched_at,
  acknowledgedAt: row.acknowledged_at,
  verifiedAt: row.verified_at,
});

const toDevice = (row: DeviceRow): DeploymentDevice => ({
  resourceId: row.resource_id,
  name: row.name,
  enrollmentId: row.enrollment_id,
  status: statusById.get(row.status ?? UNKNOWN) ?? 'unknown',
  complianceState: row.compliance_state,
  enforcementState: row.enforcement_state,
  reason: row.reason,
  errorCode: row.error_code,
  commandId: row.command_id,
  steps: stepsOf(row),
  updatedAt: row.updated_at,
});

interface StateRow {
  readonly enrollment_id: string;
  readonly topic_type: number;
  readonly topic_id: string;
  readonly state_id: number;
  readonly at: number;
  readonly reason: string | null;
  readonly error_code: string | null;
}

const ofResource = `INNER JOIN {resource_enrollment} e ON e.enrollment_id = s.enrollment_id
  WHERE (e.resource_id = :resourceId OR e.user_resource_id = :resourceId)`;

const facet = (topic: number, name: string): string => `
  SELECT s.enrollment_id, ${topic} AS topic_type, s.deployment_id AS topic_id, s.${name}_state AS state_id,
    s.${name}_at AS at, ${name === 'enforcement' ? 's.reason, s.error_code' : 'NULL AS reason, NULL AS error_code'}
  FROM {deployment_state} s ${ofResource} AND s.${name}_state IS NOT NULL`;

/** Topic 301 first: PostgreSQL takes the types of the columns from it. */
const STATES = `SELECT x.*, LOWER(x.topic_id) AS topic_id_folded, LOWER(x.enrollment_id) AS enrollment_id_folded FROM (
  ${facet(stateTopics.assignmentEnforcement, 'enforcement')}
  UNION ALL ${facet(stateTopics.assignmentCompliance, 'compliance')}
  UNION ALL ${facet(stateTopics.assignmentEvaluation, 'evaluation')}
  UNION ALL SELECT s.enrollment_id, ${stateTopics.ciCompliance} AS topic_type,
    CONCAT(s.deployment_id, '/', s.ci_id) AS topic_id, s.state AS state_id, s.at, s.reason, s.error_code
    FROM {deployment_item_state} s ${ofResource} AND s.state >= 0
  UNION ALL SELECT s.enrollment_id, s.topic_type, s.topic_id, s.state_id, s.at, s.reason, s.error_code
    FROM {state_message} s ${ofResource} AND s.is_gone = 0) AS x`;

const stateModel: ClassModel = {
  name: 'StateMessage',
  table: 'state_message',
  keyColumn: 'enrollment_id',
  single: false,
  properties: [
    { name: 'topicType', type: 'integer', column: 'topic_type' },
    { name: 'topicId', type: 'text', column: 'topic_id', foldedColumn: 'topic_id_folded' },
    { name: 'enrollmentId', type: 'text', column: 'enrollment_id', foldedColumn: 'enrollment_id_folded' },
    { name: 'stateId', type: 'integer', column: 'state_id' },
    { name: 'at', type: 'time', column: 'at' },
  ],
};

const toState = (row: StateRow): StoredState => ({
  enrollmentId: row.enrollment_id,
  topicType: row.topic_type as StoredState['topicType'],
  topicId: row.topic_id,
  stateId: row.state_id,
  stateName: stateNameOf(row.topic_type, row.state_id),
  at: row.at,
  reason: row.reason,
  errorCode: row.error_code,
});
