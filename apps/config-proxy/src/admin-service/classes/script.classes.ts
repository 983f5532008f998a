import type { ClientTaskState } from '@espalier/contracts';
import {
  IN_REACH,
  defineClass,
  folded,
  integer,
  lazy,
  text,
  time,
  word,
  type AdminClass,
} from '../class.model.js';

/** ConfigMgr knows 0; the others are ours. */
export const scriptTypes = { powershell: 0, shell: 1, zsh: 2, python: 3 } as const;

/** ConfigMgr's ScriptExecutionState, and ours behind it; 0: not yet. */
export const executionStates: Readonly<Record<ClientTaskState, number>> = {
  waiting: 0,
  fetched: 0,
  succeeded: 1,
  failed: 2,
  expired: 3,
  cancelled: 4,
  'requirements-not-met': 5,
};

/** Opens the beginning of an output, as it stands in a row. */
export type OpenHead = (taskId: string, sealed: string) => string;

const optional = (name: string) => ({ name, type: 'Edm.String' as const, isOptional: true });
const languages = Object.entries(scriptTypes).map(([language, type]) => `WHEN '${language}' THEN ${type}`);

/** The newest version of each. */
const scripts = {
  keys: ['ScriptGuid'],
  scope: 'scripts:read',
  from: '{script} AS s INNER JOIN {script_version} AS v ON v.script_id = s.id AND v.number = s.current_number',
  subject: { kind: 'everybody' },
  properties: [
    text('ScriptGuid', 'UPPER(s.id)', 's.id'),
    folded('ScriptName', 's.name'),
    text('ScriptVersion', "CONCAT(v.number, '')"),
    integer('ScriptType', `CASE v.language ${languages.join(' ')} END`),
    word('ScriptHash', 'v.sha256'),
    text('ScriptHashAlgorithm', "'SHA256'"),
    text('Author', 'v.author_name'),
    // 0 waiting, 1 denied, 3 approved.
    integer('ApprovalState', 'v.approval_state'),
    text('Approver', 'v.approver_name'),
    text('Comment', 'v.comment'),
    integer('Feature', '0'),
    time('LastUpdateTime', 's.changed_at'),
    lazy('Script', 'Edm.String'),
    lazy('ParamsDefinition', 'Edm.String'),
    lazy('ParameterlistXML', 'Edm.String'),
  ],
} as const satisfies Partial<Parameters<typeof defineClass>[0]>;

/** `v1.0/Script`. */
const scriptEntity = defineClass({ ...scripts, name: 'Script' });

/** SMS_Scripts. */
const scriptClass = defineClass({
  ...scripts,
  name: 'SMS_Scripts',
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
      ].map(optional),
    },
    {
      name: 'UpdateApprovalState',
      kind: 'action',
      parameters: ['Approver', 'ApprovalState', 'Comment'].map(optional),
    },
  ],
});

const ifInReach = (sql: string): string => `CASE WHEN ${IN_REACH} THEN ${sql} END`;

/** Of devices that were named, as ConfigMgr has it. */
const COLLECTION = "COALESCE(o.collection_id, 'SMS00001')";
const WITH_SCRIPT = `LEFT JOIN {script} AS s ON s.id = o.script_id
  LEFT JOIN {collection} AS c ON c.collection_id = ${COLLECTION}`;
const STATE = `CASE t.state ${Object.entries(executionStates)
  .map(([state, number]) => `WHEN '${state}' THEN ${number}`)
  .join(' ')} END`;
const collection = [text('CollectionId', COLLECTION), folded('CollectionName', 'c.name')];
/** To whoever reaches a device but not the collection that the script ran on, it has no name. */
const collectionInReach = [
  text('CollectionId', ifInReach(COLLECTION)),
  text('CollectionName', ifInReach('c.name'), ifInReach('c.name_folded')),
];
const operation = [
  integer('ClientOperationId', 'o.id'),
  text('ScriptGuid', 'UPPER(o.script_id)', 'o.script_id'),
  folded('ScriptName', 's.name'),
  text('ScriptVersion', "CONCAT(o.script_number, '')"),
  word('ScriptHash', 'o.sha256'),
];
const count = (states: string): string =>
  `(SELECT COUNT(*) FROM {client_task} AS t WHERE t.operation_id = o.id${states})`;

