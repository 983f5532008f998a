import {
  contenderOf,
  decideContest,
  exemptionOf,
  identityOf,
  type Contender,
  type Exemption,
  type Want,
} from './contest.js';
import { byDeployment, decisionOf, type DecisionSubject, type Outcome } from './decision.js';
import { findProfile, observe, sight } from './observe.js';
import type { Decision, ManagedItem, Plan, PlannerInput, PolicyAction } from './planner.types.js';
import { pursue, type Goal, type Step } from './pursue.js';
import { planQuestions } from './questions.js';
import { windowState, type WindowState } from './windows.js';

/**
 * Decides what an enrolment should have, what is to be done about it now, and when to look again. A pure function:
 * the same input gives the same plan, in whatever order its lists are.
 *
 * The rules:
 * 1. A deployment takes part from its start; a required one acts from its deadline, or from its start where it has
 *    none. Both are wall-clock times of the device where `localTime` (see wall-clock).
 * 2. An available deployment never acts; a disabled one neither. What is there of either stays.
 * 3. What MDM cannot carry out, and what is not for the platform or the channel, is `unsupported`.
 * 4. Of several that act on one identifier, one wins: higher priority, then newer, then the smaller id. The others
 *    are `lost`, unless they want the same.
 * 5. What we installed and nobody in scope wants any more is removed. What we did not install, and the profile that
 *    enrols the device, is never touched.
 * 6. A device with a general maintenance window is acted on only inside one, unless the deployment overrides that.
 * 7. One command at a time for one identifier. A goal is reached when the device reports it, not when it
 *    acknowledges the command.
 * 8. Drift and failures are mended with a growing delay (see back-off). A declaration that the device lost, does not
 *    activate or calls invalid is not sent again, as its set is the same: the device is asked to compare. Where that
 *    did not help, the declaration gets another server token, so that the device processes it anew.
 */
export function plan(input: PlannerInput): Plan {
  return new Planner(input).plan();
}

class Planner {
  readonly #input: PlannerInput;
  readonly #windows: WindowState;
  /** Everything remembered, as observed, and as it is after this plan. By identity. */
  readonly #memory: Map<string, ManagedItem>;
  readonly #decisions: Decision[] = [];
  readonly #actions: PolicyAction[] = [];
  readonly #declared: string[] = [];
  /** One that failed before is among those declared. */
  #suspectDeclared = false;
  /** One that the device had been given before is among those declared. */
  #needsResync = false;
  #needsProfiles = false;
  #needsFacts = false;

