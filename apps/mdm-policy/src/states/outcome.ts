import type { PolicyDecision } from '@espalier/contracts';

/** How a deployment stands on an enrolment, all its items together: the worst one counts. */
export type Outcome = 'error' | 'conflict' | 'in-progress' | 'requirements-not-met' | 'idle' | 'success';

const OUTCOMES: Readonly<Record<PolicyDecision['state'], Outcome>> = {
  failed: 'error',
  lost: 'conflict',
  waiting: 'in-progress',
  planned: 'in-progress',
  queued: 'in-progress',
  acknowledged: 'in-progress',
  unsupported: 'requirements-not-met',
  available: 'idle',
  disabled: 'idle',
  verified: 'success',
};

const WORST_FIRST: readonly Outcome[] = [
  'error',
  'conflict',
  'in-progress',
  'requirements-not-met',
  'idle',
  'success',
];

export const outcomeOf = (state: PolicyDecision['state']): Outcome => OUTCOMES[state];

/** The decision that says how the deployment stands; undefined where it has no items. */
export function worstOf<D extends Pick<PolicyDecision, 'state'>>(decisions: readonly D[]): D | undefined {
  return decisions.toSorted((a, b) => rank(a) - rank(b))[0];
}

const rank = ({ state }: Pick<PolicyDecision, 'state'>): number => WORST_FIRST.indexOf(outcomeOf(state));
