import {
  defineClass,
  array,
  flag,
  folded,
  IN_REACH,
  integer,
  number01,
  text,
  time,
  word,
  type AdminClass,
  type PropertySpec,
} from '../class.model.js';

/** Deployments with what they deploy, where to, and how devices stand. */
const DEPLOYMENTS = `{deployment} AS d
  INNER JOIN {collection} AS c ON c.collection_id = d.collection_id
  INNER JOIN {deployment_summary} AS s ON s.deployment_id = d.id
  INNER JOIN {library_thing} AS t ON t.id = d.thing_id`;

/** Of a user collection every enrolment of a member counts, and a member without one as well. */
const TARGETED = `CASE WHEN c.kind = 'user' THEN (SELECT COUNT(*) FROM {collection_member} m
    LEFT JOIN {resource_enrollment} e ON e.user_resource_id = m.resource_id AND e.is_active = 1
    WHERE m.collection_id = d.collection_id) ELSE c.member_count END`;
const HEARD = '(s.success + s.in_progress + s.requirements_not_met + s.failed)';

const counted = { kind: 'collection', column: 'd.collection_id' } as const;

/** What of the library a class shows. The site code has three letters or digits. */
function thingProperties(siteCode: string, model: string): PropertySpec[] {
  const name = `CONCAT('ScopeId_${siteCode}/${model}_', t.id)`;
  return [
    integer('CI_ID', 't.number'),
    text('ModelName', name),
    text('CI_UniqueID', `CONCAT(${name}, '/', t.revision)`),
    word('ObjectGuid', 't.id'),
    integer('CIVersion', 't.revision'),
    integer('SDMPackageVersion', 't.revision'),
    folded('LocalizedDisplayName', 't.name'),
    text('LocalizedDescription', 't.description'),
    flag('IsEnabled', '1'),
    flag('IsLatest', '1'),
    flag('IsExpired', '0'),
    flag('IsHidden', '0'),
    flag(
      'IsDeployed',
      `CASE WHEN EXISTS (SELECT 1 FROM {deployment} AS d WHERE d.thing_id = t.id AND ${IN_REACH}) THEN 1 ELSE 0 END`,
    ),
    integer(
      'NumberOfDeployments',
      `(SELECT COUNT(*) FROM {deployment} AS d WHERE d.thing_id = t.id AND ${IN_REACH})`,
    ),
    text('SourceSite', `'${siteCode}'`),
    time('DateCreated', 't.created_at'),
    time('DateLastModified', 't.changed_at'),
    text('CreatedBy', 't.created_by'),
    text('LastModifiedBy', 't.changed_by'),
  ];
}

const thing = (kind: string) =>
  ({
    keys: ['CI_ID'],
    scope: 'library:read',
    superclass: 'SMS_ConfigurationItemBaseClass',
    from: '{library_thing} AS t',
    where: `t.kind = '${kind}'`,
    subject: { kind: 'everybody', counts: 'd.collection_id' },
  }) as const;

function assignment(name: string, kinds: string, type: number, siteCode: string): AdminClass {
  return defineClass({
    name,
    superclass: 'SMS_CIAssignmentBaseClass',
    keys: ['AssignmentID'],
    scope: 'deployments:read',
    from: DEPLOYMENTS,
    where: `d.thing_kind IN (${kinds})`,
    subject: counted,
    properties: [
      integer('AssignmentID', 'd.assignment_id'),
      word('AssignmentUniqueID', 'd.id'),
      folded('AssignmentName', 'd.name'),
      text('AssignmentDescription', 'd.comment'),
      integer('AssignmentType', String(type)),
      // 1 detect, 2 apply.
      integer('AssignmentAction', '2'),
      folded('ApplicationName', 'd.thing_name'),
      integer('AssignedCI', 't.number'),
      array('AssignedCIs', 'Edm.Int32', { reads: ['AssignedCI'], read: ({ AssignedCI }) => [AssignedCI] }),
      text('TargetCollectionID', 'd.collection_id'),
      folded('CollectionName', 'c.name'),
      // 1 install, 2 uninstall.
      integer('DesiredConfigType', "CASE WHEN d.action = 'uninstall' THEN 2 ELSE 1 END"),
      // 0 required, 2 available.
      integer('OfferTypeID', "CASE WHEN d.intent = 'required' THEN 0 ELSE 2 END"),
      flag('Enabled', 'd.is_enabled'),
      flag('NotifyUser', 'd.notify'),
      flag('OverrideServiceWindows', 'd.override_windows'),
      flag('UseGMTTimes', 'CASE WHEN d.is_local_time = 1 THEN 0 ELSE 1 END'),
      integer('Priority', 'd.priority'),
      time('StartTime', 'd.start_at'),
      time('EnforcementDeadline', 'd.deadline_at'),
      time('CreationTime', 'd.created_at'),
      time('LastModificationTime', 'd.changed_at'),
      text('LastModifiedBy', 'd.changed_by'),
      text('SourceSite', `'${siteCode}'`),
    ],
  });
}

