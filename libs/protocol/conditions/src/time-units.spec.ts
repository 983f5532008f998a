import fc from 'fast-check';
import {
  addUnits,
  parseTimeUnit,
  TIME_LIMIT,
  unitIndex,
  unitsBetween,
  unitStart,
  type TimeUnit,
} from './time-units.js';
import { parseTime } from './values.js';

const UNITS: readonly TimeUnit[] = ['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second'];
const time = (text: string): number => parseTime(text) ?? NaN;

describe('units of time', () => {
  it('count boundaries, as DATEDIFF does', () => {
    const [before, after] = [time('2026-12-31T23:59:59.999Z'), time('2027-01-01T00:00:00Z')];
    const counts = UNITS.map((unit) => unitsBetween(unit, before, after));
    expect(counts).toEqual([1, 1, 1, 0, 1, 1, 1, 1]);
    expect(unitsBetween('day', after, before)).toBe(-1);
    // 2026-11-22 is a Sunday.
    expect(unitsBetween('week', time('2026-11-21T23:59:59Z'), time('2026-11-22'))).toBe(1);
    expect(unitsBetween('week', time('2026-11-22'), time('2026-11-28T23:59:59Z'))).toBe(0);
    expect(unitsBetween('month', time('1969-12-31T23:59:59Z'), time('1970-01-01'))).toBe(1);
  });

  it('are added as DATEADD does: a month from the 31st is the last day of the next', () => {
    expect(addUnits('month', 1, time('2027-01-31T10:00:00Z'))).toBe(time('2027-02-28T10:00:00Z'));
    expect(addUnits('month', -1, time('2028-03-31'))).toBe(time('2028-02-29'));
    expect(addUnits('year', -1, time('2028-02-29'))).toBe(time('2027-02-28'));
    expect(addUnits('quarter', 2, time('2026-11-30'))).toBe(time('2027-05-30'));
    expect(addUnits('week', -2, time('2026-11-21'))).toBe(time('2026-11-07'));
    expect(addUnits('year', 1e9, 0)).toBe(TIME_LIMIT);
    expect(addUnits('second', -Number.MAX_SAFE_INTEGER, 0)).toBe(-TIME_LIMIT);
  });

  it('begin where their number does', () => {
    const moment = fc.integer({ min: -4e12, max: 8e12 });
    fc.assert(
      fc.property(fc.constantFrom(...UNITS), moment, (unit, at) => {
        const index = unitIndex(unit, at);
        expect(unitStart(unit, index)).toBeLessThanOrEqual(at);
        expect(unitStart(unit, index + 1)).toBeGreaterThan(at);
        expect(unitIndex(unit, unitStart(unit, index))).toBe(index);
      }),
    );
    expect(unitStart('month', 1e12)).toBe(TIME_LIMIT);
    expect(unitStart('day', -1e12)).toBe(-TIME_LIMIT);
  });

  it('have the names of SQL Server, in any case', () => {
    expect(['DD', 'yy', 'mi', 'Week', 'constructor', 'fortnight'].map(parseTimeUnit)).toEqual([
      'day',
      'year',
      'minute',
      'week',
      undefined,
      undefined,
    ]);
  });
});
