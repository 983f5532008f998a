import type { ManagedItem } from './planner.types.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/**
 * A declaration may become active a while after the device was told of it. What it last said counts after this long,
 * also where that was before: devices report what changes (Apple, "StatusReport").
 */
export const ACTIVATION_TAKES = 30 * MINUTE;

/** Waiting times before a repair: a device that fights back is not hammered. */
const DELAYS = [0, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 24 * HOUR] as const;
/** After this long without a setback the next one is the first again. */
const STABLE_AFTER = 24 * HOUR;

/** How long to wait after `strikes` setbacks. */
function delayAfter(strikes: number): number {
  return DELAYS[Math.min(strikes, DELAYS.length - 1)] as number;
}

/** The first setback may be put right by comparing; a device that holds a declaration of the same token leaves it as it is. */
const COMPARED_BEFORE = 1;

/**
 * How often a declaration was renewed, once it is acted on. Only what the device said counts: what mdm or the device
 * refused as a whole has not been tried.
 */
export function renewalsFor({
  goal,
  renewals = 0,
  setback,
  strikes,
  errorCode,
}: Pick<ManagedItem, 'goal' | 'renewals' | 'setback' | 'strikes' | 'errorCode'>): number {
  const helps = goal === 'present' && setback !== null && errorCode === null && strikes > COMPARED_BEFORE;
  return helps ? renewals + 1 : renewals;
}

export interface Setback {
  readonly strikes: number;
  readonly notBefore: number;
}

/** Setbacks that still count for what has held since `verifiedAt`. */
export function strikesLeft(strikes: number, verifiedAt: number | null, now: number): number {
  return verifiedAt !== null && now - verifiedAt >= STABLE_AFTER ? 0 : strikes;
}

/** A thing that was there is gone or another version: the first time it is put back at once. */
export function afterDrift(strikes: number, now: number): Setback {
  return { strikes: strikes + 1, notBefore: now + delayAfter(strikes) };
}

/** The device refused, or acknowledged what then was not there: never again at once. */
export function afterFailure(strikes: number, now: number): Setback {
  return { strikes: strikes + 1, notBefore: now + delayAfter(strikes + 1) };
}
