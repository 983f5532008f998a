import type {
  Deployment,
  DeploymentCounts,
  DeploymentDetail,
  DeploymentSettings,
  LibraryKind,
  PolicyDeployment,
  PolicyItem,
} from '@espalier/contracts';

/** A deployment as it is stored. */
export interface StoredDeployment {
  readonly id: string;
  readonly assignmentId: number;
  readonly thingKind: LibraryKind;
  readonly thingId: string;
  readonly thingName: string;
  readonly collectionId: string;
  readonly settings: DeploymentSettings;
  readonly deployedRevision: number;
  readonly items: readonly PolicyItem[];
  readonly version: number;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly changedAt: number;
  readonly changedBy: string;
}

/** A row of `deployment`. */
export interface DeploymentRow {
  readonly id: string;
  readonly assignment_id: number;
  readonly name: string;
  readonly comment: string;
  readonly thing_kind: string;
  readonly thing_id: string;
  readonly thing_name: string;
  readonly revision: number | null;
  readonly deployed_revision: number;
  readonly collection_id: string;
  readonly intent: string;
  readonly action: string;
  readonly is_enabled: number;
  readonly start_at: number;
  readonly deadline_at: number | null;
  readonly is_local_time: number;
  readonly priority: number;
  readonly override_windows: number;
  readonly notify: number;
  readonly items: string;
  readonly version: number;
  readonly created_at: number;
  readonly created_by: string;
  readonly changed_at: number;
  readonly changed_by: string;
}

/** What is read beside the row for people: its collection and its counters. */
export interface CountedRow extends DeploymentRow {
  readonly collection_name: string;
  readonly targeted: number;
  readonly success: number;
  readonly in_progress: number;
  readonly requirements_not_met: number;
  readonly failed: number;
}

const settingsOf = (row: DeploymentRow): DeploymentSettings => ({
  name: row.name,
  comment: row.comment,
  intent: row.intent as DeploymentSettings['intent'],
  action: row.action as DeploymentSettings['action'],
  enabled: row.is_enabled === 1,
  startAt: row.start_at,
  deadlineAt: row.deadline_at,
  localTime: row.is_local_time === 1,
  priority: row.priority,
  overrideWindows: row.override_windows === 1,
  notify: row.notify === 1,
  revision: row.revision,
});

export const toStored = (row: DeploymentRow): StoredDeployment => ({
  id: row.id,
  assignmentId: row.assignment_id,
  thingKind: row.thing_kind as LibraryKind,
  thingId: row.thing_id,
  thingName: row.thing_name,
  collectionId: row.collection_id,
  settings: settingsOf(row),
  deployedRevision: row.deployed_revision,
  items: JSON.parse(row.items) as PolicyItem[],
  version: row.version,
  createdAt: row.created_at,
  createdBy: row.created_by,
  changedAt: row.changed_at,
  changedBy: row.changed_by,
});

export function toPolicy(stored: StoredDeployment): PolicyDeployment {
  const { id, version, collectionId, createdAt, items, settings } = stored;
  const { name, intent, action, enabled, startAt, deadlineAt, localTime, priority, overrideWindows } =
    settings;
  return {
    id,
    version,
    name,
    collectionId,
    intent,
    action,
    enabled,
    startAt,
    deadlineAt,
    localTime,
    priority,
    overrideWindows,
    createdAt,
    items: [...items],
  };
}

export function countsOf(row: Omit<CountedRow, keyof DeploymentRow | 'collection_name'>): DeploymentCounts {
  const { targeted, success, in_progress, requirements_not_met, failed } = row;
  const heard = success + in_progress + requirements_not_met + failed;
  return {
    // Devices that left the collection count until they have reported the thing gone.
    targeted: Math.max(targeted, heard),
    success,
    inProgress: in_progress,
    requirementsNotMet: requirements_not_met,
    error: failed,
    unknown: Math.max(0, targeted - heard),
  };
}

export function toDeployment(row: CountedRow): Deployment {
  const { settings, items: _items, ...stored } = toStored(row);
  return { ...stored, ...settings, collectionName: row.collection_name, counts: countsOf(row) };
}

export const toDetail = (row: CountedRow): DeploymentDetail => ({
  ...toDeployment(row),
  items: JSON.parse(row.items) as PolicyItem[],
});
