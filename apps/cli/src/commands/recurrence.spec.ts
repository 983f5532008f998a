import { readRecurrence, showRecurrence, type RecurrenceOptions } from './recurrence.js';

describe('how often a maintenance window comes again', () => {
  it.each<readonly [RecurrenceOptions, object, string]>([
    [{}, { kind: 'none' }, 'once'],
    [{ daily: true }, { kind: 'daily', every: 1 }, 'each day'],
    [{ daily: true, every: 3 }, { kind: 'daily', every: 3 }, 'each 3 days'],
    [{ weekly: 'Sun' }, { kind: 'weekly', every: 1, weekday: 0 }, 'each week on sunday'],
    [{ weekly: 'saturday', every: 2 }, { kind: 'weekly', every: 2, weekday: 6 }, 'each 2 weeks on saturday'],
    [{ monthly: '31' }, { kind: 'monthly-by-date', every: 1, day: 31 }, 'each month on the 31.'],
    [{ monthly: 'Last' }, { kind: 'monthly-by-date', every: 1, day: 0 }, 'each month on the last day'],
    [
      { monthly: 'second  Tuesday' },
      { kind: 'monthly-by-weekday', every: 1, week: 2, weekday: 2 },
      'each month on the second tuesday',
    ],
    [
      { monthly: 'last friday', every: 6 },
      { kind: 'monthly-by-weekday', every: 6, week: 5, weekday: 5 },
      'each 6 months on the last friday',
    ],
  ])('%j', (options, recurrence, words) => {
    const read = readRecurrence(options);
    expect(read).toEqual(recurrence);
    expect(showRecurrence(read)).toBe(words);
  });

  it.each<RecurrenceOptions>([
    { every: 2 },
    { weekly: '' },
    { weekly: 's' },
    { weekly: 'someday' },
    { monthly: '0' },
    { monthly: '32' },
    { monthly: 'fifth monday' },
    { monthly: 'second' },
    { monthly: 'second tuesday night' },
    { daily: true, monthly: '1' },
  ])('%j is refused', (options) => {
    expect(() => readRecurrence(options)).toThrow(expect.objectContaining({ exitCode: 2 }) as Error);
  });
});
