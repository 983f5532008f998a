import type { Assignment, Decision, ManagedItem } from './planner.types.js';
import type { Step } from './pursue.js';

/** What a decision is about. */
export type DecisionSubject = Pick<
  Decision,
  'deploymentId' | 'ciId' | 'revision' | 'kind' | 'identifier' | 'desired'
>;

/** What was decided. */
export type Outcome = Pick<Step, 'state' | 'rule' | 'reason' | 'nextAt'>;

/** A decision with what was done about it so far. */
export function decisionOf(
  { deploymentId, ciId, revision, kind, identifier, desired }: DecisionSubject,
  { state, rule, reason, nextAt }: Outcome,
  context: {
    readonly memory: ManagedItem | undefined;
    readonly winnerDeploymentId: string | null;
    readonly assignment: Assignment | undefined;
    readonly now: number;
  },
): Decision {
  const { memory, winnerDeploymentId, assignment, now } = context;
  const proven = memory?.phase === 'verified';
  const taken = proven || memory?.phase === 'acknowledged';
  return {
    deploymentId,
    ciId,
    revision,
    kind,
    identifier,
    desired,
    state,
    reason,
    rule,
    winnerDeploymentId,
    decidedAt: now,
    nextAt,
    attempts: memory?.attempts ?? 0,
    commandId: memory?.commandId ?? null,
    lastError: memory?.lastError ?? null,
    errorCode: memory?.errorCode ?? null,
    steps: {
      targetedAt: assignment?.targetedAt ?? null,
      evaluatedAt: assignment?.evaluatedAt ?? now,
      queuedAt: memory?.queuedAt ?? null,
      pushedAt: memory?.pushedAt ?? null,
      fetchedAt: memory?.fetchedAt ?? null,
      // An earlier goal of the same identifier may have been acknowledged before.
      acknowledgedAt: taken ? (memory?.acknowledgedAt ?? null) : null,
      verifiedAt: proven ? (memory?.verifiedAt ?? null) : null,
    },
  };
}

/** A fixed order, whatever the order of the input. */
export function byDeployment(a: Decision, b: Decision): number {
  const [left, right] = [a, b].map(({ deploymentId, ciId, identifier, revision }) =>
    [deploymentId, ciId, identifier, String(revision)].join('\n'),
  ) as [string, string];
  return left < right ? -1 : Number(left > right);
}