const summaryClass = defineClass({
  name: 'SMS_DeploymentSummary',
  keys: ['DeploymentID'],
  scope: 'deployments:read',
  from: DEPLOYMENTS,
  subject: counted,
  properties: [
    word('DeploymentID', 'd.id'),
    integer('AssignmentID', 'd.assignment_id'),
    folded('ApplicationName', 'd.thing_name'),
    folded('SoftwareName', 'd.thing_name'),
    folded('DeploymentName', 'd.name'),
    integer('CI_ID', 't.number'),
    text('CollectionID', 'd.collection_id'),
    folded('CollectionName', 'c.name'),
    integer('CollectionType', "CASE WHEN c.kind = 'user' THEN 1 ELSE 2 END"),
    // 1 application, 2 package, 6 baseline.
    integer('FeatureType', "CASE d.thing_kind WHEN 'application' THEN 1 WHEN 'package' THEN 2 ELSE 6 END"),
    integer('DesiredConfigType', "CASE WHEN d.action = 'uninstall' THEN 2 ELSE 1 END"),
    integer('DeploymentIntent', "CASE WHEN d.intent = 'required' THEN 1 ELSE 2 END"),
    number01('Enabled', 'd.is_enabled'),
    integer('NumberSuccess', 's.success'),
    integer('NumberInProgress', 's.in_progress'),
    integer('NumberErrors', 's.failed'),
    integer('NumberOther', 's.requirements_not_met'),
    // Devices that left the collection count until they have reported the thing gone.
    integer('NumberTargeted', `CASE WHEN ${TARGETED} < ${HEARD} THEN ${HEARD} ELSE ${TARGETED} END`),
    integer('NumberUnknown', `CASE WHEN ${TARGETED} < ${HEARD} THEN 0 ELSE ${TARGETED} - ${HEARD} END`),
    time('DeploymentTime', 'd.start_at'),
    time('EnforcementDeadline', 'd.deadline_at'),
    time('CreationTime', 'd.created_at'),
    time('ModificationTime', 'd.changed_at'),
  ],
});

const COUNTS = `{library_thing} AS t LEFT JOIN (
    SELECT d.thing_id, COUNT(*) AS assigned, SUM(s.success) AS success, SUM(s.failed) AS failed,
      SUM(s.in_progress + s.requirements_not_met) AS other
    FROM {deployment} AS d INNER JOIN {deployment_summary} AS s ON s.deployment_id = d.id
    WHERE ${IN_REACH} GROUP BY d.thing_id
  ) AS n ON n.thing_id = t.id`;

/** Applications, baselines, configuration items, and their deployments. */
export function libraryClasses(siteCode: string): readonly AdminClass[] {
  const application = defineClass({
    ...thing('application'),
    name: 'SMS_Application',
    properties: [
      ...thingProperties(siteCode, 'Application'),
      text('Manufacturer', 't.publisher'),
      text('SoftwareVersion', 't.software_version'),
      integer('NumberOfDeploymentTypes', '1'),
    ],
  });
  const item = defineClass({
    ...thing('configuration-item'),
    name: 'SMS_ConfigurationItem',
    properties: [
      ...thingProperties(siteCode, 'ConfigurationItem'),
      // 3 operating system settings.
      integer('CIType_ID', '3'),
      word('ContentKind', 't.made_of'),
      text('Identifier', 't.identifier'),
    ],
  });
  const baseline = defineClass({
    ...thing('baseline'),
    name: 'SMS_ConfigurationBaselineInfo',
    from: COUNTS,
    properties: [
      ...thingProperties(siteCode, 'Baseline'),
      // 2 baseline.
      integer('CIType_ID', '2'),
      integer('AssignedCount', 'COALESCE(n.assigned, 0)'),
      integer('ComplianceCount', 'COALESCE(n.success, 0)'),
      integer('NonComplianceCount', 'COALESCE(n.other, 0)'),
      integer('FailureCount', 'COALESCE(n.failed, 0)'),
      integer(
        'CompliantPercentage',
        `CASE WHEN COALESCE(n.success + n.other + n.failed, 0) = 0 THEN 0
          ELSE n.success * 100 / (n.success + n.other + n.failed) END`,
      ),
    ],
  });
  return [
    application,
    assignment('SMS_ApplicationAssignment', "'application'", 2, siteCode),
    assignment('SMS_BaselineAssignment', "'baseline', 'configuration-item'", 0, siteCode),
    item,
    baseline,
    summaryClass,
  ];
}
