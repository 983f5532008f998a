const MINUTE = 60_000;
const DAY = 86_400_000;

/** Zones that devices name; a made-up flood of names must not fill the memory. */
const KEPT_ZONES = 1_000;
const formats = new Map<string, Intl.DateTimeFormat | undefined>();

/** Undefined where the zone is not known here: such a device is taken to live in UTC. */
function formatOf(zone: string): Intl.DateTimeFormat | undefined {
  if (formats.has(zone)) return formats.get(zone);
  if (formats.size >= KEPT_ZONES) formats.clear();
  let format: Intl.DateTimeFormat | undefined;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    format = undefined;
  }
  formats.set(zone, format);
  return format;
}

/**
 * What a clock on the wall shows in an IANA zone, as if it were UTC (epoch ms). A zone that is null or unknown is UTC.
 */
export function toWallClock(instant: number, zone: string | null): number {
  const format = zone === null ? undefined : formatOf(zone);
  if (format === undefined) return instant;
  const field: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const { type, value } of format.formatToParts(instant)) field[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = field;
  return Date.UTC(year, month - 1, day, hour, minute, second) + (((instant % 1_000) + 1_000) % 1_000);
}

/**
 * The instant at which a clock on the wall shows `wall`. A time that a change of the clock skips is taken as if the
 * clock had not been changed yet (02:30 becomes 03:30); of a time that comes twice, the first one counts.
 */
export function fromWallClock(wall: number, zone: string | null): number {
  if (zone === null || formatOf(zone) === undefined) return wall;
  const offsetAt = (instant: number): number => toWallClock(instant, zone) - instant;
  // Zones change their clock at most once within a day or so: the offsets before and after are all there are.
  const [before, after] = [offsetAt(wall - DAY), offsetAt(wall + DAY)];
  const candidates = [wall - before, wall - after].sort((a, b) => a - b);
  const exact = candidates.find((instant) => toWallClock(instant, zone) === wall);
  return exact ?? wall - before;
}

/** Days since 1970-01-01 of a wall-clock time. */
export function dayNumber(wall: number): number {
  return Math.floor(wall / DAY);
}

export const MS_PER_DAY = DAY;
export const MS_PER_MINUTE = MINUTE;
