import { nextEvaluation } from './refresh-schedule.js';

const saturday = Date.UTC(2026, 10, 21, 10, 30);

describe('the next evaluation', () => {
  it.each([
    [{ kind: 'interval', minutes: 90 } as const, '2026-11-21T12:00:00.000Z'],
    [{ kind: 'daily', at: '23:05' } as const, '2026-11-21T23:05:00.000Z'],
    [{ kind: 'daily', at: '10:30' } as const, '2026-11-22T10:30:00.000Z'],
    [{ kind: 'daily', at: '00:00' } as const, '2026-11-22T00:00:00.000Z'],
    [{ kind: 'weekly', weekday: 6, at: '11:00' } as const, '2026-11-21T11:00:00.000Z'],
    [{ kind: 'weekly', weekday: 6, at: '09:00' } as const, '2026-11-28T09:00:00.000Z'],
    [{ kind: 'weekly', weekday: 0, at: '09:00' } as const, '2026-11-22T09:00:00.000Z'],
  ])('of %j is the first time after now', (schedule, expected) => {
    expect(new Date(nextEvaluation(schedule, saturday)).toISOString()).toBe(expected);
  });
});
