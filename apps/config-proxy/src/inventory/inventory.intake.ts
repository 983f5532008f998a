import type { BatchedEvent } from '@espalier/messaging';
import type { Tx } from '@espalier/persistence';
import type { ResourceChange } from '../collections/change-log.store.js';
import { DISCOVERY_COLUMNS, discoveryOfFacts, type Discovery } from '../resources/discovery.js';
import type { EnrollmentIntake } from '../resources/enrollment.intake.js';
import type { EnrollmentNews } from '../resources/enrollment.news.js';
import { deviceOf, type EnrolledResource, type EnrollmentStore } from '../resources/enrollment.store.js';
import { identityEvidence } from '../resources/identity.js';
import { ResourceBatch, type ResourceSurroundings } from '../resources/resource.batch.js';
import { namesOf } from './inventory.catalogue.js';
import type { CatalogueClass } from './inventory.class.js';
import {
  newestReports,
  newsOfReport,
  type InventoryEvent,
  type InventoryReport,
} from './inventory.reports.js';
import type { GroupChange, InventoryStore, StoredReport } from './inventory.store.js';

export interface InventoryIntakeOptions extends ResourceSurroundings {
  readonly inventory: InventoryStore;
  readonly enrollments: EnrollmentStore;
  readonly enrolling: Pick<EnrollmentIntake, 'apply'>;
}

/** A report with the resource that it is about. */
interface Placed {
  readonly report: InventoryReport;
  readonly resource: EnrolledResource;
  readonly stored: StoredReport;
}

/**
 * Takes reports in, many at once: what is the same as before writes nothing but its time. Events may come late, twice
 * and in any order, since older reports change nothing.
 */
export class InventoryIntake {
  constructor(private readonly options: InventoryIntakeOptions) {}

  async handle(events: readonly BatchedEvent<InventoryEvent>[], tx: Tx): Promise<void> {
    const reports = newestReports(events.map(({ event }) => event));
    if (reports.length === 0) return;
    const placed = await this.#place(tx, reports);
    const changes = new Map<CatalogueClass, GroupChange[]>();
    const written: StoredReport[] = [];
    const telling: Placed[] = [];
    for (const item of placed) {
      const { report, resource, stored } = item;
      const news = newsOfReport(report, { userName: resource.last_user_name }, stored.fingerprints);
      for (const group of news.changed) {
        const list = changes.get(group.class) ?? [];
        list.push({ resourceId: resource.resource_id, at: report.at, rows: group.rows });
        changes.set(group.class, list);
      }
      if (news.isUnsteady || isToldByOthers(item)) telling.push(item);
      written.push({ ...stored, reported_at: report.at, fingerprints: news.fingerprints });
    }
    await this.#discover(tx, telling);
    for (const [item, list] of changes) await this.options.inventory.replace(tx, item, list);
    await this.options.inventory.writeReports(tx, written);
    await this.options.changes.record(tx, changesOf(changes));
  }

  /** Finds the resource of each report and leaves out what is older than what is stored. */
  async #place(tx: Tx, reports: readonly InventoryReport[]): Promise<Placed[]> {
    const { enrollments, inventory } = this.options;
    const ids = [...new Set(reports.map(({ enrollmentId }) => enrollmentId))].sort();
    let known = await enrollments.resourcesOf(tx, ids);
    if (known.length < ids.length) {
      await this.#introduce(tx, reports, new Set(known.map(({ enrollment_id }) => enrollment_id)));
      known = await enrollments.resourcesOf(tx, ids);
    }
    const byEnrollment = new Map(known.map((row) => [row.enrollment_id, row]));
    const wanted = reports.flatMap((report) => {
      const resource = byEnrollment.get(report.enrollmentId);
      return resource === undefined ? [] : [{ report, resource }];
    });
    const stored = await inventory.claimReports(
      tx,
      wanted.map(({ report, resource }) => ({ resource_id: resource.resource_id, source: report.source })),
    );
    const byKey = new Map(stored.map((row) => [`${row.resource_id}:${row.source}`, row]));
    const newest = new Map<StoredReport, Placed>();
    for (const { report, resource } of wanted) {
      const row = byKey.get(`${resource.resource_id}:${report.source}`);
      if (row === undefined || report.at <= row.reported_at) continue;
      // A device with two enrolments may have reported on both.
      if (report.at > (newest.get(row)?.report.at ?? 0)) newest.set(row, { report, resource, stored: row });
    }
    return [...newest.values()];
  }

  /** Reports may overtake the event of the enrolment: the device is made known by what the report tells of it. */
  async #introduce(tx: Tx, reports: readonly InventoryReport[], known: ReadonlySet<string>): Promise<void> {
    const news = new Map<string, EnrollmentNews>();
    for (const report of reports) {
      const { enrollmentId } = report;
      if (known.has(enrollmentId)) continue;
      const facts = report.source === 'device' ? report.facts : undefined;
      if (facts === undefined && news.has(enrollmentId)) continue;
      news.set(enrollmentId, {
        kind: 'device',
        deviceId: deviceOf(enrollmentId),
        state: 'pending',
        at: 0,
        enrolledAt: null,
        removedAt: null,
        broughtAt: null,
        facts: facts ?? { serialNumber: null, deviceName: null, model: null },
        factsAt: 0,
        userShortName: null,
      });
    }
    await this.options.enrolling.apply(news, tx);
  }

  /** Keeps what reports tell of the device itself; locks only records that change. */
  async #discover(tx: Tx, placed: readonly Placed[]): Promise<void> {
    const told = placed.flatMap(({ report, resource }) =>
      report.source === 'device'
        ? [
            {
              id: resource.resource_id,
              at: report.at,
              discovery: discoveryOfFacts(report.enrollmentId, report.facts),
            },
          ]
        : [],
    );
    if (told.length === 0) return;
    const byId = await this.options.store.discoveries(
      tx,
      told.map(({ id }) => id),
    );
    const news = told.filter(({ id, discovery }) => tellsMore(byId.get(id), discovery));
    if (news.length === 0) return;
    const batch = new ResourceBatch(tx, this.options);
    await batch.load(
      news.map(({ id }) => id),
      // Rivals for the serial number that it has, and for the one that it had.
      news.flatMap(({ id, discovery }) => [
        identityEvidence({ serialNumber: discovery.serial_number }),
        identityEvidence({ serialNumber: byId.get(id)?.serial_number }),
      ]),
    );
    for (const { id, discovery, at } of news) {
      const handle = batch.get(id);
      if (handle !== undefined) batch.learn(handle, discovery, at);
    }
    await batch.flush();
  }
}

/** Whether somebody else has told of the device since its report before: then it may tell what is no news to itself. */
const isToldByOthers = ({ report, resource, stored }: Placed): boolean =>
  resource.facts_at > stored.reported_at || resource.udid !== report.enrollmentId;

const tellsMore = (known: Discovery | undefined, told: Discovery): boolean =>
  known !== undefined && DISCOVERY_COLUMNS.some((name) => told[name] !== null && told[name] !== known[name]);

function changesOf(changes: ReadonlyMap<CatalogueClass, readonly GroupChange[]>): ResourceChange[] {
  const classes = new Map<number, string[]>();
  for (const [item, list] of changes)
    for (const { resourceId } of list)
      classes.set(resourceId, [...(classes.get(resourceId) ?? []), ...namesOf(item)]);
  return [...classes].map(([resourceId, names]) => ({ resourceId, classes: names }));
}
