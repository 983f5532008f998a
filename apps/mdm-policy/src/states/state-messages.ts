import { hash } from 'node:crypto';
import {
  complianceStates,
  enforcementStates,
  evaluationStates,
  stateTopics,
  type PolicyDecision,
  type PolicySteps,
  type StateMessage,
} from '@espalier/contracts';
import type { Decision } from '../planner/planner.types.js';
import { worstOf } from './outcome.js';

/** What is said of one topic, before it is known whether that is news. */
type Saying = Pick<StateMessage, 'topicType' | 'topicId' | 'stateId'> &
  Partial<Pick<StateMessage, 'reason' | 'errorCode' | 'commandId' | 'steps'>>;

/** Digest of what was last said, by topic. */
export type Told = Readonly<Record<string, string>>;

export interface Report {
  readonly messages: readonly StateMessage[];
  readonly told: Told;
}

const COMPLIANCE: Readonly<Record<PolicyDecision['state'], number>> = {
  verified: complianceStates.compliant,
  waiting: complianceStates.nonCompliant,
  planned: complianceStates.nonCompliant,
  queued: complianceStates.nonCompliant,
  acknowledged: complianceStates.nonCompliant,
  lost: complianceStates.conflict,
  failed: complianceStates.error,
  unsupported: complianceStates.unknown,
  available: complianceStates.unknown,
  disabled: complianceStates.unknown,
};

/** Topic 301. A loser's requirement that nobody outranks it is not met. */
const ENFORCEMENT: Readonly<Record<PolicyDecision['state'], number>> = {
  verified: enforcementStates.succeeded,
  waiting: enforcementStates.started,
  planned: enforcementStates.started,
  queued: enforcementStates.waitingForDevice,
  acknowledged: enforcementStates.waitingForDevice,
  lost: enforcementStates.requirementsNotMet,
  failed: enforcementStates.failed,
  unsupported: enforcementStates.requirementsNotMet,
  available: enforcementStates.unknown,
  disabled: enforcementStates.unknown,
};

/** Where a decision waits, the rule says for what. */
const WAITING: Readonly<Record<string, number>> = {
  window: enforcementStates.waitingForWindow,
  start: enforcementStates.waitingForDeadline,
  deadline: enforcementStates.waitingForDeadline,
  facts: enforcementStates.waitingForDevice,
  inventory: enforcementStates.waitingForDevice,
};

const LONGEST_REASON = 1_000;
const LONGEST_ERROR_CODE = 128;

function enforcementOf({ state, rule }: Decision): number {
  return (state === 'waiting' ? WAITING[rule] : undefined) ?? ENFORCEMENT[state];
}

/**
 * The state messages of one deployment on one enrolment that are news: what was told before is not told again.
 * `sequence` must be greater than that of every earlier message of the enrolment.
 */
export function reportStates(
  subject: { readonly enrollmentId: string; readonly deploymentId: string },
  decisions: readonly Decision[],
  told: Told,
  now: { readonly at: number; readonly sequence: number },
): Report {
  const sayings = sayingsOf(subject.deploymentId, decisions);
  const digests = Object.fromEntries(sayings.map((saying) => [topicOf(saying), digestOf(saying)]));
  const news = sayings
    .filter((saying) => told[topicOf(saying)] !== digests[topicOf(saying)])
    .map((saying) => ({ enrollmentId: subject.enrollmentId, ...now, ...saying }));
  const gone = Object.keys(told)
    .filter((topic) => !(topic in digests))
    .map((topic) => goneMessage(subject, topic, now));
  return { messages: [...news, ...gone], told: digests };
}

/** Says of every topic that was told of that it is to be forgotten. */
export function reportGone(
  subject: { readonly enrollmentId: string; readonly deploymentId: string },
  told: Told,
  now: { readonly at: number; readonly sequence: number },
): readonly StateMessage[] {
  return Object.keys(told).map((topic) => goneMessage(subject, topic, now));
}

/** Keys of `told`: short, as they are stored for each enrolment. */
const topicOf = ({ topicType, topicId }: Pick<StateMessage, 'topicType' | 'topicId'>): string => {
  const ci = topicId.split('/')[1];
  return ci === undefined ? String(topicType) : `${topicType}/${ci}`;
};

function goneMessage(
  { enrollmentId, deploymentId }: { readonly enrollmentId: string; readonly deploymentId: string },
  topic: string,
  now: { readonly at: number; readonly sequence: number },
): StateMessage {
  const [type, ci] = topic.split('/');
  return {
    enrollmentId,
    ...now,
    topicType: Number(type) as StateMessage['topicType'],
    topicId: ci === undefined ? deploymentId : `${deploymentId}/${ci}`,
    stateId: 0,
    gone: true,
  };
}

function sayingsOf(deploymentId: string, decisions: readonly Decision[]): Saying[] {
  const worst = worstOf(decisions);
  const { assignmentCompliance, assignmentEnforcement, assignmentEvaluation, ciCompliance } = stateTopics;
  return [
    { topicType: assignmentEvaluation, topicId: deploymentId, stateId: evaluationStates.succeeded },
    {
      topicType: assignmentEnforcement,
      topicId: deploymentId,
      stateId: worst === undefined ? enforcementStates.succeeded : enforcementOf(worst),
      ...(worst !== undefined && detailsOf(worst, decisions.length > 1)),
      ...(decisions.length > 0 && { steps: commonSteps(decisions) }),
    },
    {
      topicType: assignmentCompliance,
      topicId: deploymentId,
      stateId: worst === undefined ? complianceStates.compliant : COMPLIANCE[worst.state],
    },
    ...decisions.map((decision) => ({
      topicType: ciCompliance,
      topicId: `${deploymentId}/${decision.ciId}`,
      stateId: COMPLIANCE[decision.state],
      ...(NEEDS_REASON.has(decision.state) && { reason: decision.reason.slice(0, LONGEST_REASON) }),
      ...(decision.errorCode !== null && { errorCode: decision.errorCode.slice(0, LONGEST_ERROR_CODE) }),
    })),
  ];
}

const NEEDS_REASON: ReadonlySet<PolicyDecision['state']> = new Set(['failed', 'lost', 'unsupported']);

function detailsOf(worst: Decision, oneOfMany: boolean): Partial<Saying> {
  const reason = oneOfMany ? `${worst.identifier}: ${worst.reason}` : worst.reason;
  return {
    ...(worst.state !== 'verified' && { reason: reason.slice(0, LONGEST_REASON) }),
    ...(worst.errorCode !== null && { errorCode: worst.errorCode.slice(0, LONGEST_ERROR_CODE) }),
    ...(worst.commandId !== null && { commandId: worst.commandId }),
  };
}

/** A deployment has passed a step when all its items have. */
function commonSteps(decisions: readonly Decision[]): PolicySteps {
  const common = (step: keyof PolicySteps): number | null => {
    let latest = 0;
    for (const { steps } of decisions) {
      const at = steps[step];
      if (at === null) return null;
      latest = Math.max(latest, at);
    }
    return latest;
  };
  return {
    targetedAt: common('targetedAt'),
    evaluatedAt: common('evaluatedAt'),
    queuedAt: common('queuedAt'),
    pushedAt: common('pushedAt'),
    fetchedAt: common('fetchedAt'),
    acknowledgedAt: common('acknowledgedAt'),
    verifiedAt: common('verifiedAt'),
  };
}

const DIGEST_LENGTH = 12;

function digestOf(saying: Saying): string {
  return hash('sha1', JSON.stringify(saying), 'base64url').slice(0, DIGEST_LENGTH);
}
