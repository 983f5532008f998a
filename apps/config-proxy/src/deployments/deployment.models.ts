import type { ClassModel, PropertyModel } from '@espalier/conditions';

/** Text that is lower case as it is: ids and words of ours. */
const word = (name: string, column: string): PropertyModel => ({
  name,
  type: 'text',
  column,
  foldedColumn: column,
});
const text = (name: string, column: string): PropertyModel => ({
  name,
  type: 'text',
  column,
  foldedColumn: `${column}_folded`,
});
const integer = (name: string, column: string): PropertyModel => ({ name, type: 'integer', column });
const flag = (name: string, column: string): PropertyModel => ({ name, type: 'flag', column });
const time = (name: string, column: string): PropertyModel => ({ name, type: 'time', column });

/** What lists of deployments can be filtered and ordered by. */
export const deploymentModel: ClassModel = {
  name: 'Deployment',
  table: 'deployment',
  keyColumn: 'id',
  single: true,
  properties: [
    word('id', 'id'),
    integer('assignmentId', 'assignment_id'),
    text('name', 'name'),
    word('thingKind', 'thing_kind'),
    word('thingId', 'thing_id'),
    text('thingName', 'thing_name'),
    text('collectionId', 'collection_id'),
    text('collectionName', 'collection_name'),
    word('intent', 'intent'),
    word('action', 'action'),
    flag('enabled', 'is_enabled'),
    time('startAt', 'start_at'),
    time('deadlineAt', 'deadline_at'),
    integer('priority', 'priority'),
    integer('version', 'version'),
    time('createdAt', 'created_at'),
    time('changedAt', 'changed_at'),
    integer('success', 'success'),
    integer('inProgress', 'in_progress'),
    integer('requirementsNotMet', 'requirements_not_met'),
    integer('error', 'failed'),
  ],
};

/** What the history of deployments can be filtered and ordered by. */
export const versionModel: ClassModel = {
  name: 'DeploymentVersion',
  table: 'deployment_version',
  keyColumn: 'deployment_id',
  single: false,
  properties: [
    word('deploymentId', 'deployment_id'),
    integer('version', 'version'),
    word('change', 'change'),
    time('fromAt', 'from_at'),
    time('untilAt', 'until_at'),
    text('name', 'name'),
    word('thingKind', 'thing_kind'),
    word('thingId', 'thing_id'),
    text('collectionId', 'collection_id'),
  ],
};

/** What the devices of a deployment can be filtered and ordered by. */
export const deviceModel: ClassModel = {
  name: 'DeploymentDevice',
  table: 'deployment_state',
  keyColumn: 'resource_id',
  single: false,
  properties: [
    integer('resourceId', 'resource_id'),
    text('name', 'name'),
    word('enrollmentKey', 'enrollment_key'),
    integer('complianceState', 'compliance_state'),
    integer('enforcementState', 'enforcement_state'),
    text('errorCode', 'error_code'),
    time('updatedAt', 'updated_at'),
    time('targetedAt', 'targeted_at'),
    time('queuedAt', 'queued_at'),
    time('pushedAt', 'pushed_at'),
    time('fetchedAt', 'fetched_at'),
    time('acknowledgedAt', 'acknowledged_at'),
    time('verifiedAt', 'verified_at'),
  ],
};
