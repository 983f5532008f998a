import type { MaintenanceWindow } from '@espalier/contracts';
import { dayNumber, fromWallClock, MS_PER_DAY, MS_PER_MINUTE, toWallClock } from './wall-clock.js';

/** Recurrences repeat within a year; a start further away is looked for from there. */
const LOOK_AHEAD_DAYS = 800;
/** The longest window lasts a day, and zones differ from UTC by 14 hours. */
const LOOK_BACK_DAYS = 3;

interface Span {
  readonly start: number;
  readonly end: number;
}

/** True while required work may be done. A window is open from its start (included) to its end (excluded). */
export function isOpen(window: MaintenanceWindow, now: number, zone: string | null): boolean {
  const span = nextSpan(window, now, zone);
  return span !== undefined && span.start <= now;
}

/**
 * When the window opens next: `now` where it is open, null where it never opens again. Disabled windows do not open.
 */
export function nextOpening(window: MaintenanceWindow, now: number, zone: string | null): number | null {
  const span = nextSpan(window, now, zone);
  return span === undefined ? null : Math.max(now, span.start);
}

/** The first span that ends after `now`. */
function nextSpan(window: MaintenanceWindow, now: number, deviceZone: string | null): Span | undefined {
  if (!window.enabled) return undefined;
  const zone = window.localTime ? deviceZone : null;
  const firstDay = dayNumber(window.startAt);
  const timeOfDay = window.startAt - firstDay * MS_PER_DAY;
  const from = Math.max(firstDay, dayNumber(toWallClock(now, zone)) - LOOK_BACK_DAYS);
  for (let day = from; day <= from + LOOK_AHEAD_DAYS; day += 1) {
    if (!fallsOn(window, firstDay, day)) continue;
    const start = fromWallClock(day * MS_PER_DAY + timeOfDay, zone);
    const end = start + window.durationMinutes * MS_PER_MINUTE;
    if (end > now) return { start, end };
  }
  return undefined;
}

/**
 * True where the window opens on a day. Weeks begin on Sunday and count from the week of the first start, months from
 * its month; a day that a month has not got is the last one of that month.
 */
function fallsOn({ recurrence }: MaintenanceWindow, firstDay: number, day: number): boolean {
  switch (recurrence.kind) {
    case 'none':
      return day === firstDay;
    case 'daily':
      return (day - firstDay) % recurrence.every === 0;
    case 'weekly':
      return (
        weekdayOf(day) === recurrence.weekday && (weekOf(day) - weekOf(firstDay)) % recurrence.every === 0
      );
    case 'monthly-by-weekday': {
      const { monthOfEra, date, daysInMonth } = calendarOf(day);
      if (weekdayOf(day) !== recurrence.weekday || !inMonth(monthOfEra)) return false;
      return recurrence.week === 5 ? date + 7 > daysInMonth : Math.ceil(date / 7) === recurrence.week;
    }
    case 'monthly-by-date': {
      const { monthOfEra, date, daysInMonth } = calendarOf(day);
      const wanted = recurrence.day === 0 ? daysInMonth : Math.min(recurrence.day, daysInMonth);
      return date === wanted && inMonth(monthOfEra);
    }
  }
  function inMonth(monthOfEra: number): boolean {
    const { every } = recurrence as { every: number };
    return (monthOfEra - calendarOf(firstDay).monthOfEra) % every === 0;
  }
}

/** 1970-01-01 was a Thursday. */
const weekdayOf = (day: number): number => (((day + 4) % 7) + 7) % 7;
const weekOf = (day: number): number => Math.floor((day + 4) / 7);

function calendarOf(day: number): { monthOfEra: number; date: number; daysInMonth: number } {
  const at = new Date(day * MS_PER_DAY);
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()];
  return {
    monthOfEra: year * 12 + month,
    date: at.getUTCDate(),
    daysInMonth: new Date(Date.UTC(year, month + 1, 0)).getUTCDate(),
  };
}

/** What the windows of a device say of required work. */
export interface WindowState {
  /** True also where there is no window at all. */
  readonly open: boolean;
  /** Where it is not open: when one opens; null where none ever does. */
  readonly opensAt: number | null;
  /** Some are in the local time of a device that has not told its zone. */
  readonly zoneUnknown: boolean;
}

/** All windows together: work may be done while any enabled general one is open. */
export function windowState(
  windows: readonly MaintenanceWindow[],
  now: number,
  zone: string | null,
): WindowState {
  const general = windows.filter((window) => window.enabled && window.type === 'general');
  const zoneUnknown = zone === null && general.some((window) => window.localTime);
  if (general.length === 0) return { open: true, opensAt: null, zoneUnknown };
  const openings = general
    .map((window) => nextOpening(window, now, zone))
    .filter((opening) => opening !== null);
  const opensAt = openings.length === 0 ? null : Math.min(...openings);
  return { open: opensAt !== null && opensAt <= now, opensAt: opensAt === now ? null : opensAt, zoneUnknown };
}
