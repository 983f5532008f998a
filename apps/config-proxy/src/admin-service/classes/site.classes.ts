import { defineClass, derived, folded, integer, text, time, word, type AdminClass } from '../class.model.js';

/** What scripts look at before they use what newer sites have: 2403. */
const BUILD = 9128;

/** SMS_Site: one row. Its server is whatever name the caller reached it by. */
export const siteClass = (siteCode: string): AdminClass =>
  defineClass({
    name: 'SMS_Site',
    keys: ['SiteCode'],
    scope: 'any',
    from: '(SELECT 1 AS one) AS site',
    subject: { kind: 'everybody' },
    properties: [
      text('SiteCode', `'${siteCode}'`),
      text('SiteName', `'${siteCode}'`),
      text('ReportingSiteCode', "''"),
      text('Version', `'5.00.${BUILD}.1000'`),
      integer('BuildNumber', String(BUILD)),
      // 2 primary site, 1 active, 0 normal mode.
      integer('Type', '2'),
      integer('Status', '1'),
      integer('Mode', '0'),
      integer('RequestedStatus', '110'),
      derived('ServerName', 'Edm.String', [], ({ server }) => server),
    ],
  });

const count = (states: string): string =>
  `(SELECT COUNT(*) FROM {client_task} AS t WHERE t.operation_id = k.id${states})`;
const OPEN = "AND t.state IN ('waiting', 'fetched')";
/**
 * Jobs that ask devices by MDM, and what Mac clients do; of devices that were named as ConfigMgr has it, of All Systems.
 * State: 0 waiting, 1 at work, 2 done, 3 failed, 4 cancelled.
 */
const OPERATIONS = `(
    SELECT p.operation_id, p.type, p.collection_id, p.job_id, j.total, j.done - j.failed AS completed, j.failed,
      CASE j.state WHEN 'queued' THEN 0 WHEN 'running' THEN 1 WHEN 'succeeded' THEN 2 WHEN 'failed' THEN 3 ELSE 4 END
        AS state,
      j.created_at, j.created_by, j.started_at, COALESCE(j.finished_at, j.started_at) AS updated_at
    FROM {client_operation} AS p INNER JOIN {job} AS j ON j.id = p.job_id
    UNION ALL
    SELECT k.id, 135, COALESCE(k.collection_id, 'SMS00001'), k.job_id, ${count('')},
      ${count(" AND t.state = 'succeeded'")}, ${count(" AND t.state NOT IN ('waiting', 'fetched', 'succeeded')")},
      CASE WHEN k.cancelled_at IS NOT NULL THEN 4
        WHEN EXISTS (SELECT 1 FROM {client_task} AS t WHERE t.operation_id = k.id ${OPEN}) THEN 1
        WHEN EXISTS (SELECT 1 FROM {job} AS j WHERE j.id = k.job_id AND j.is_open = 1) THEN 0 ELSE 2 END,
      k.requested_at, k.requested_by, k.requested_at,
      COALESCE((SELECT MAX(t.finished_at) FROM {client_task} AS t WHERE t.operation_id = k.id), k.requested_at)
    FROM {task_operation} AS k
  ) AS o LEFT JOIN {collection} AS c ON c.collection_id = o.collection_id`;

/** SMS_ClientOperation and SMS_ClientOperationStatus: what was asked of clients, and how far it is. */
export const operationClasses: readonly AdminClass[] = [
  defineClass({
    name: 'SMS_ClientOperation',
    keys: ['ID'],
    scope: 'devices:read',
    from: OPERATIONS,
    subject: { kind: 'collection', column: 'o.collection_id' },
    methods: [
      {
        name: 'InitiateClientOperation',
        kind: 'action',
        isStatic: true,
        aliases: ['InitiateClientOperationEx'],
        parameters: [
          { name: 'Type', type: 'Edm.Int32' },
          { name: 'TargetCollectionID', type: 'Edm.String' },
          { name: 'RandomizationWindow', type: 'Edm.Int32' },
          { name: 'TargetResourceIDs', type: 'Edm.Int32', isCollection: true },
          { name: 'Param', type: 'Edm.String', isOptional: true },
        ],
      },
    ],
    properties: [
      integer('ID', 'o.operation_id'),
      integer('Type', 'o.type'),
      text('TargetCollectionID', 'o.collection_id'),
      folded('CollectionName', 'c.name'),
      integer('State', 'o.state'),
      integer('TotalClients', 'o.total'),
      integer('CompletedClients', 'o.completed'),
      integer('FailedClients', 'o.failed'),
      word('JobID', 'o.job_id'),
      time('RequestedTime', 'o.created_at'),
      text('RequestedBy', 'o.created_by'),
    ],
  }),
  defineClass({
    name: 'SMS_ClientOperationStatus',
    keys: ['ID'],
    scope: 'devices:read',
    from: OPERATIONS,
    subject: { kind: 'collection', column: 'o.collection_id' },
    properties: [
      integer('ID', 'o.operation_id'),
      integer('Type', 'o.type'),
      text('CollectionID', 'o.collection_id'),
      integer('State', 'o.state'),
      integer('TotalClients', 'o.total'),
      integer('CompletedClients', 'o.completed'),
      integer('FailedClients', 'o.failed'),
      time('RequestedTime', 'o.created_at'),
      time('StartTime', 'o.started_at'),
      time('LastUpdateTime', 'o.updated_at'),
    ],
  }),
];

const guid = word('CIGUID', 't.id');

/** `v1.0/Application`: by the GUID of the application. */
export const applicationEntity = defineClass({
  name: 'Application',
  keys: ['CIGUID'],
  scope: 'library:read',
  from: '{library_thing} AS t',
  where: "t.kind = 'application'",
  subject: { kind: 'everybody' },
  methods: [
    {
      name: 'InstallApplication',
      kind: 'action',
      parameters: [
        { name: 'Devices', type: 'Edm.String', isCollection: true },
        { name: 'InstallationType', type: 'Edm.Int32' },
      ],
      returns: { type: { complex: 'ClientOperation' } },
    },
  ],
  properties: [
    { ...guid, property: { ...guid.property, type: 'Edm.Guid' } },
    integer('CI_ID', 't.number'),
    folded('Name', 't.name'),
    text('Manufacturer', 't.publisher'),
    text('SoftwareVersion', 't.software_version'),
  ],
});
