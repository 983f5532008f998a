import type { StateMessage } from '@espalier/contracts';
import type { AgendaEntry } from '../agenda/agenda.store.js';
import type { AskedBehind, Handover, HandoverSpec } from '../handover/handover.store.js';
import { identityOf } from '../planner/contest.js';
import { plan } from '../planner/planner.js';
import type { Decision, ManagedItem, Plan, PlannerInput, PolicyAction } from '../planner/planner.types.js';
import type { AssignmentRow } from '../policy-items/assignment.store.js';
import { outcomeOf, worstOf } from '../states/outcome.js';
import { reportGone, reportStates } from '../states/state-messages.js';
import { plannerInput, type Surroundings } from './surroundings.js';

/** What a round changes, all enrolments together. */
export interface RoundResult {
  readonly agenda: readonly AgendaEntry[];
  readonly items: ReadonlyMap<string, readonly ManagedItem[]>;
  readonly assignments: readonly AssignmentRow[];
  readonly goneAssignments: readonly AssignmentRow[];
  readonly handovers: readonly Omit<Handover, 'attempts'>[];
  readonly messages: readonly StateMessage[];
  readonly decisions: readonly Decision[];
}

export interface RoundOptions {
  readonly now: number;
  readonly checkEveryMs: number;
  readonly uuid: () => string;
  /** Told of an enrolment that could not be planned for. */
  readonly failed: (enrollmentId: string, error: unknown) => void;
}

/** One enrolment that cannot be planned for must not hold up the others. */
const TRY_AGAIN_AFTER_MS = 3_600_000;

/** mdm takes this many enrolments by one call. */
const ENROLLMENTS_PER_CALL = 500;

/** Plans for several enrolments, and groups what they need from mdm. Changes nothing by itself. */
export function playRound(enrollments: readonly Surroundings[], options: RoundOptions): RoundResult {
  const round = new Round(options);
  for (const surroundings of enrollments) round.add(surroundings);
  return round.result();
}

class Round {
  readonly #agenda: AgendaEntry[] = [];
  readonly #items = new Map<string, readonly ManagedItem[]>();
  readonly #assignments: AssignmentRow[] = [];
  readonly #gone: AssignmentRow[] = [];
  readonly #messages: StateMessage[] = [];
  readonly #decisions: Decision[] = [];
  readonly #calls = new CallGroups();

  constructor(private readonly options: RoundOptions) {}

