import { usageError } from '../cli.error.js';

const two = (value: number): string => String(value).padStart(2, '0');

/** `2026-11-21 14:05` in the time zone of whoever looks. */
export function showTime(epochMs: number | null | undefined): string | null {
  if (epochMs === null || epochMs === undefined) return null;
  const at = new Date(epochMs);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** `14:05:09` in the time zone of whoever looks. */
export function showClock(epochMs: number): string {
  const at = new Date(epochMs);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** `3d 4h`, `12m 5s`: the two largest units. */
export function showDuration(ms: number): string {
  const parts: string[] = [];
  let rest = Math.abs(ms);
  for (const [unit, length] of UNITS) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0 || (unit === 's' && parts.length === 0)) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join(' ');
}

const RELATIVE = /^\+(\d{1,4}(?:m|h|d|w))$/;
const LENGTH = /^(\d{1,4})(m|h|d|w)$/;
const LENGTHS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const WRITTEN = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(Z|[+-]\d\d:\d\d)?)?$/;

/** Milliseconds of a length such as `90m`, `4h`, `7d`; undefined where it is none. */
export function readLength(written: string): number | undefined {
  const [, count = '', unit] = LENGTH.exec(written) ?? [];
  return unit === undefined ? undefined : Number(count) * LENGTHS[unit as keyof typeof LENGTHS];
}

/**
 * Epoch milliseconds of a time as people write it: `now`, `+2h`, `+3d`, `2026-12-01`, `2026-12-01T18:00`, in the local
 * time zone unless it names one. With `asUtc` the wall-clock time is taken as if it were UTC.
 * @throws CliError naming the option
 */
export function readTime(option: string, written: string, now: Date, asUtc = false): number {
  if (written === 'now') return asUtc ? wallClock(now.getTime()) : now.getTime();
  const ahead = readLength(RELATIVE.exec(written)?.[1] ?? '');
  if (ahead !== undefined) {
    const at = now.getTime() + ahead;
    return asUtc ? wallClock(at) : at;
  }
  const match = WRITTEN.exec(written);
  const zone = match?.[1];
  if (match !== null && !(asUtc && zone !== undefined)) {
    const full = written.length === 10 ? `${written}T00:00` : written.replace(' ', 'T');
    const at = Date.parse(asUtc ? `${full}Z` : full);
    if (!Number.isNaN(at) && isDay(written.slice(0, 10))) return at;
  }
  throw usageError(
    `${option} is no time: ${written}`,
    asUtc
      ? 'With --local-time write it without a zone: 2026-12-01T18:00, or +3d.'
      : 'Write it as 2026-12-01, 2026-12-01T18:00 (your time zone), 2026-12-01T18:00Z, now, +2h or +3d.',
  );
}

/** Whether the calendar has this day: `Date` takes 30 February for 2 March. */
function isDay(written: string): boolean {
  return new Date(`${written}T00:00Z`).toISOString().startsWith(written);
}

/** What the clock on the wall shows at this time, as if it were UTC. */
function wallClock(epochMs: number): number {
  return epochMs - new Date(epochMs).getTimezoneOffset() * 60_000;
}
