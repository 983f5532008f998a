import type { ExplainLink, PolicyDecision } from '@espalier/contracts';
import { EVALUATE, link, timeText, type ExplainFacts } from './explain.types.js';

/** What the policy decided, or why it has not yet. */
export function policyLink(facts: ExplainFacts): ExplainLink {
  const { policy, decision, deployment, winnerName } = facts;
  if (policy.kind === 'away')
    return link('policy', {
      state: 'waiting',
      text: `${policy.service} does not answer, so what it decided is not known.`,
      mend: `Look whether ${policy.service} runs.`,
      facts: { away: policy.service, why: policy.why },
    });
  if (policy.kind === 'unknown' || !policy.value.known)
    return link('policy', {
      state: 'waiting',
      text: 'The policy has not heard of the enrolment yet.',
      mend: 'Wait some seconds; if it stays so, look whether mdm-policy is connected.',
    });
  const scope = policy.value.inScope.find(({ deploymentId }) => deploymentId === deployment.id);
  if (scope === undefined && decision === undefined)
    return link('policy', {
      state: 'waiting',
      text: 'The policy has not heard yet that the deployment is for this device.',
      mend: 'Wait some seconds; if it stays so, look whether mdm-policy is connected.',
    });
  if (decision === undefined)
    return link('policy', {
      state: 'waiting',
      at: policy.value.dueAt,
      text: 'The policy has not decided yet.',
      mend: EVALUATE,
      facts: { evaluatedAt: policy.value.evaluatedAt, dueAt: policy.value.dueAt },
    });
  return decisionLink(decision, winnerName);
}

function decisionLink(decision: PolicyDecision, winnerName: string | undefined): ExplainLink {
  const { state, rule, reason, nextAt, attempts, identifier, desired, decidedAt, winnerDeploymentId } =
    decision;
  const facts = { state, rule, attempts, identifier, desired, nextAt, winnerDeploymentId };
  const at = decidedAt;
  switch (state) {
    case 'waiting':
      return link('policy', {
        state: 'waiting',
        at,
        by: rule,
        text: waitText(rule, reason, nextAt),
        ...mendOf(rule),
        facts,
      });
    case 'lost':
      return link('policy', {
        state: 'lost',
        at,
        by: winnerName === undefined ? rule : `the deployment "${winnerName}"`,
        text: `Another deployment has the say over ${identifier}. ${reason}`,
        mend: 'Raise the priority of this deployment, or end the other one.',
        facts,
      });
    case 'unsupported':
      return link('policy', {
        state: 'missing',
        at,
        by: rule,
        text: reason,
        mend: 'Deploy something that the device can carry out.',
        facts,
      });
    case 'disabled':
    case 'available':
      return link('policy', { state: 'missing', at, by: rule, text: reason, facts });
    default:
      return link('policy', {
        state: 'ok',
        // It is asked anew for each explanation, and answers what it would decide now.
        at: decision.steps.evaluatedAt ?? at,
        by: rule,
        text: `The policy wants ${identifier} ${desired}${attempts > 1 ? `: attempt ${attempts}` : ''}.`,
        facts,
      });
  }
}

const WAITS: Readonly<Record<string, string>> = {
  window: 'It waits for its maintenance window',
  deadline: 'It waits for its deadline',
  start: 'The deployment has not started on this device',
  'back-off': 'It was changed on the device or failed, and is mended after a pause',
};

function waitText(rule: string, reason: string, nextAt: number | null): string {
  const known = WAITS[rule];
  if (known === undefined) return nextAt === null ? reason : `${reason} Next look at ${timeText(nextAt)}.`;
  if (nextAt === null) return `${known}: ${reason}`;
  // What it waits for is said here, with the time; what the policy adds to that is kept.
  const more = reason.replace(/^[^.]*\./, '');
  return `${known}${rule === 'window' ? ', which opens at' : ':'} ${timeText(nextAt)}.${more}`;
}

const MENDS: Readonly<Record<string, string>> = {
  window: 'Wait, open a maintenance window now, or let the deployment override windows.',
  deadline: 'Wait, or set an earlier deadline.',
  start: 'Wait, or let the deployment start earlier.',
  'back-off': 'Wait, or find out what changes it on the device.',
  inventory: 'Wait until the device answers what it has.',
  facts: 'Wait until the device tells what it is.',
};

const mendOf = (rule: string): { mend: string } => ({ mend: MENDS[rule] ?? EVALUATE });