  add(surroundings: Surroundings): void {
    const { agenda, enrollment } = surroundings;
    const { now, checkEveryMs } = this.options;
    const input = plannerInput(surroundings, now, checkEveryMs);
    if (input === undefined || enrollment?.state === 'removed') return this.#leave(surroundings);
    const planned = this.#plan(input);
    if (planned === undefined) {
      this.#agenda.push({ ...agenda, due_at: now + TRY_AGAIN_AFTER_MS });
      return;
    }
    const said = this.#messages.length;
    const sequence = Math.max(now, agenda.sequence + 1);
    this.#report(
      surroundings,
      planned.decisions,
      sequence,
      (id) => input.assignments.get(id)?.targetedAt ?? now,
    );
    this.#items.set(agenda.enrollment_id, this.#hand(agenda.enrollment_id, planned));
    this.#decisions.push(...planned.decisions);
    this.#agenda.push({
      enrollment_id: agenda.enrollment_id,
      due_at: planned.nextAt,
      evaluated_at: now,
      sequence: this.#messages.length > said ? sequence : agenda.sequence,
      profiles_asked_at: planned.questions.profilesAskedAt,
      device_asked_at: planned.questions.deviceAskedAt,
      is_wanted: Number(planned.questions.wanted),
    });
  }

  #plan(input: PlannerInput): Plan | undefined {
    try {
      return plan(input);
    } catch (error) {
      this.options.failed(input.enrollment.id, error);
      return undefined;
    }
  }

  /** An enrolment that ended, or that nobody told of yet: nothing is planned, and nothing is left to tell. */
  #leave({ agenda, assignments }: Surroundings): void {
    const sequence = Math.max(this.options.now, agenda.sequence + 1);
    for (const row of assignments) this.#forget(row, sequence);
    const told = assignments.length > 0;
    this.#agenda.push({ ...agenda, due_at: null, is_wanted: 0, sequence: told ? sequence : agenda.sequence });
  }

  #forget(row: AssignmentRow, sequence: number): void {
    const { enrollment_id: enrollmentId, deployment_id: deploymentId } = row;
    this.#gone.push(row);
    const at = { at: this.options.now, sequence };
    this.#messages.push(...reportGone({ enrollmentId, deploymentId }, row.told, at));
  }

  #report(
    { agenda, deployments, assignments }: Surroundings,
    decisions: readonly Decision[],
    sequence: number,
    targetedAt: (deploymentId: string) => number,
  ): void {
    const { now } = this.options;
    const enrollmentId = agenda.enrollment_id;
    const byDeployment = Map.groupBy(decisions, (decision) => decision.deploymentId);
    const known = new Map(assignments.map((row) => [row.deployment_id, row]));
    // What is being taken off of a deployment that is out of scope is still told of.
    for (const id of new Set([...deployments.map((deployment) => deployment.id), ...byDeployment.keys()])) {
      const of = byDeployment.get(id) ?? [];
      const before = known.get(id);
      known.delete(id);
      const subject = { enrollmentId, deploymentId: id };
      const { messages, told } = reportStates(subject, of, before?.told ?? {}, { at: now, sequence });
      const worst = worstOf(of);
      const outcome = worst === undefined ? 'success' : outcomeOf(worst.state);
      if (messages.length === 0 && before?.outcome === outcome) continue;
      this.#messages.push(...messages);
      this.#assignments.push({
        enrollment_id: enrollmentId,
        deployment_id: id,
        targeted_at: before?.targeted_at ?? targetedAt(id),
        evaluated_at: before?.evaluated_at ?? now,
        outcome,
        told,
      });
    }
    for (const row of known.values()) this.#forget(row, sequence);
  }

  /** Puts the actions into calls, and notes in the items by which call they go. */
  #hand(enrollmentId: string, { items, actions }: Plan): readonly ManagedItem[] {
    const callOf = new Map<string, string>();
    for (const action of inCalls(actions)) {
      const call = this.#calls.add(enrollmentId, action, this.options.uuid);
      for (const identity of identitiesOf(action)) callOf.set(identity, call);
    }
    if (callOf.size === 0) return items;
    return items.map((item) => {
      const handoverId = callOf.get(identityOf(item.kind, item.identifier));
      return handoverId === undefined ? item : { ...item, handoverId };
    });
  }

  result(): RoundResult {
    return {
      agenda: this.#agenda,
      items: this.#items,
      assignments: this.#assignments,
      goneAssignments: this.#gone,
      handovers: this.#calls.all(),
      messages: this.#messages,
      decisions: this.#decisions,
    };
  }
}

type CalledAction = PolicyAction & AskedBehind;

/**
 * What is asked behind a single command goes with it: one call, and one push of each device. Where there are several,
 * none is known to be the last that mdm gets.
 */
function inCalls(actions: readonly PolicyAction[]): readonly CalledAction[] {
  const question = actions.find(({ type }) => type === 'ask');
  const commands = actions.filter(({ type }) => type === 'install' || type === 'remove');
  if (question?.type !== 'ask' || commands.length !== 1) return actions;
  return actions.flatMap((action): CalledAction[] => {
    if (action === question) return [];
    return [action === commands[0] ? { ...action, thenAsk: question.kinds } : action];
  });
}

function identitiesOf(action: PolicyAction): string[] {
  if (action.type === 'ask') return [];
  if (action.type === 'declare')
    return action.identifiers.map((identifier) => identityOf('declaration', identifier));
  return [identityOf('profile', action.identifier)];
}

/** The same for many enrolments is asked by one call. */
class CallGroups {
  readonly #open = new Map<string, { id: string; spec: HandoverSpec; enrollmentIds: string[] }>();
  readonly #full: Omit<Handover, 'attempts'>[] = [];

  add(enrollmentId: string, action: CalledAction, uuid: () => string): string {
    const spec = specOf(action);
    const key = JSON.stringify(spec);
    const group = this.#open.get(key) ?? { id: uuid(), spec, enrollmentIds: [] };
    group.enrollmentIds.push(enrollmentId);
    if (group.enrollmentIds.length < ENROLLMENTS_PER_CALL) this.#open.set(key, group);
    else {
      this.#open.delete(key);
      this.#full.push(group);
    }
    return group.id;
  }

  all(): Omit<Handover, 'attempts'>[] {
    return [...this.#full, ...this.#open.values()];
  }
}

function specOf(action: CalledAction): HandoverSpec {
  const behind = action.thenAsk === undefined ? {} : { thenAsk: action.thenAsk };
  switch (action.type) {
    case 'install':
      return { type: 'install', ciId: action.ciId, revision: action.revision, ...behind };
    case 'remove':
      return { type: 'remove', identifier: action.identifier, ...behind };
    case 'declare':
      return { type: 'declare', set: action.set, resync: action.resync };
    case 'ask':
      return { type: 'ask', kinds: action.kinds };
  }
}