/** SMS_ScriptsExecutionTask: what was asked for. SMS_ScriptsExecutionSummary: how often it ended how. */
const ofOperations: readonly AdminClass[] = [
  defineClass({
    name: 'SMS_ScriptsExecutionTask',
    keys: ['ClientOperationId'],
    scope: 'scripts:read',
    from: `{task_operation} AS o ${WITH_SCRIPT}`,
    where: "o.kind = 'run-script'",
    subject: { kind: 'collection', column: COLLECTION },
    properties: [
      ...operation,
      ...collection,
      integer('TotalClients', count('')),
      integer('CompletedClients', count(" AND t.state = 'succeeded'")),
      integer('FailedClients', count(" AND t.state IN ('failed', 'expired', 'cancelled')")),
      integer('NotApplicableClients', count(" AND t.state = 'requirements-not-met'")),
      integer('UnknownClients', count(" AND t.state IN ('waiting', 'fetched')")),
      text('RequestedBy', 'o.requested_by'),
      time('LastUpdateTime', 'o.requested_at'),
    ],
  }),
  defineClass({
    name: 'SMS_ScriptsExecutionSummary',
    keys: ['ClientOperationId', 'ScriptExecutionState', 'ScriptExitCode'],
    scope: 'scripts:read',
    from: `(SELECT t.operation_id, ${STATE} AS execution_state, COALESCE(t.exit_code, -1) AS exit_code, COUNT(*) AS clients,
        MAX(COALESCE(t.finished_at, t.fetched_at, t.created_at)) AS updated_at
      FROM {client_task} AS t GROUP BY t.operation_id, ${STATE}, COALESCE(t.exit_code, -1)) AS n
      INNER JOIN {task_operation} AS o ON o.id = n.operation_id ${WITH_SCRIPT}`,
    where: "o.kind = 'run-script'",
    subject: { kind: 'collection', column: COLLECTION },
    properties: [
      ...operation,
      ...collection,
      integer('ScriptExecutionState', 'n.execution_state'),
      // -1 where there is none.
      integer('ScriptExitCode', 'n.exit_code'),
      integer('Clients', 'n.clients'),
      time('LastUpdateTime', 'n.updated_at'),
    ],
  }),
];

/** SMS_ScriptsExecutionStatus: what came of it on each device. Outputs are cut to 4,096 characters, as in ConfigMgr. */
const statusClass = (name: string, openHead: OpenHead): AdminClass =>
  defineClass({
    name,
    keys: ['TaskID'],
    scope: 'scripts:read',
    from: `{client_task} AS t INNER JOIN {task_operation} AS o ON o.id = t.operation_id
      INNER JOIN {resource} AS r ON r.resource_id = t.device_id ${WITH_SCRIPT}`,
    where: "o.kind = 'run-script'",
    subject: { kind: 'device', column: 't.device_id', counts: COLLECTION },
    properties: [
      ...operation,
      ...collectionInReach,
      word('TaskID', 't.id'),
      integer('ResourceId', 't.device_id'),
      folded('DeviceName', 'r.name'),
      integer('ScriptExecutionState', STATE),
      integer('ScriptExitCode', 't.exit_code'),
      text('ErrorDescription', 't.reason'),
      time('LastUpdateTime', 'COALESCE(t.finished_at, t.fetched_at, t.created_at)'),
      {
        property: {
          name: 'ScriptOutput',
          type: 'Edm.String',
          read: ({ SealedHead: sealed, TaskID }) =>
            typeof sealed === 'string' ? openHead(String(TaskID), sealed) : null,
        },
        columns: [{ name: 'SealedHead', sql: 't.head_sealed' }],
        reads: ['SealedHead', 'TaskID'],
      },
    ],
  });

/** Scripts, and what came of running them. */
export const scriptClasses = (openHead: OpenHead): readonly AdminClass[] => [
  scriptClass,
  ...ofOperations,
  statusClass('SMS_ScriptsExecutionStatus', openHead),
];

/** `v1.0`: the same, under the names that it has there. */
export const scriptEntities = (openHead: OpenHead): readonly AdminClass[] => [
  scriptEntity,
  statusClass('ScriptStatus', openHead),
  statusClass('DeviceScriptRunDetails', openHead),
];
