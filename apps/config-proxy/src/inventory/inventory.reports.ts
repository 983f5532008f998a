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
  readonly fingerprint: string;
  readonly rows: readonly InstanceRow[];
}

/** What a report says, class by class. */
export function groupsOf(report: InventoryReport, context: ReportContext): ReportedGroup[] {
  const { source, facts } = report;
  return classesOfSource(source).map((item) => {
    const rows = (item as CatalogueClass).rowsOf(facts, context);
    return {
      class: item,
      rows,
      fingerprint: item.single
        ? (rows[0]?.fingerprint ?? '')
        : fingerprint(rows.map((row) => [row.key, row.fingerprint])),
    };
  });
}
