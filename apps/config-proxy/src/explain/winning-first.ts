import type { Explanation, PolicyDecision } from '@espalier/contracts';
import type { StoredDeployment } from '../deployments/deployment.record.js';

/** An explanation with what it was made of. */
export interface Explained {
  readonly deployment: StoredDeployment;
  readonly decision: PolicyDecision | undefined;
  readonly explanation: Explanation;
}

/**
 * Of several deployments of one thing, the one that has the say over it on the device comes first: by the policy's
 * word, and where that has none, by its rules (higher priority, then newer, then the smaller id).
 */
export function winningFirst(explained: readonly Explained[]): Explanation[] {
  const winners = new Set(explained.map(({ decision }) => decision?.winnerDeploymentId));
  const rank = ({ deployment, decision }: Explained): number => {
    if (winners.has(deployment.id)) return 0;
    if (decision === undefined) return 4;
    if (decision.state === 'lost') return 3;
    return IDLE.has(decision.state) ? 2 : 1;
  };
  return explained
    .toSorted((a, b) => rank(a) - rank(b) || byContest(a.deployment, b.deployment))
    .map(({ explanation }) => explanation);
}

/** Nothing is done for these. */
const IDLE: ReadonlySet<PolicyDecision['state']> = new Set(['available', 'disabled', 'unsupported']);

function byContest(a: StoredDeployment, b: StoredDeployment): number {
  const first = b.settings.priority - a.settings.priority || b.createdAt - a.createdAt;
  return first !== 0 ? first : a.id < b.id ? -1 : 1;
}
