import type { ActualState, ManagedItem, ReportedProfile } from './planner.types.js';
import { serverTokenOf } from './server-token.js';
import { ACTIVATION_TAKES, afterDrift, afterFailure, strikesLeft, type Setback } from './back-off.js';

/** What a device says of one identifier. */
export interface Sighting {
  /** False: nothing was reported since the last action, so nothing can be said. */
  readonly known: boolean;
  readonly satisfied: boolean;
  readonly reportedAt: number;
  /** The declaration is there and does not work. */
  readonly invalid: boolean;
  readonly detail: string;
}

const UNKNOWN: Sighting = { known: false, satisfied: false, reportedAt: 0, invalid: false, detail: '' };

export interface Target {
  readonly kind: ManagedItem['kind'];
  readonly identifier: string;
  readonly goal: ManagedItem['goal'];
  readonly version: string;
}

export function findProfile(actual: ActualState, identifier: string): ReportedProfile | undefined {
  return actual.profiles?.profiles.find((profile) => profile.identifier === identifier);
}

/** Whether a target is reached, going by what was reported after the last action. */
export function sight(target: Target, actual: ActualState, memory: ManagedItem | undefined): Sighting {
  return target.kind === 'profile'
    ? sightProfile(target, actual, memory)
    : sightDeclaration(target, actual, memory);
}

function sightProfile(target: Target, actual: ActualState, memory: ManagedItem | undefined): Sighting {
  const report = actual.profiles;
  if (report === null || report.asOf < (memory?.acknowledgedAt ?? 0)) return UNKNOWN;
  const found = findProfile(actual, target.identifier);
  const there = found?.uuid.toUpperCase() === target.version.toUpperCase();
  const detail =
    found === undefined
      ? 'The device does not list it.'
      : there
        ? 'The device still lists it.'
        : 'The device lists another version of it.';
  const satisfied = target.goal === 'present' ? there : found === undefined;
  return { known: true, satisfied, reportedAt: report.reportedAt, invalid: false, detail };
}

/** @param impatient what was reported before the last action counts too: nothing else came */
function sightDeclaration(
  target: Target,
  actual: ActualState,
  memory: ManagedItem | undefined,
  impatient = false,
): Sighting {
  // Before it acknowledged, the device had not been told that it is to drop it.
  const since = (target.goal === 'absent' ? memory?.acknowledgedAt : null) ?? 0;
  const actedAt = impatient ? 0 : (memory?.actedAt ?? 0);
  const found = actual.declarations.find(
    ({ identifier, reportedAt }) =>
      identifier === target.identifier && reportedAt >= Math.max(since, actedAt),
  );
  if (target.goal === 'absent') {
    // A device reports what it has, not what it dropped; mdm does not offer it any more.
    const gone = found === undefined || !found.active;
    const detail = gone ? '' : 'The device still has it.';
    return { known: true, satisfied: gone, reportedAt: found?.reportedAt ?? 0, invalid: false, detail };
  }
  const fullAt = actual.declarationsFullAt ?? 0;
  if (found === undefined && fullAt > givenAt(memory, impatient))
    return { ...UNKNOWN, known: true, reportedAt: fullAt, detail: 'The device does not list it.' };
  const renewals = memory?.version === target.version ? memory.renewals : undefined;
  if (found?.serverToken !== serverTokenOf(target.version, renewals))
    // A status of another version is from before the device looked, unless it had its time to take a renewed one.
    return found !== undefined && impatient && renewals !== undefined
      ? { ...UNKNOWN, known: true, reportedAt: found.reportedAt, detail: 'The device has not taken it anew.' }
      : UNKNOWN;
  const invalid = found.valid === 'invalid';
  return {
    known: true,
    satisfied: found.active && found.valid === 'valid',
    reportedAt: found.reportedAt,
    invalid,
    detail: found.reasons || (invalid ? 'The device calls it invalid.' : 'The device has not activated it.'),
  };
}

/** Since when the device is to have it: full reports from then on must list it. */
function givenAt(memory: ManagedItem | undefined, impatient: boolean): number {
  if (memory?.phase === 'verified') return memory.verifiedAt ?? 0;
  if (memory?.phase !== 'acknowledged') return Number.POSITIVE_INFINITY;
  // It had it once, and says nothing new: what was wrong is wrong still.
  return impatient && memory.setback !== null ? 0 : (memory.acknowledgedAt ?? 0);
}

/** When what the device last said of a declaration counts as what it came to; null: nothing is waited for. */
export function patienceEndsAt({ kind, phase, acknowledgedAt }: ManagedItem): number | null {
  if (kind !== 'declaration' || phase !== 'acknowledged' || acknowledgedAt === null) return null;
  return acknowledgedAt + ACTIVATION_TAKES;
}

function setBack(
  item: ManagedItem,
  cause: 'failure' | 'drift',
  setback: Setback,
  lastError: string,
): ManagedItem {
  return { ...item, ...setback, phase: 'idle', setback: cause, lastError, errorCode: null };
}

/** What becomes of an item by what the device reported: verified, failed, or drifted away. */
export function observe(item: ManagedItem, actual: ActualState, now: number): ManagedItem {
  if (item.phase === 'planned' || item.phase === 'queued') return item;
  const patience = patienceEndsAt(item);
  const impatient = patience !== null && patience <= now;
  const sighting =
    item.kind === 'declaration' ? sightDeclaration(item, actual, item, impatient) : sight(item, actual, item);
  if (!sighting.known) return item;
  if (sighting.satisfied)
    return item.phase === 'verified'
      ? item
      : {
          ...item,
          phase: 'verified',
          verifiedAt: Math.max(sighting.reportedAt, item.acknowledgedAt ?? 0),
          notBefore: null,
          setback: null,
          lastError: null,
          errorCode: null,
        };
  if (item.phase === 'idle') return item;
  // A declaration may take its time to become active: only what is invalid has failed at once.
  if (patience !== null && !impatient && !sighting.invalid) return item;
  const { detail } = sighting;
  const strikes = strikesLeft(item.strikes, item.verifiedAt, now);
  if (item.phase === 'verified' && !sighting.invalid)
    return setBack(item, 'drift', afterDrift(strikes, now), detail);
  const said = item.kind === 'profile' ? `Acknowledged, and yet: ${detail}` : detail;
  return setBack(item, 'failure', afterFailure(strikes, now), said);
}

/** How a command ended, as far as its items care. */
export interface Completion {
  readonly state: 'acknowledged' | 'error' | 'format-error' | 'cancelled';
  readonly at: number;
  readonly pushedAt: number | null;
  readonly fetchedAt: number | null;
  readonly error: { readonly code: string; readonly text: string } | null;
}

/** What becomes of an item when its command has ended. Repeated, it changes nothing. */
export function complete(item: ManagedItem, completion: Completion): ManagedItem {
  if (item.phase !== 'queued') return item;
  const { state, at, pushedAt, fetchedAt, error } = completion;
  const steps = { pushedAt, fetchedAt };
  if (state === 'acknowledged') return { ...item, ...steps, phase: 'acknowledged', acknowledgedAt: at };
  const text =
    error?.text ?? (state === 'cancelled' ? 'The command was taken back.' : 'The device refused it.');
  return {
    ...setBack(item, 'failure', afterFailure(item.strikes, at), text),
    ...steps,
    errorCode: error?.code ?? null,
  };
}

/** What becomes of an item that mdm would not take. */
export function refuse(item: ManagedItem, error: { code: string; text: string }, now: number): ManagedItem {
  const refused = setBack(item, 'failure', afterFailure(item.strikes, now), error.text);
  return { ...refused, errorCode: error.code };
}
