import type { MaintenanceWindow } from '@espalier/contracts';
import fc from 'fast-check';
import { fromWallClock, toWallClock } from './wall-clock.js';
import { isOpen, nextOpening, windowState } from './windows.js';

const MINUTE = 60_000;
const DAY = 86_400_000;
const ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Pacific/Apia',
  'UTC',
  null,
  'Mars/Olympus',
];

const recurrence: fc.Arbitrary<MaintenanceWindow['recurrence']> = fc.oneof(
  fc.constant({ kind: 'none' as const }),
  fc.record({ kind: fc.constant('daily' as const), every: fc.integer({ min: 1, max: 31 }) }),
  fc.record({
    kind: fc.constant('weekly' as const),
    every: fc.integer({ min: 1, max: 4 }),
    weekday: fc.integer({ min: 0, max: 6 }),
  }),
  fc.record({
    kind: fc.constant('monthly-by-weekday' as const),
    every: fc.integer({ min: 1, max: 3 }),
    week: fc.integer({ min: 1, max: 5 }),
    weekday: fc.integer({ min: 0, max: 6 }),
  }),
  fc.record({
    kind: fc.constant('monthly-by-date' as const),
    every: fc.integer({ min: 1, max: 3 }),
    day: fc.integer({ min: 0, max: 31 }),
  }),
);
const FIRST = Date.UTC(2026, 1, 20);
const anyWindow: fc.Arbitrary<MaintenanceWindow> = fc.record({
  id: fc.constant('00000000-0000-4000-8000-000000000001'),
  name: fc.constant('window'),
  enabled: fc.constant(true),
  type: fc.constant('general' as const),
  startAt: fc.integer({ min: 0, max: 60 * 24 * 60 }).map((minutes) => FIRST + minutes * MINUTE),
  durationMinutes: fc.integer({ min: 5, max: 1_440 }),
  localTime: fc.boolean(),
  recurrence,
});

/** Written from the words of the contract, by another way than the implementation: by walking dates one by one. */
function recurs({ recurrence: rule, startAt }: MaintenanceWindow, day: Date): boolean {
  const first = new Date(Math.floor(startAt / DAY) * DAY);
  if (day < first) return false;
  const month = (date: Date): number => date.getUTCFullYear() * 12 + date.getUTCMonth();
  const lastOfMonth = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 0)).getUTCDate();
  const sunday = (date: Date): number => date.getTime() - date.getUTCDay() * DAY;
  switch (rule.kind) {
    case 'none':
      return day.getTime() === first.getTime();
    case 'daily':
      return ((day.getTime() - first.getTime()) / DAY) % rule.every === 0;
    case 'weekly':
      return (
        day.getUTCDay() === rule.weekday && ((sunday(day) - sunday(first)) / (7 * DAY)) % rule.every === 0
      );
    case 'monthly-by-weekday': {
      if ((month(day) - month(first)) % rule.every !== 0) return false;
      const such: number[] = [];
      for (let date = 1; date <= lastOfMonth; date += 1)
        if (new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), date)).getUTCDay() === rule.weekday)
          such.push(date);
      return such.at(rule.week === 5 ? -1 : rule.week - 1) === day.getUTCDate();
    }
    case 'monthly-by-date':
      if ((month(day) - month(first)) % rule.every !== 0) return false;
      return day.getUTCDate() === (rule.day === 0 ? lastOfMonth : Math.min(rule.day, lastOfMonth));
  }
}

/** Every minute at which the window is open, over the days. */
function openMinutes(
  window: MaintenanceWindow,
  from: number,
  days: number,
  zone: string | null,
): Set<number> {
  const open = new Set<number>();
  const timeOfDay = window.startAt % DAY;
  for (let day = Math.floor(from / DAY) - 3; day <= from / DAY + days + 3; day += 1) {
    if (!recurs(window, new Date(day * DAY))) continue;
    const start = fromWallClock(day * DAY + timeOfDay, window.localTime ? zone : null);
    for (let minute = 0; minute < window.durationMinutes; minute += 1) open.add(start + minute * MINUTE);
  }
  return open;
}

describe('maintenance windows', () => {
  it('are open at exactly the minutes that a walk over all minutes finds', () => {
    fc.assert(
      fc.property(
        anyWindow,
        fc.constantFrom(...ZONES),
        fc.integer({ min: -2, max: 70 }),
        (window, zone, offset) => {
          const from = FIRST + offset * DAY;
          const days = 40;
          const open = openMinutes(window, from, days, zone);
          let expected: number | undefined;
          // Backwards, so that the next open minute is known at each.
          for (let at = from + days * DAY; at >= from; at -= 53 * MINUTE) {
            for (let minute = at + 52 * MINUTE; minute >= at; minute -= MINUTE)
              if (open.has(minute)) expected = minute;
            expect(isOpen(window, at, zone)).toBe(open.has(at));
            if (expected !== undefined) expect(nextOpening(window, at, zone)).toBe(expected);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('never open again once a single one is over, and not at all when disabled', () => {
    const window: MaintenanceWindow = {
      id: '00000000-0000-4000-8000-000000000001',
      name: 'once',
      enabled: true,
      type: 'general',
      startAt: FIRST,
      durationMinutes: 60,
      localTime: false,
      recurrence: { kind: 'none' },
    };
    expect(nextOpening(window, FIRST - 1, null)).toBe(FIRST);
    expect(isOpen(window, FIRST + 59 * MINUTE, null)).toBe(true);
    expect(nextOpening(window, FIRST + 60 * MINUTE, null)).toBeNull();
    expect(windowState([window], FIRST + DAY, null)).toMatchObject({ open: false, opensAt: null });
    expect(isOpen({ ...window, enabled: false }, FIRST, null)).toBe(false);
    expect(windowState([{ ...window, enabled: false }], FIRST + DAY, null).open).toBe(true);
    expect(windowState([{ ...window, type: 'updates' }], FIRST + DAY, null).open).toBe(true);
  });
});

describe('wall-clock time', () => {
  it('gives back what was read off the clock, but for times that a change of the clock skips', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('2020-01-01'), max: new Date('2035-01-01'), noInvalidDate: true }),
        fc.constantFrom(...ZONES),
        (date, zone) => {
          const instant = date.getTime();
          const back = fromWallClock(toWallClock(instant, zone), zone);
          // Of a time that comes twice, the first one counts.
          expect([instant, instant - 60 * MINUTE, instant - 30 * MINUTE]).toContain(back);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('takes a skipped time as if the clock had not been changed yet, and the first of a doubled one', () => {
    expect(new Date(fromWallClock(Date.UTC(2026, 2, 29, 2, 30), 'Europe/Berlin')).toISOString()).toBe(
      '2026-03-29T01:30:00.000Z',
    );
    expect(new Date(fromWallClock(Date.UTC(2026, 9, 25, 2, 30), 'Europe/Berlin')).toISOString()).toBe(
      '2026-10-25T00:30:00.000Z',
    );
    expect(fromWallClock(FIRST, 'Mars/Olympus')).toBe(FIRST);
  });
});
