import {
  deviceReported,
  profilesReported,
  securityReported,
  type applicationsReported,
} from '@espalier/contracts';
import type { ReceivedEvent } from '@espalier/messaging';
import { isOf } from '../resources/event-kind.js';
import { isUserChannel } from '../resources/enrollment.store.js';
import { classesOfSource } from './inventory.catalogue.js';
import type {
  CatalogueClass,
  InstanceRow,
  InventorySource,
  ReportContext,
  SourceFacts,
} from './inventory.class.js';
import { fingerprint } from './inventory.values.js';

export type InventoryEvent =
  typeof deviceReported | typeof securityReported | typeof profilesReported | typeof applicationsReported;

/** The newest report of one kind from one enrolment. */
export type InventoryReport = {
  [S in InventorySource]: {
    readonly source: S;
    readonly enrollmentId: string;
    readonly at: number;
    readonly facts: SourceFacts[S];
  };
}[InventorySource];

/**
 * The newest report of each kind and enrolment; older ones of the same batch were replaced before anybody saw them.
 * Reports of user channels are about the user and no inventory of the device.
 */
export function newestReports(events: readonly ReceivedEvent<InventoryEvent>[]): InventoryReport[] {
  const newest = new Map<string, InventoryReport>();
  for (const event of events) {
    const report = reportOf(event);
    const key = `${report.source}:${report.enrollmentId}`;
    if (!isUserChannel(report.enrollmentId) && report.at >= (newest.get(key)?.at ?? 0))
      newest.set(key, report);
  }
  return [...newest.values()];
}

function reportOf(event: ReceivedEvent<InventoryEvent>): InventoryReport {
  const { enrollmentId, at } = event.payload;
  if (isOf(event, deviceReported)) return { source: 'device', enrollmentId, at, facts: event.payload.facts };
  if (isOf(event, securityReported))
    return { source: 'security', enrollmentId, at, facts: event.payload.facts };
  if (isOf(event, profilesReported))
    return { source: 'profiles', enrollmentId, at, facts: event.payload.profiles };
  return {
    source: 'applications',
    enrollmentId,
    at,
    facts: event.payload.applications,
  };
}

/** What a report says of one class. */
export interface ReportedGroup {
  readonly class: CatalogueClass;
  readonly rows: readonly InstanceRow[];
}

/** Group to the fingerprint of its instances, and that of all groups that are no gauges together. */
export type Fingerprints = Readonly<Record<string, string>>;

const STEADY = '*';

/** What a report says that the one before did not. */
export interface ReportedNews {
  readonly changed: readonly ReportedGroup[];
  /** False where nothing but gauges has changed. */
  readonly isUnsteady: boolean;
  readonly fingerprints: Fingerprints;
}

/** Compares a report with the one before: first all that is no gauge at once, which nearly always is as it was. */
export function newsOfReport(
  report: InventoryReport,
  context: ReportContext,
  known: Fingerprints,
): ReportedNews {
  const groups = classesOfSource(report.source).map((item) => ({
    class: item as CatalogueClass,
    rows: (item as CatalogueClass).rowsOf(report.facts, context),
  }));
  const gauges = groups.filter((group) => group.class.isGauge);
  const steady = groups.filter((group) => !group.class.isGauge);
  const whole = fingerprint(steady.map(({ rows }) => rows.map(({ key, values }) => [key, values])));
  const isUnsteady = known[STEADY] !== whole;
  const fingerprints: Record<string, string> = { ...known, [STEADY]: whole };
  const changed = (isUnsteady ? groups : gauges).filter((group) => {
    const { group: name } = group.class;
    fingerprints[name] = fingerprintOf(group);
    return fingerprints[name] !== known[name];
  });
  return { changed, isUnsteady, fingerprints };
}

const fingerprintOf = ({ class: { single }, rows }: ReportedGroup): string =>
  single ? (rows[0]?.fingerprint ?? '') : fingerprint(rows.map((row) => [row.key, row.fingerprint]));
