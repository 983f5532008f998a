import type { MaintenanceWindow } from '@espalier/contracts';
import type { Command } from 'commander';
import { usageError } from '../cli.error.js';

/** How often something comes again. */
export type Recurrence = MaintenanceWindow['recurrence'];

export interface RecurrenceOptions {
  readonly daily?: boolean;
  readonly weekly?: string;
  readonly monthly?: string;
  readonly every?: number;
}

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;
const WEEKS = ['first', 'second', 'third', 'fourth', 'last'] as const;

/** @param every reads the number of `--every` */
export function addRecurrenceOptions(command: Command, every: (written: string) => number): Command {
  return command
    .option('--daily', 'again each day')
    .option('--weekly <weekday>', 'again each week, as in saturday')
    .option('--monthly <day>', 'again each month: 15, last, "second tuesday", "last friday"')
    .option('--every <count>', 'only each second, third … day, week or month', every);
}

/** @throws CliError */
export function readRecurrence({ daily, weekly, monthly, every = 1 }: RecurrenceOptions): Recurrence {
  const ways = [daily === true, weekly !== undefined, monthly !== undefined].filter(Boolean).length;
  if (ways > 1) throw usageError('Say one of --daily, --weekly and --monthly.');
  if (daily === true) return { kind: 'daily', every };
  if (weekly !== undefined) return { kind: 'weekly', every, weekday: readWeekday('--weekly', weekly) };
  if (monthly !== undefined) return readMonthly(monthly.trim().toLowerCase(), every);
  if (every !== 1) throw usageError('--every needs --daily, --weekly or --monthly.');
  return { kind: 'none' };
}

function readMonthly(written: string, every: number): Recurrence {
  if (written === 'last') return { kind: 'monthly-by-date', every, day: 0 };
  if (/^(?:[1-9]|[12]\d|3[01])$/.test(written))
    return { kind: 'monthly-by-date', every, day: Number(written) };
  const [week = '', weekday = '', ...more] = written.split(/\s+/);
  const index = (WEEKS as readonly string[]).indexOf(week);
  if (index < 0 || more.length > 0)
    throw usageError(
      `--monthly is no day of a month: ${written}`,
      'Write it as 15, last, "second tuesday" or "last friday".',
    );
  return { kind: 'monthly-by-weekday', every, week: index + 1, weekday: readWeekday('--monthly', weekday) };
}

function readWeekday(option: string, written: string): number {
  const wanted = written.toLowerCase();
  const index = wanted.length < 2 ? -1 : WEEKDAYS.findIndex((day) => day.startsWith(wanted));
  if (index < 0)
    throw usageError(`${option} names no weekday: ${written}`, `There are: ${WEEKDAYS.join(', ')}.`);
  return index;
}

/** As people say it. */
export function showRecurrence(recurrence: Recurrence): string {
  const each = (unit: string): string =>
    recurrence.kind === 'none' || recurrence.every === 1
      ? `each ${unit}`
      : `each ${recurrence.every} ${unit}s`;
  switch (recurrence.kind) {
    case 'none':
      return 'once';
    case 'daily':
      return each('day');
    case 'weekly':
      return `${each('week')} on ${WEEKDAYS[recurrence.weekday] ?? ''}`;
    case 'monthly-by-weekday':
      return `${each('month')} on the ${WEEKS[recurrence.week - 1] ?? ''} ${WEEKDAYS[recurrence.weekday] ?? ''}`;
    case 'monthly-by-date':
      return `${each('month')} on the ${recurrence.day === 0 ? 'last day' : `${recurrence.day}.`}`;
  }
}
