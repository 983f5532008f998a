import { TIME_LIMIT } from '@espalier/conditions';

const DAY = 86_400_000;
const TWO_DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));
/** Dates by day since 1970: the rows of a page share a few, and writing a date takes longest. */
const dates = new Map<number, string>();
const DATES_KEPT = 4_000;

/** A time, epoch ms, as ConfigMgr writes it: `2025-02-15T23:13:23Z`; null for what is no time. */
export function timeText(time: number): string | null {
  if (!(Math.abs(time) <= TIME_LIMIT)) return null;
  const day = Math.floor(time / DAY);
  const seconds = Math.floor((time - day * DAY) / 1_000);
  const minutes = Math.floor(seconds / 60);
  const hour = TWO_DIGITS[Math.floor(minutes / 60)];
  return `${dateText(day)}T${hour}:${TWO_DIGITS[minutes % 60]}:${TWO_DIGITS[seconds % 60]}Z`;
}

function dateText(day: number): string {
  let date = dates.get(day);
  if (date === undefined) {
    date = new Date(day * DAY).toISOString().slice(0, -14);
    if (dates.size >= DATES_KEPT) dates.clear();
    dates.set(day, date);
  }
  return date;
}
