import {
  assetStatusIds,
  complianceStates,
  enforcementStates,
  stateTopics,
  type StateMessage,
} from '@espalier/contracts';

/** A row of `deployment_state`: how one enrolment stands with one deployment, from the topics 300, 301 and 302. */
export interface DeploymentStateRow {
  readonly deployment_id: string;
  readonly enrollment_id: string;
  /** ConfigMgr's asset status; 0 where every topic is gone. */
  readonly status: number;
  readonly compliance_state: number | null;
  readonly compliance_sequence: number | null;
  readonly compliance_at: number | null;
  readonly enforcement_state: number | null;
  readonly enforcement_sequence: number | null;
  readonly enforcement_at: number | null;
  readonly evaluation_state: number | null;
  readonly evaluation_sequence: number | null;
  readonly evaluation_at: number | null;
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
  readonly updated_at: number;
}

/** Every column of `deployment_state` in the order of the table's meaning, with its type. */
export const deploymentStateColumns = {
  deployment_id: 'text',
  enrollment_id: 'text',
  status: 'integer',
  compliance_state: 'integer',
  compliance_sequence: 'integer',
  compliance_at: 'integer',
  enforcement_state: 'integer',
  enforcement_sequence: 'integer',
  enforcement_at: 'integer',
  evaluation_state: 'integer',
  evaluation_sequence: 'integer',
  evaluation_at: 'integer',
  reason: 'text',
  error_code: 'text',
  command_id: 'text',
  targeted_at: 'integer',
  evaluated_at: 'integer',
  queued_at: 'integer',
  pushed_at: 'integer',
  fetched_at: 'integer',
  acknowledged_at: 'integer',
  verified_at: 'integer',
  updated_at: 'integer',
} as const satisfies Record<keyof DeploymentStateRow, 'text' | 'integer'>;

const facetOfTopic: Readonly<Record<number, 'compliance' | 'enforcement' | 'evaluation'>> = {
  [stateTopics.assignmentCompliance]: 'compliance',
  [stateTopics.assignmentEnforcement]: 'enforcement',
  [stateTopics.assignmentEvaluation]: 'evaluation',
};

/** True for the topics that tell of a deployment as a whole. */
export const isDeploymentTopic = (topicType: number): boolean => topicType in facetOfTopic;

/**
 * The row with a message applied, or the row itself where the message is older than what it knows of the topic. The
 * order in which messages arrive makes no difference.
 */
export function applyToDeploymentState(row: DeploymentStateRow, message: StateMessage): DeploymentStateRow {
  const facet = facetOfTopic[message.topicType];
  if (facet === undefined) return row;
  const known = row[`${facet}_sequence`];
  if (known !== null && message.sequence <= known) return row;
  const changed: DeploymentStateRow = {
    ...row,
    [`${facet}_state`]: message.gone === true ? null : message.stateId,
    [`${facet}_sequence`]: message.sequence,
    [`${facet}_at`]: message.at,
    ...(facet === 'enforcement' && detailsOf(message)),
  };
  return { ...changed, status: assetStatusOf(changed) };
}

/** Text as every database stores it: PostgreSQL has no NUL and no half of a surrogate pair. */
export const storableText = (text: string | undefined): string | null =>
  text === undefined ? null : text.replaceAll('\0', '').toWellFormed();

/** How far it came, and why no further: what was done is topic 301's to tell. */
const detailsOf = ({ reason, errorCode, commandId, steps }: StateMessage): Partial<DeploymentStateRow> => ({
  reason: storableText(reason),
  error_code: storableText(errorCode),
  command_id: commandId ?? null,
  targeted_at: steps?.targetedAt ?? null,
  evaluated_at: steps?.evaluatedAt ?? null,
  queued_at: steps?.queuedAt ?? null,
  pushed_at: steps?.pushedAt ?? null,
  fetched_at: steps?.fetchedAt ?? null,
  acknowledged_at: steps?.acknowledgedAt ?? null,
  verified_at: steps?.verifiedAt ?? null,
});

type Facets = Pick<DeploymentStateRow, 'compliance_state' | 'enforcement_state' | 'evaluation_state'>;

/**
 * ConfigMgr's asset status. What the device verifiably has (topic 300) counts more than what was done to it (301): an
 * acknowledged command alone is no success where compliance says otherwise.
 */
export function assetStatusOf({ compliance_state, enforcement_state, evaluation_state }: Facets): number {
  if (compliance_state === null && enforcement_state === null && evaluation_state === null) return 0;
  const { compliant, nonCompliant, conflict, error } = complianceStates;
  if (compliance_state === compliant) return assetStatusIds.success;
  if (enforcement_state === enforcementStates.failed) return assetStatusIds.error;
  // Also of a deployment that lost a conflict: nothing went wrong on the device.
  if (enforcement_state === enforcementStates.requirementsNotMet)
    return assetStatusIds['requirements-not-met'];
  if (compliance_state === conflict || compliance_state === error) return assetStatusIds.error;
  if (compliance_state === nonCompliant) return assetStatusIds['in-progress'];
  if (enforcement_state === enforcementStates.succeeded) return assetStatusIds.success;
  const idle = enforcement_state === null || enforcement_state === enforcementStates.unknown;
  return idle ? assetStatusIds.unknown : assetStatusIds['in-progress'];
}

/** Before the first message. */
export const emptyDeploymentState = (deployment_id: string, enrollment_id: string): DeploymentStateRow => ({
  deployment_id,
  enrollment_id,
  status: 0,
  compliance_state: null,
  compliance_sequence: null,
  compliance_at: null,
  enforcement_state: null,
  enforcement_sequence: null,
  enforcement_at: null,
  evaluation_state: null,
  evaluation_sequence: null,
  evaluation_at: null,
  reason: null,
  error_code: null,
  command_id: null,
  targeted_at: null,
  evaluated_at: null,
  queued_at: null,
  pushed_at: null,
  fetched_at: null,
  acknowledged_at: null,
  verified_at: null,
  updated_at: 0,
});
