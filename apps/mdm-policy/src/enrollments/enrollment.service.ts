import {
  enrollmentAuthenticated,
  enrollmentEnrolled,
  type DeviceFacts,
  type Enrollment,
  type enrollmentRemoved,
} from '@espalier/contracts';
import type { ReceivedEvent } from '@espalier/messaging';
import type { Database, Tx } from '@espalier/persistence';
import type { AgendaStore } from '../agenda/agenda.store.js';
import { isEvent } from '../is-event.js';
import type { EnrollmentRow, EnrollmentStore } from './enrollment.store.js';
import { platformOf } from './platform.js';

export type EnrollmentContract =
  typeof enrollmentAuthenticated | typeof enrollmentEnrolled | typeof enrollmentRemoved;
type EnrollmentEvent = ReceivedEvent<EnrollmentContract>;

/** What a device says of itself. */
export interface FactsReport {
  readonly enrollmentId: string;
  readonly at: number;
  readonly facts: DeviceFacts;
}

export interface EnrollmentServiceOptions {
  readonly db: Database;
  readonly store: EnrollmentStore;
  readonly agenda: AgendaStore;
  readonly now: () => Date;
}

/**
 * How old the noted time of what a device says may be before it is renewed. Nobody decides by that time but
 * `withFacts`, by which a late report never replaces a newer one: a time within the hour keeps away all that is older
 * than it. What could pass is a report that was overtaken by one less than an hour after the noted time that took it
 * back: three answers of one device in an hour, where it is asked once a day. Its next report puts that right.
 */
const NOTED_EVERY_MS = 3_600_000;

/** Takes in who is enrolled, and what the devices are. Times of the events decide, not the order of arrival. */
export class EnrollmentService {
  constructor(private readonly options: EnrollmentServiceOptions) {}

  async handle(tx: Tx, events: readonly EnrollmentEvent[]): Promise<void> {
    await this.#change(
      tx,
      events.map((event) => ({ id: event.payload.id, apply: (row) => afterEvent(row, event) })),
    );
  }

  /** What mdm says of enrolments, where events did not tell of it: they were lost, or are older than this service. */
  async learn(tx: Tx, enrollments: readonly Enrollment[]): Promise<void> {
    const known = await this.options.store.load(
      tx,
      enrollments.map((enrollment) => enrollment.id),
    );
    const isNews = (enrollment: Enrollment, row: EnrollmentRow | undefined): boolean =>
      row === undefined || (enrollment.state === 'enrolled' && row.state_at < sinceOf(enrollment));
    await this.#change(
      tx,
      enrollments
        .filter((enrollment) => isNews(enrollment, known.get(enrollment.id)))
        .map((enrollment) => ({
          id: enrollment.id,
          apply: (row) => (isNews(enrollment, row) ? enrolled(row, enrollment, sinceOf(enrollment)) : row),
        })),
    );
  }

  /**
   * Nearly every report says what was known: a batch of those is one statement that reads, and locks and writes
   * nothing (see {@link NOTED_EVERY_MS}). Repeated, it changes nothing.
   * @returns whether something else was said: enrolments may have become due
   */
  async learnFacts(reports: readonly FactsReport[]): Promise<boolean> {
    const { db, store } = this.options;
    const known = await store.load(db, [...new Set(reports.map(({ enrollmentId }) => enrollmentId))]);
    const told = new Map(known);
    for (const { enrollmentId, at, facts } of reports) {
      const row = withFacts(told.get(enrollmentId) ?? unheardOf(enrollmentId), at, facts);
      if (row !== undefined) told.set(enrollmentId, row);
    }
    const { same = [], other = [] } = Object.groupBy([...told.values()], (row) =>
      known.has(row.id) && toldOfItself(row) === toldOfItself(known.get(row.id)) ? 'same' : 'other',
    );
    const stale = same.filter(
      (row) => (row.facts_at ?? 0) - (known.get(row.id)?.facts_at ?? 0) >= NOTED_EVERY_MS,
    );
    const missed = (await store.confirm(db, stale)) < stale.length ? stale : [];
    const news = [...other, ...missed];
    if (news.length > 0) await db.transaction((tx) => this.#changeFacts(tx, reports, news));
    return news.length > 0;
  }

  async #changeFacts(tx: Tx, reports: readonly FactsReport[], rows: readonly EnrollmentRow[]): Promise<void> {
    const { store, agenda, now } = this.options;
    const ids = new Set(rows.map((row) => row.id));
    // They are looked at too where their device moved, and all locks are taken in one order.
    const users = await store.usersOf(tx, [...ids]);
    // Nothing holds a row that is not there yet: the event of the enrolment may be writing it just now.
    const isUnheardOf = rows.some((row) => row.state_at === 0);
    await this.#change(
      tx,
      reports
        .filter(({ enrollmentId }) => ids.has(enrollmentId))
        .map(({ enrollmentId, at, facts }) => ({
          id: enrollmentId,
          apply: (row) => withFacts(row ?? unheardOf(enrollmentId), at, facts),
        })),
      (claimed) => {
        const locked = [...claimed, ...users];
        return isUnheardOf ? agenda.touch(tx, locked, now().getTime()) : agenda.lock(tx, locked);
      },
    );
  }

  async #change(
    tx: Tx,
    changes: readonly { id: string; apply: (row: EnrollmentRow | undefined) => EnrollmentRow | undefined }[],
    claim = (ids: readonly string[]): Promise<unknown> =>
      this.options.agenda.touch(tx, ids, this.options.now().getTime()),
  ): Promise<void> {
    const { store, agenda, now } = this.options;
    const ids = [...new Set(changes.map((change) => change.id))];
    await claim(ids);
    const rows = await store.load(tx, ids);
    const known = new Map(rows);
    const changed = new Set<string>();
    for (const { id, apply } of changes) {
      const before = rows.get(id);
      const after = apply(before);
      if (after === undefined || after === before) continue;
      rows.set(id, after);
      changed.add(id);
    }
    const written = [...changed].map((id) => rows.get(id) as EnrollmentRow);
    await store.save(tx, written);
    // A new enrolment begins with nothing, and a device that is gone has nothing of ours.
    const over = written.filter(
      (row) => row.state === 'removed' || row.epoch_at > (known.get(row.id)?.epoch_at ?? 0),
    );
    await store.forget(
      tx,
      over.map((row) => row.id),
    );
    // What is planned goes by these; user channels live by the clock of their device.
    const moved = written
      .filter((row) => row.kind === 'device' && toldOfItself(row) !== toldOfItself(known.get(row.id)))
      .map((row) => row.id);
    await agenda.touch(tx, [...moved, ...(await store.usersOf(tx, moved))], now().getTime());
  }
}

