import type { CollectionSchedule } from '@espalier/contracts';
import { z } from 'zod';
import { invalid } from './collection-rule.body.js';

const tokenSchema = z.object({
  '@odata.type': z.string().optional(),
  StartTime: z.iso.datetime({ offset: true }).optional(),
  DaySpan: z.number().int().min(0).optional(),
  HourSpan: z.number().int().min(0).optional(),
  MinuteSpan: z.number().int().min(0).optional(),
  Day: z.number().int().min(1).max(7).optional(),
});

const DAY_MINUTES = 1_440;
const two = (number: number): string => String(number).padStart(2, '0');
const EMPTY = { DayDuration: 0, HourDuration: 0, MinuteDuration: 0, IsGMT: true } as const;

/** Our schedule as ConfigMgr's schedule tokens. @param epoch for tokens that need a beginning; epoch ms */
export function toTokens(schedule: CollectionSchedule | null, epoch: number): object[] {
  if (schedule === null) return [];
  if (schedule.kind === 'interval') {
    const { minutes } = schedule;
    return [
      {
        '@odata.type': '#AdminService.SMS_ST_RecurInterval',
        ...EMPTY,
        StartTime: timeOf(epoch),
        DaySpan: minutes % DAY_MINUTES === 0 ? minutes / DAY_MINUTES : 0,
        HourSpan: minutes % DAY_MINUTES !== 0 && minutes % 60 === 0 ? minutes / 60 : 0,
        MinuteSpan: minutes % 60 === 0 ? 0 : minutes,
      },
    ];
  }
  const start = `${timeOf(epoch).slice(0, 10)}T${schedule.at}:00Z`;
  return schedule.kind === 'daily'
    ? [
        {
          '@odata.type': '#AdminService.SMS_ST_RecurInterval',
          ...EMPTY,
          StartTime: start,
          DaySpan: 1,
          HourSpan: 0,
          MinuteSpan: 0,
        },
      ]
    : [
        {
          '@odata.type': '#AdminService.SMS_ST_RecurWeekly',
          ...EMPTY,
          StartTime: start,
          Day: schedule.weekday + 1,
          ForNumberOfWeeks: 1,
        },
      ];
}

/**
 * Schedule tokens as our schedule: intervals, and days of a week.
 * @throws EspalierError ESP_ADMIN_SERVICE_REQUEST_INVALID where they say what we have no schedule for
 */
export function fromTokens(value: unknown): CollectionSchedule | null {
  const tokens: readonly unknown[] = Array.isArray(value) ? value : value === null ? [] : [value];
  const [first, ...more] = tokens;
  if (first === undefined) return null;
  const parsed = tokenSchema.safeParse(first);
  if (!parsed.success || more.length > 0)
    throw invalid('RefreshSchedule takes one SMS_ST_RecurInterval or SMS_ST_RecurWeekly.');
  const { StartTime, DaySpan = 0, HourSpan = 0, MinuteSpan = 0, Day } = parsed.data;
  const at = StartTime === undefined ? '00:00' : clockOf(Date.parse(StartTime));
  if (Day !== undefined) return { kind: 'weekly', weekday: Day - 1, at };
  const minutes = DaySpan * DAY_MINUTES + HourSpan * 60 + MinuteSpan;
  if (minutes === DAY_MINUTES) return { kind: 'daily', at };
  if (minutes === 0) throw invalid('RefreshSchedule needs DaySpan, HourSpan, MinuteSpan or Day.');
  return { kind: 'interval', minutes };
}

const timeOf = (time: number): string => `${new Date(time).toISOString().slice(0, 19)}Z`;
const clockOf = (time: number): string => {
  const date = new Date(time);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
};
