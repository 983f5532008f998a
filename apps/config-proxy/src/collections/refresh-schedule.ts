import type { CollectionSchedule } from '@espalier/contracts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** 1 January 1970 was a Thursday. */
const EPOCH_WEEKDAY = 4;

/** The first time that a schedule names after `now`; epoch ms, UTC. */
export function nextEvaluation(schedule: CollectionSchedule, now: number): number {
  if (schedule.kind === 'interval') return now + schedule.minutes * MINUTE_MS;
  const [hours = 0, minutes = 0] = schedule.at.split(':').map(Number);
  const today = Math.floor(now / DAY_MS);
  const timeOn = (day: number): number => day * DAY_MS + (hours * 60 + minutes) * MINUTE_MS;
  const isWanted = (day: number): boolean =>
    schedule.kind === 'daily' || (day + EPOCH_WEEKDAY) % 7 === schedule.weekday;
  let day = today;
  while (!isWanted(day) || timeOn(day) <= now) day += 1;
  return timeOn(day);
}