  constructor(input: PlannerInput) {
    this.#input = input;
    this.#windows = windowState(input.windows, input.now, input.enrollment.timeZone);
    this.#memory = new Map(
      input.items
        .map((item) => observe(item, input.actual, input.now))
        .map((item) => [identityOf(item.kind, item.identifier), item]),
    );
  }

  plan(): Plan {
    const { wanted, keepers } = this.#sortWants();
    // In a fixed order: the order of the input must not show.
    for (const identity of [...wanted.keys()].sort())
      this.#settle(identity, wanted.get(identity) as [Contender, ...Contender[]]);
    for (const identity of [...this.#memory.keys()].sort())
      if (!wanted.has(identity)) this.#keepOrTakeOff(identity, keepers.get(identity));
    return this.#finish();
  }

  /** Tells those who contend for an identifier from those who do not (yet), and so only keep what is there. */
  #sortWants(): { wanted: Map<string, Contender[]>; keepers: Map<string, string[]> } {
    const { deployments, enrollment, now } = this.#input;
    const wanted = new Map<string, Contender[]>();
    const keepers = new Map<string, string[]>();
    for (const deployment of deployments) {
      if (deployment.localTime && enrollment.timeZone === null) this.#needsFacts = true;
      for (const item of deployment.items) {
        const want = { deployment, item };
        const identity = identityOf(item.kind, item.identifier);
        const exemption = exemptionOf(want, enrollment, now);
        if (exemption === undefined) {
          const others = wanted.get(identity) ?? [];
          wanted.set(identity, [...others, contenderOf(want)]);
        } else {
          this.#exempt(want, exemption);
          if (deployment.action === 'install' && exemption.state !== 'unsupported')
            keepers.set(identity, [...(keepers.get(identity) ?? []), deployment.id]);
        }
      }
    }
    const localWindows = this.#input.windows.some((window) => window.enabled && window.localTime);
    if (deployments.length > 0 && enrollment.platform === null) this.#needsFacts = true;
    if (deployments.length > 0 && localWindows && enrollment.timeZone === null) this.#needsFacts = true;
    return { wanted, keepers };
  }

  #exempt(want: Want, exemption: Exemption): void {
    const { kind, identifier, version } = want.item;
    const item = this.#memory.get(identityOf(kind, identifier));
    const goal = want.deployment.action === 'install' ? 'present' : 'absent';
    const offered = exemption.state === 'available' && kind === 'profile';
    const there =
      offered && sight({ kind, identifier, goal, version }, this.#input.actual, item).satisfied
        ? { ...exemption, state: 'verified' as const, reason: 'The device has it already.' }
        : exemption;
    this.#decide(want, goal, there, undefined);
  }

  #settle(identity: string, contenders: readonly [Contender, ...Contender[]]): void {
    const { winner, allies, losers } = decideContest(contenders);
    const { deployment, item, kind, goal } = winner;
    const step = this.#pursue(identity, {
      kind,
      identifier: item.identifier,
      goal,
      version: item.version,
      ciId: item.ciId,
      revision: item.revision,
      deploymentId: deployment.id,
      overrideWindows: deployment.overrideWindows,
      rule: deployment.deadlineAt === null ? 'start' : 'deadline',
    });
    for (const contender of [winner, ...allies]) this.#decide(contender, goal, step, step.item);
    for (const { contender, rule } of losers) {
      const reason = `The deployment "${deployment.name}" wins: ${BECAUSE[rule]}.`;
      const lost = { state: 'lost' as const, rule, reason, nextAt: null };
      this.#decide(contender, contender.goal, lost, undefined, deployment.id);
    }
  }

  /** @param keepers deployments in scope that do not act (now), and leave what is there */
  #keepOrTakeOff(identity: string, keepers: readonly string[] | undefined): void {
    if (keepers === undefined) return this.#takeOff(identity);
    const item = this.#memory.get(identity) as ManagedItem;
    if (keepers.includes(item.deploymentId)) return;
    this.#memory.set(identity, { ...item, deploymentId: keepers.toSorted()[0] as string });
  }

  /** Nobody in scope wants it any more. */
  #takeOff(identity: string): void {
    const item = this.#memory.get(identity) as ManagedItem;
    const { kind, identifier } = item;
    const { actual } = this.#input;
    const underWay = item.phase === 'planned' || item.phase === 'queued';
    const seen = kind === 'profile' ? findProfile(actual, identifier) : undefined;
    const foreign = seen !== undefined && (seen.managed === false || seen.enrolls);
    if (!underWay && (!item.owned || foreign || this.#isGone(item))) {
      this.#memory.delete(identity);
      return;
    }
    const step = this.#pursue(identity, {
      ...item,
      goal: 'absent',
      overrideWindows: false,
      rule: 'out-of-scope',
    });
    if (step.state === 'verified') this.#memory.delete(identity);
    this.#push({ ...item, kind, desired: 'absent' }, step, step.item, null);
  }

  #isGone(item: ManagedItem): boolean {
    if (item.goal === 'absent' && item.phase === 'verified') return true;
    if (item.kind !== 'profile') return false;
    return sight({ ...item, goal: 'absent' }, this.#input.actual, item).satisfied;
  }

  #pursue(identity: string, goal: Goal): Step {
    const { now, actual, enrollment } = this.#input;
    if (enrollment.state !== 'enrolled')
      return {
        item: this.#memory.get(identity),
        acts: false,
        state: 'waiting',
        rule: 'enrolment',
        reason: 'The device is not enrolled (any more).',
        nextAt: null,
      };
    const item = this.#memory.get(identity);
    const needsReport = goal.kind === 'profile' && goal.goal === 'absent' && actual.profiles === null;
    const step = pursue(goal, item, {
      now,
      windows: this.#windows,
      sighting: sight(goal, actual, item),
      forbidden: this.#forbidden(goal),
      needsReport,
      handoverPending: goal.kind === 'declaration' && this.#mustDeclareLater(item),
    });
    if (step.rule === 'inventory') this.#needsProfiles = true;
    if (step.item !== undefined) this.#memory.set(identity, step.item);
    if (step.acts) this.#act(goal, step.item);
    return step;
  }

  #forbidden({ kind, goal, identifier }: Goal): string | undefined {
    const seen = kind === 'profile' ? findProfile(this.#input.actual, identifier) : undefined;
    if (seen?.enrolls === true) return 'This identifier is that of the profile that enrols the device.';
    if (goal === 'absent' && seen?.managed === false)
      return 'It was installed by hand: only the user can remove it.';
    return undefined;
  }

  /** What one plan declares goes together; what failed before goes alone, as it may be why all of them failed. */
  #mustDeclareLater(item: ManagedItem | undefined): boolean {
    const pending = this.#input.items.some(
      ({ kind, phase }) => kind === 'declaration' && phase === 'planned',
    );
    return pending || this.#suspectDeclared || (hasFailed(item) && this.#declared.length > 0);
  }

  #act({ kind, goal, identifier, ciId, revision }: Goal, item: ManagedItem | undefined): void {
    if (kind === 'declaration') {
      this.#declared.push(identifier);
      this.#suspectDeclared ||= hasFailed(item);
      this.#needsResync ||= item !== undefined && item.setback !== null;
    } else if (goal === 'present') this.#actions.push({ type: 'install', identifier, ciId, revision });
    else this.#actions.push({ type: 'remove', identifier });
  }

  #finish(): Plan {
    const items = [...this.#memory.values()].sort((a, b) =>
      identityOf(a.kind, a.identifier) < identityOf(b.kind, b.identifier) ? -1 : 1,
    );
    const acted = this.#actions.length > 0;
    if (this.#declared.length > 0) {
      const set = items
        .filter((item) => item.kind === 'declaration' && item.goal === 'present' && isDeclared(item))
        .map(({ identifier, version, ciId, revision, renewals }) => ({
          identifier,
          version,
          ciId,
          revision,
          ...(renewals !== undefined && { renewals }),
        }));
      this.#actions.push({ type: 'declare', set, identifiers: this.#declared, resync: this.#needsResync });
    }
    const asked = planQuestions(this.#input, items, {
      acted,
      needsProfiles: this.#needsProfiles,
      needsFacts: this.#needsFacts,
    });
    if (asked.kinds.length > 0) this.#actions.push({ type: 'ask', kinds: asked.kinds });
    const times = [asked.nextAt, ...this.#decisions.map((decision) => decision.nextAt)].filter(
      (time) => time !== null,
    );
    return {
      decisions: this.#decisions.sort(byDeployment),
      items,
      actions: this.#actions,
      questions: asked.questions,
      nextAt: times.length === 0 ? null : Math.min(...times),
    };
  }

  #decide(
    { deployment, item }: Want,
    desired: Decision['desired'],
    outcome: Outcome,
    memory: ManagedItem | undefined,
    winnerId: string | null = null,
  ): void {
    this.#push({ ...item, deploymentId: deployment.id, desired }, outcome, memory, winnerId);
  }

  #push(
    subject: DecisionSubject,
    outcome: Outcome,
    memory: ManagedItem | undefined,
    winnerDeploymentId: string | null,
  ): void {
    const { now, assignments } = this.#input;
    const assignment = assignments.get(subject.deploymentId);
    this.#decisions.push(decisionOf(subject, outcome, { memory, winnerDeploymentId, assignment, now }));
  }
}

const hasFailed = (item: ManagedItem | undefined): boolean => item?.setback === 'failure';

/** What waits because mdm would not take it stays out; what waits because of the device stays, or it would be removed. */
const isDeclared = ({ phase, setback, errorCode }: ManagedItem): boolean =>
  phase !== 'idle' || (setback !== null && errorCode === null);

const BECAUSE = {
  priority: 'its priority is higher',
  newest: 'it is newer',
  id: 'both are as important and as new, and its id is the smaller one',
  'same-deployment': 'the deployment names this identifier twice',
} as const;
