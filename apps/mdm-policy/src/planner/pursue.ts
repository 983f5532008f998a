import type { ManagedItem, Decision } from './planner.types.js';
import { patienceEndsAt, type Sighting, type Target } from './observe.js';
import { ZONE_UNKNOWN } from './contest.js';
import { renewalsFor } from './back-off.js';
import type { WindowState } from './windows.js';

/** What is to be reached, and for whom. */
export interface Goal extends Target {
  readonly ciId: string;
  readonly revision: number;
  readonly deploymentId: string;
  /** May be acted on outside of maintenance windows. */
  readonly overrideWindows: boolean;
  /** Which rule made it a goal, as in `deadline` or `out-of-scope`. */
  readonly rule: string;
}

/** What a goal depends on besides the memory. */
export interface Circumstances {
  readonly now: number;
  readonly windows: WindowState;
  /** What the device says of this target. */
  readonly sighting: Sighting;
  /** Why the device cannot be acted on in this way, ever. */
  readonly forbidden: string | undefined;
  /** A removal needs to know what is there. */
  readonly needsReport: boolean;
  /** The last set of declarations is not with mdm yet: another could overtake it. */
  readonly handoverPending: boolean;
}

/** One step on the way to a goal. */
export interface Step {
  /** The memory after the step; undefined: nothing to remember. */
  readonly item: ManagedItem | undefined;
  /** True where mdm is to be asked now. */
  readonly acts: boolean;
  readonly state: Decision['state'];
  readonly rule: string;
  readonly reason: string;
  readonly nextAt: number | null;
}

/** Goes one step towards a goal; the item has been observed before (see observe). */
export function pursue(goal: Goal, item: ManagedItem | undefined, around: Circumstances): Step {
  const onTarget =
    item?.goal === goal.goal && (goal.goal === 'absent' || item.version === goal.version)
      ? adoptGoal(item, goal)
      : undefined;
  const { rule } = goal;
  if (around.forbidden !== undefined)
    return {
      item,
      acts: false,
      state: 'unsupported',
      rule: 'protected',
      reason: around.forbidden,
      nextAt: null,
    };
  if (onTarget !== undefined && onTarget.phase !== 'idle')
    return {
      item: onTarget,
      acts: false,
      state: onTarget.phase,
      rule,
      reason: UNDER_WAY[onTarget.phase],
      nextAt: laterThan(around.now, patienceEndsAt(onTarget)),
    };
  if (item?.phase === 'planned' || item?.phase === 'queued')
    return {
      item,
      acts: false,
      state: 'waiting',
      rule: 'under-way',
      reason: 'An earlier command for the same identifier has to end first.',
      nextAt: null,
    };
  if (around.sighting.known && around.sighting.satisfied && goal.kind === 'profile' && onTarget === undefined)
    return {
      item: alreadyThere(goal, item, around.sighting.reportedAt),
      acts: false,
      state: 'verified',
      rule,
      reason: goal.goal === 'present' ? 'The device has it already.' : 'The device does not have it.',
      nextAt: null,
    };
  // What mdm was never asked to declare, no device was ever offered.
  if (goal.kind === 'declaration' && goal.goal === 'absent' && item === undefined)
    return {
      item,
      acts: false,
      state: 'verified',
      rule,
      reason: 'The device does not have it.',
      nextAt: null,
    };
  return hindrance(goal, item, onTarget, around) ?? act(goal, item, onTarget, around.now);
}

const UNDER_WAY = {
  planned: 'It is being handed to the MDM service.',
  queued: 'The command waits for the device.',
  acknowledged: 'The device took the command; its report will prove it.',
  verified: 'The device reported it.',
} as const;

const laterThan = (now: number, at: number | null): number | null => (at !== null && at > now ? at : null);

/** Why nothing can be done just now. */
function hindrance(
  goal: Goal,
  item: ManagedItem | undefined,
  onTarget: ManagedItem | undefined,
  { now, windows, needsReport, handoverPending }: Circumstances,
): Step | undefined {
  const failed = onTarget?.setback === 'failure';
  const wait = (rule: string, reason: string, nextAt: number | null): Step => ({
    item: onTarget ?? item,
    acts: false,
    state: failed ? 'failed' : 'waiting',
    rule,
    reason: failed ? `${onTarget.lastError ?? 'It failed.'} ${reason}` : reason,
    nextAt,
  });
  if (needsReport) return wait('inventory', 'The device is asked what it has.', null);
  const notBefore = onTarget?.notBefore ?? null;
  if (notBefore !== null && notBefore > now)
    return wait('back-off', `It is tried again after a while.${driftText(onTarget)}`, notBefore);
  if (!windows.open && !goal.overrideWindows)
    return wait(
      'window',
      (windows.opensAt === null
        ? 'No maintenance window opens any more.'
        : 'A maintenance window has to open.') + (windows.zoneUnknown ? ` ${ZONE_UNKNOWN}` : ''),
      windows.opensAt,
    );
  if (handoverPending) return wait('under-way', 'An earlier set of declarations is being handed over.', null);
  return undefined;
}

/** A failure says by itself what is wrong. */
const driftText = (item: ManagedItem | undefined): string =>
  item?.setback === 'drift' && item.lastError !== null ? ` ${item.lastError}` : '';

function act(
  goal: Goal,
  item: ManagedItem | undefined,
  onTarget: ManagedItem | undefined,
  now: number,
): Step {
  const drifted = onTarget?.setback === 'drift';
  const renewals = goal.kind === 'declaration' && onTarget !== undefined ? renewalsFor(onTarget) : 0;
  return {
    item: {
      ...memoryOf(goal, item),
      owned: item?.owned === true || goal.goal === 'present',
      phase: 'planned',
      attempts: (onTarget?.attempts ?? 0) + 1,
      strikes: onTarget?.strikes ?? 0,
      ...(renewals > 0 && { renewals }),
      setback: onTarget?.setback ?? null,
      actedAt: now,
      lastError: onTarget?.lastError ?? null,
    },
    acts: true,
    state: 'planned',
    rule: drifted ? 'drift' : goal.rule,
    reason: drifted ? 'It was changed on the device and is put right.' : UNDER_WAY.planned,
    nextAt: null,
  };
}

function alreadyThere(goal: Goal, item: ManagedItem | undefined, verifiedAt: number): ManagedItem {
  return { ...memoryOf(goal, item), owned: item?.owned ?? false, phase: 'verified', verifiedAt };
}

/** The same goal, now for this deployment. */
function adoptGoal(item: ManagedItem, { ciId, revision, deploymentId }: Goal): ManagedItem {
  const same = item.ciId === ciId && item.revision === revision && item.deploymentId === deploymentId;
  return same ? item : { ...item, ciId, revision, deploymentId };
}

function memoryOf(goal: Goal, before: ManagedItem | undefined): ManagedItem {
  const { kind, identifier, version, ciId, revision, deploymentId } = goal;
  return {
    kind,
    identifier,
    goal: goal.goal,
    version,
    ciId,
    revision,
    deploymentId,
    owned: false,
    phase: 'idle',
    handoverId: null,
    commandId: null,
    attempts: 0,
    strikes: 0,
    notBefore: null,
    setback: null,
    actedAt: null,
    queuedAt: null,
    pushedAt: null,
    fetchedAt: null,
    // Reports from before the last acknowledged command prove nothing of the next one.
    acknowledgedAt: before?.acknowledgedAt ?? null,
    verifiedAt: null,
    lastError: null,
    errorCode: null,
  };
}
