import type { PolicyDeployment, PolicyItem } from '@espalier/contracts';
import type { EnrollmentFacts, ManagedKind } from './planner.types.js';
import { fromWallClock } from './wall-clock.js';

/** One item of one deployment, as an enrolment sees it. */
export interface Want {
  readonly deployment: PolicyDeployment;
  readonly item: PolicyItem;
}

/** A want that is to be acted on now. */
export interface Contender extends Want {
  readonly kind: ManagedKind;
  readonly goal: 'present' | 'absent';
}

/** Why a want is not to be acted on now. */
export interface Exemption {
  readonly state: 'waiting' | 'unsupported' | 'available' | 'disabled';
  readonly rule: string;
  readonly reason: string;
  readonly nextAt: number | null;
}

/** Apple: identifiers of declarations have at most 64 octets. */
const LONGEST_DECLARATION_IDENTIFIER = 64;

/** Apple's schema has no time zone for Macs: an admin who says "local time" must be told what that comes to. */
export const ZONE_UNKNOWN = 'The device has not told its time zone, so its local time is taken to be UTC.';

export const identityOf = (kind: string, identifier: string): string => `${kind}\n${identifier}`;

/** Undefined where the want takes part in the contest for its identifier. */
export function exemptionOf(
  { deployment, item }: Want,
  enrollment: EnrollmentFacts,
  now: number,
): Exemption | undefined {
  const exempt = (state: Exemption['state'], rule: string, reason: string, nextAt?: number): Exemption => ({
    state,
    rule,
    reason,
    nextAt: nextAt ?? null,
  });
  const mismatch = unsupported(item, enrollment);
  if (mismatch !== undefined) return exempt('unsupported', 'requirements', mismatch);
  if (enrollment.state !== 'enrolled')
    return exempt('waiting', 'enrolment', 'The device is not enrolled (any more).');
  if (!deployment.enabled)
    return exempt(
      'disabled',
      'disabled',
      'The deployment is disabled: nothing is done, what is there stays.',
    );
  if (enrollment.platform === null)
    return exempt('waiting', 'facts', 'The device has not told what it is yet.');
  const { startsAt, actsAt } = timesOf(deployment, enrollment.timeZone);
  const caveat = deployment.localTime && enrollment.timeZone === null ? ` ${ZONE_UNKNOWN}` : '';
  if (now < startsAt)
    return exempt('waiting', 'start', `The deployment has not started yet.${caveat}`, startsAt);
  if (deployment.intent === 'available')
    return exempt('available', 'available', 'It is offered, and installed when somebody asks for it.');
  if (now < actsAt) return exempt('waiting', 'deadline', `The deadline is not reached yet.${caveat}`, actsAt);
  return undefined;
}

/** From when a deployment exists for a device, and from when it is enforced. */
export function timesOf(
  { startAt, deadlineAt, localTime }: PolicyDeployment,
  timeZone: string | null,
): { startsAt: number; actsAt: number } {
  const instant = (time: number): number => (localTime ? fromWallClock(time, timeZone) : time);
  const startsAt = instant(startAt);
  return { startsAt, actsAt: deadlineAt === null ? startsAt : Math.max(startsAt, instant(deadlineAt)) };
}

function unsupported(item: PolicyItem, { platform, kind }: EnrollmentFacts): string | undefined {
  if (item.kind !== 'profile' && item.kind !== 'declaration')
    return `A ${item.kind} needs the Mac client: MDM cannot carry it out.`;
  if (platform !== null && !item.platforms.includes(platform))
    return `It is for ${item.platforms.join(', ')}, and the device is of platform ${platform}.`;
  // Only Macs tell users from the device; elsewhere everything is the device's.
  if (platform === 'mac' && item.scope === 'user' && kind === 'device')
    return 'It is for users, and this is the enrolment of a device.';
  if (item.scope === 'system' && kind === 'user')
    return 'It is for devices, and this is the enrolment of a user.';
  if (item.kind === 'declaration' && Buffer.byteLength(item.identifier) > LONGEST_DECLARATION_IDENTIFIER)
    return `Its identifier is longer than ${LONGEST_DECLARATION_IDENTIFIER} octets.`;
  return undefined;
}

/** The want as a contender, where it is not exempt. */
export function contenderOf(want: Want): Contender {
  return {
    ...want,
    kind: want.item.kind as ManagedKind,
    goal: want.deployment.action === 'install' ? 'present' : 'absent',
  };
}

export interface Loser {
  readonly contender: Contender;
  readonly rule: 'priority' | 'newest' | 'id' | 'same-deployment';
}

export interface Contest {
  readonly winner: Contender;
  /** Want what the winner wants: what holds for the winner holds for them. */
  readonly allies: readonly Contender[];
  readonly losers: readonly Loser[];
}

/** Higher priority, then the newer deployment, then the smaller id; within one deployment the newer revision. */
function byRank(a: Contender, b: Contender): number {
  return (
    b.deployment.priority - a.deployment.priority ||
    b.deployment.createdAt - a.deployment.createdAt ||
    compare(a.deployment.id, b.deployment.id) ||
    b.item.revision - a.item.revision ||
    compare(a.item.ciId, b.item.ciId)
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

function ruleBetween(winner: Contender, loser: Contender): Loser['rule'] {
  const [won, lost] = [winner.deployment, loser.deployment];
  if (won.priority !== lost.priority) return 'priority';
  if (won.createdAt !== lost.createdAt) return 'newest';
  return won.id === lost.id ? 'same-deployment' : 'id';
}

const agree = (a: Contender, b: Contender): boolean =>
  a.goal === b.goal && (a.goal === 'absent' || a.item.version === b.item.version);

/** Decides who gets an identifier. */
export function decideContest(contenders: readonly [Contender, ...Contender[]]): Contest {
  const [winner, ...others] = contenders.toSorted(byRank) as [Contender, ...Contender[]];
  return {
    winner,
    allies: others.filter((other) => agree(winner, other)),
    losers: others
      .filter((other) => !agree(winner, other))
      .map((contender) => ({ contender, rule: ruleBetween(winner, contender) })),
  };
}