const toldOfItself = (row: EnrollmentRow | undefined): string =>
  `${row?.platform ?? ''} ${row?.time_zone ?? ''}`;

function afterEvent(row: EnrollmentRow | undefined, event: EnrollmentEvent): EnrollmentRow | undefined {
  const { at, id } = event.payload;
  if (isEvent(event, enrollmentEnrolled)) return enrolled(row, event.payload.enrollment, at);
  if (isEvent(event, enrollmentAuthenticated)) {
    const { model } = event.payload;
    if (row === undefined)
      return {
        ...NOTHING_KNOWN,
        id,
        state: 'pending',
        state_at: at,
        epoch_at: at,
        platform: platformOf(model),
      };
    const epoch_at = Math.max(row.epoch_at, at);
    if (at < row.state_at) return epoch_at === row.epoch_at ? row : { ...row, epoch_at };
    return { ...row, state: 'pending', state_at: at, epoch_at };
  }
  if (row === undefined) return { ...NOTHING_KNOWN, id, state: 'removed', state_at: at, epoch_at: 0 };
  return at < row.state_at ? row : { ...row, state: 'removed', state_at: at };
}

const sinceOf = ({ enrolledAt, authenticatedAt }: Enrollment): number => enrolledAt ?? authenticatedAt;

/** What the device told of itself stays. */
function enrolled(row: EnrollmentRow | undefined, enrollment: Enrollment, at: number): EnrollmentRow {
  const told = rowOf(enrollment, at);
  if (row === undefined) return told;
  const epoch_at = Math.max(row.epoch_at, told.epoch_at);
  if (at < row.state_at) return epoch_at === row.epoch_at ? row : { ...row, epoch_at };
  return {
    ...told,
    epoch_at,
    platform: row.platform ?? told.platform,
    time_zone: row.time_zone,
    facts_at: row.facts_at,
  };
}

const NOTHING_KNOWN = { kind: 'device', platform: null, time_zone: null, facts_at: null } as const;

function rowOf(enrollment: Enrollment, at: number): EnrollmentRow {
  return {
    ...NOTHING_KNOWN,
    id: enrollment.id,
    kind: enrollment.kind,
    state: enrollment.state,
    state_at: at,
    epoch_at: enrollment.authenticatedAt,
    platform: platformOf(enrollment.productName, enrollment.model, enrollment.modelName),
  };
}

/** A device whose report was faster than the event of its enrolment; user channels tell nothing of the kind. */
const unheardOf = (id: string): EnrollmentRow | undefined =>
  id.includes(':') ? undefined : { ...NOTHING_KNOWN, id, state: 'pending', state_at: 0, epoch_at: 0 };

function withFacts(
  row: EnrollmentRow | undefined,
  at: number,
  { platform, timeZone }: DeviceFacts,
): EnrollmentRow | undefined {
  if (row === undefined || at <= (row.facts_at ?? 0)) return row;
  return {
    ...row,
    platform: platform === 'unknown' ? row.platform : platform,
    time_zone: timeZone?.slice(0, 64) ?? row.time_zone,
    facts_at: at,
  };
}
