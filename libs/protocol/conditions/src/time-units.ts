/** Units of date arithmetic. */
export type TimeUnit = 'year' | 'quarter' | 'month' | 'week' | 'day' | 'hour' | 'minute' | 'second';

/** The farthest from 1970 that a Date can be, in ms. */
export const TIME_LIMIT = 8.64e15;

const DAY = 86_400_000;

/** Units that always last as long. Weeks begin on Sunday: 1970-01-01 was a Thursday, four days into its week. */
const FIXED = {
  week: { length: 7 * DAY, offset: 4 * DAY },
  day: { length: DAY, offset: 0 },
  hour: { length: 3_600_000, offset: 0 },
  minute: { length: 60_000, offset: 0 },
  second: { length: 1_000, offset: 0 },
} as const;

const MONTHS = { year: 12, quarter: 3, month: 1 } as const;

export type FixedUnit = keyof typeof FIXED;

/** True for units that always last as long: weeks and shorter. */
export const isFixedUnit = (unit: TimeUnit): unit is FixedUnit => Object.hasOwn(FIXED, unit);

/** A time lies in unit number `floor((time + offset) / length)`; ms. */
export const fixedUnit = (unit: FixedUnit): { readonly length: number; readonly offset: number } =>
  FIXED[unit];

const clamp = (time: number): number => Math.min(TIME_LIMIT, Math.max(-TIME_LIMIT, time));

/** Number of the unit that the time lies in, counted from the one of 1970-01-01; UTC. */
export function unitIndex(unit: TimeUnit, time: number): number {
  if (isFixedUnit(unit)) return Math.floor((time + FIXED[unit].offset) / FIXED[unit].length);
  const date = new Date(time);
  const months = (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
  return Math.floor(months / MONTHS[unit]);
}

/** The first moment of a unit by its number; ends of time where it lies beyond them. */
export function unitStart(unit: TimeUnit, index: number): number {
  if (isFixedUnit(unit)) return clamp(index * FIXED[unit].length - FIXED[unit].offset);
  const time = new Date(0).setUTCMonth(index * MONTHS[unit]);
  return Number.isNaN(time) ? Math.sign(index) * TIME_LIMIT : time;
}

/** Boundaries of the unit between two times, as SQL Server's DATEDIFF counts them; UTC. */
export const unitsBetween = (unit: TimeUnit, from: number, to: number): number =>
  unitIndex(unit, to) - unitIndex(unit, from);

/** The time so many units later, as SQL Server's DATEADD: 31 January and a month is the last of February; UTC. */
export function addUnits(unit: TimeUnit, amount: number, time: number): number {
  if (isFixedUnit(unit)) return clamp(time + amount * FIXED[unit].length);
  const date = new Date(time);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + amount * MONTHS[unit]);
  if (Number.isNaN(date.getTime())) return Math.sign(amount) * TIME_LIMIT;
  const lastDay = new Date(date.getTime());
  lastDay.setUTCMonth(lastDay.getUTCMonth() + 1, 0);
  const last = lastDay.getUTCDate();
  return clamp(date.setUTCDate(Number.isNaN(last) ? 1 : Math.min(day, last)));
}

const SPELLINGS: Readonly<Record<string, TimeUnit>> = {
  year: 'year',
  yyyy: 'year',
  yy: 'year',
  quarter: 'quarter',
  qq: 'quarter',
  q: 'quarter',
  month: 'month',
  mm: 'month',
  m: 'month',
  week: 'week',
  ww: 'week',
  wk: 'week',
  day: 'day',
  dd: 'day',
  d: 'day',
  hour: 'hour',
  hh: 'hour',
  minute: 'minute',
  mi: 'minute',
  n: 'minute',
  second: 'second',
  ss: 'second',
  s: 'second',
};

/** A unit as queries spell it, in any case: `day`, `dd`, `d` …; undefined where there is no such unit. */
export const parseTimeUnit = (text: string): TimeUnit | undefined => {
  const spelling = text.toLowerCase();
  return Object.hasOwn(SPELLINGS, spelling) ? SPELLINGS[spelling] : undefined;
};
