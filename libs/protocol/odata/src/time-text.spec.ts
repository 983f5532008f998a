import fc from 'fast-check';
import { timeText } from './time-text.js';

describe('times', () => {
  it('are written as ISO 8601 has them, without fractions of a second', () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (date) => {
        expect(timeText(date.getTime())).toBe(date.toISOString().replace(/\.\d{3}Z$/, 'Z'));
      }),
      { numRuns: 1_000 },
    );
    expect(timeText(-1)).toBe('1969-12-31T23:59:59Z');
  });

  it('are null where there is no such time', () => {
    expect([Number.NaN, Infinity, -9e15].map(timeText)).toEqual([null, null, null]);
  });

  it('are right also where there were more dates than are remembered', () => {
    for (let day = 0; day < 4_100; day += 1) timeText(day * 86_400_000);
    expect(timeText(Date.UTC(2026, 10, 21, 10, 5, 6, 999))).toBe('2026-11-21T10:05:06Z');
  });
});
