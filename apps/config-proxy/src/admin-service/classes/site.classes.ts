import {
  defineClass,
  derived,
  folded,
  integer,
  noNumber,
  noText,
  text,
  time,
  word,
  type AdminClass,
} from '../class.model.js';

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
      derived('ServerName', 'Edm.String', ({ server }) => server),
    ],
  });

const OPERATIONS =
  '{client_operation} AS o INNER JOIN {job} AS j ON j.id = o.job_id LEFT JOIN {collection} AS c ON c.collection_id = o.collection_id';
/** 0 waiting, 1 at work, 2 done, 3 failed, 4 cancelled. */
const STATE = `CASE j.state WHEN 'queued' THEN 0 WHEN 'running' THEN 1 WHEN 'succeeded' THEN 2 WHEN 'failed' THEN 3
  ELSE 4 END`;

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
        ],
      },
    ],
    properties: [
      integer('ID', 'o.operation_id'),
      integer('Type', 'o.type'),
      text('TargetCollectionID', 'o.collection_id'),
      folded('CollectionName', 'c.name'),
      integer('State', STATE),
      integer('TotalClients', 'j.total'),
      integer('CompletedClients', 'j.done - j.failed'),
      integer('FailedClients', 'j.failed'),
      word('JobID', 'o.job_id'),
      time('RequestedTime', 'j.created_at'),
      text('RequestedBy', 'j.created_by'),
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
      integer('State', STATE),
      integer('TotalClients', 'j.total'),
      integer('CompletedClients', 'j.done - j.failed'),
      integer('FailedClients', 'j.failed'),
      time('RequestedTime', 'j.created_at'),
      time('StartTime', 'j.started_at'),
      time('LastUpdateTime', 'COALESCE(j.finished_at, j.started_at)'),
    ],
  }),
];

/** SMS_Scripts: none until the Mac client is there, which runs them. */
export const scriptClass = defineClass({
  name: 'SMS_Scripts',
  keys: ['ScriptGuid'],
  scope: 'library:read',
  from: '(SELECT 1 AS one) AS script',
  where: '1 = 0',
  subject: { kind: 'everybody' },
  methods: [
    {
      name: 'CreateScripts',
      kind: 'action',
      isStatic: true,
      parameters: [
        'ScriptName',
        'Author',
        'Script',
        'ScriptType',
        'ScriptVersion',
        'ParamsDefinition',
        'ParameterlistXML',
        'ScriptGuid',
      ].map((name) => ({ name, type: 'Edm.String' as const, isOptional: true })),
    },
    {
      name: 'UpdateApprovalState',
      kind: 'action',
      parameters: ['Approver', 'ApprovalState', 'Comment'].map((name) => ({
        name,
        type: 'Edm.String' as const,
        isOptional: true,
      })),
    },
  ],
  properties: [
    ...noText('ScriptGuid', 'ScriptName', 'Author', 'ScriptVersion', 'Approver', 'Comment'),
    ...noNumber('ApprovalState', 'ScriptType', 'Feature'),
  ],
});

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
