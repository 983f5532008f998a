import { enrollmentAuthenticated, enrollmentEnrolled } from '@espalier/contracts';
import type { ReceivedEvent } from '@espalier/messaging';
import { storedText } from '../inventory/inventory.values.js';
import type { EnrollmentFacts } from './discovery.js';
import type { EnrollmentEvent } from './enrollment.intake.js';
import { isOf } from './event-kind.js';
import { deviceOf, isUserChannel, type EnrollmentRow } from './enrollment.store.js';

/** All that the events of a batch say of one enrolment. */
export interface EnrollmentNews {
  readonly kind: EnrollmentRow['kind'];
  readonly deviceId: string;
  /** The newest state and its time. */
  readonly state: EnrollmentRow['state'];
  readonly at: number;
  readonly enrolledAt: number | null;
  readonly removedAt: number | null;
  /** When the device last came to be enrolled, Authenticate included; null: it only left. */
  readonly broughtAt: number | null;
  readonly facts: EnrollmentFacts | undefined;
  readonly factsAt: number;
  readonly userShortName: string | null;
}

/** Sums up events by enrolment. The result is the same in whatever order they come. */
export function newsOf(events: readonly ReceivedEvent<EnrollmentEvent>[]): Map<string, EnrollmentNews> {
  const news = new Map<string, EnrollmentNews>();
  const ordered = events.toSorted((a, b) => a.payload.at - b.payload.at || rankOf(a) - rankOf(b));
  for (const event of ordered) {
    const { id } = event.payload;
    news.set(id, summed(news.get(id) ?? nothing(id), event));
  }
  return news;
}

/** Which of two facts of one moment came first. */
function rankOf(event: ReceivedEvent<EnrollmentEvent>): number {
  if (isOf(event, enrollmentAuthenticated)) return 0;
  return isOf(event, enrollmentEnrolled) ? 1 : 2;
}

const nothing = (id: string): EnrollmentNews => ({
  kind: isUserChannel(id) ? 'user' : 'device',
  deviceId: deviceOf(id),
  state: 'pending',
  at: 0,
  enrolledAt: null,
  removedAt: null,
  broughtAt: null,
  facts: undefined,
  factsAt: 0,
  userShortName: null,
});

function summed(before: EnrollmentNews, event: ReceivedEvent<EnrollmentEvent>): EnrollmentNews {
  const { at } = event.payload;
  if (isOf(event, enrollmentAuthenticated))
    return { ...before, state: 'pending', at, broughtAt: at, facts: event.payload, factsAt: at };
  if (!isOf(event, enrollmentEnrolled)) return { ...before, state: 'removed', at, removedAt: at };
  const { enrollment, kind, deviceId } = event.payload;
  return {
    ...before,
    kind,
    deviceId,
    state: 'enrolled',
    at,
    enrolledAt: at,
    broughtAt: at,
    ...(kind === 'device' && { facts: enrollment, factsAt: at }),
    userShortName: userNameOf(enrollment.userShortName),
  };
}

const LONGEST_NAME = 255;

/**
 * As it is stored, so that whoever enrols again is found again. SQL Server takes no notice of blanks at the end: with
 * them one name would be two here and one there.
 */
const userNameOf = (shortName: string | null): string | null =>
  storedText((shortName ?? '').trim(), LONGEST_NAME).trim() || null;
