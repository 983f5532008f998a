import {
  applicationsReported,
  deviceReported,
  devicesSeen,
  enrollmentAuthenticated,
  enrollmentEnrolled,
  enrollmentRemoved,
  profilesReported,
  securityReported,
  type DeviceFacts,
  type Enrollment,
  type EventContract,
  type InstalledApplication,
  type InstalledProfile,
  type SecurityFacts,
} from '@espalier/contracts';
import { EventPublisher, type BatchedEvent, type ReceivedEvent } from '@espalier/messaging';
import {
  createOutbox,
  inboxMigration,
  outboxMigration,
  type Database,
  type Migration,
} from '@espalier/persistence';
import { ChangeLogStore } from '../collections/change-log.store.js';
import type { InventoryEvent } from '../inventory/inventory.reports.js';
import { createCollections } from '../migrations/2026-11-21-create-collections.js';
import { createReportingViews } from '../migrations/2026-11-21-create-reporting-views.js';
import { createResources } from '../migrations/2026-11-21-create-resources.js';
import { createSite } from '../migrations/2026-11-21-create-site.js';
import { showArrays } from '../migrations/2026-11-21-show-arrays.js';
import { NumberSeries } from '../number-series/number-series.js';
import type { EnrollmentEvent } from './enrollment.intake.js';
import { buildResourceRooms, type ResourceRooms } from './resource.rooms.js';

/** Everything that the rooms of resources write to. */
export const resourceMigrations: readonly Migration[] = [
  outboxMigration,
  inboxMigration,
  createSite,
  createResources,
  createCollections,
  createReportingViews,
  showArrays,
];

/** The rooms on a real database, with the real outbox and change log. */
export class ResourceHarness {
  readonly rooms: ResourceRooms;
  /** Resources whose enrolments changed, as the scope heard it. */
  readonly scoped: number[] = [];
  /** Devices that other rooms were told to forget. */
  readonly forgotten: number[] = [];
  now = 1_900_000_000_000;

  constructor(readonly db: Database) {
    this.rooms = buildResourceRooms({
      db,
      events: new EventPublisher(createOutbox(db), { nudge: () => undefined }),
      series: new NumberSeries(),
      changes: new ChangeLogStore(),
      scope: {
        enrollmentsChanged: (_tx, ids) => {
          this.scoped.push(...ids);
          return Promise.resolve();
        },
      },
      forgetDevice: (_tx, id) => {
        this.forgotten.push(id);
        return Promise.resolve();
      },
      siteCode: 'DEV',
      now: () => new Date(this.now),
    });
  }

  /** In one transaction, as one batch. */
  enroll(...events: readonly ReceivedEvent<EnrollmentEvent>[]): Promise<void> {
    return this.db.transaction((tx) => this.rooms.intake.enrollments.handle(batched(events), tx));
  }

  report(...events: readonly ReceivedEvent<InventoryEvent>[]): Promise<void> {
    return this.db.transaction((tx) => this.rooms.intake.inventory.handle(batched(events), tx));
  }

  see(...seen: readonly { enrollmentId: string; at: number }[]): Promise<void> {
    const event = received(devicesSeen, { seen: [...seen] });
    return this.db.transaction((tx) => this.rooms.intake.presence.handle(batched([event]), tx));
  }

  /** The devices that there are, in the order of their ids. */
  async devices(): Promise<{ id: number; name: string; state: string; smsid: string | null }[]> {
    const { items } = await this.rooms.resources.list({ limit: 500, orderBy: 'resourceId' });
    return items.map(({ resourceId, name, state, smsid }) => ({ id: resourceId, name, state, smsid }));
  }

  /** Takes what collections have been told: ids with the classes that changed. */
  async takeChanges(): Promise<Record<number, string[]>> {
    const log = new ChangeLogStore();
    const waiting = await this.db.transaction(async (tx) => {
      await log.unpack(tx, 1_000, () => true);
      const oldest = await log.oldest(tx, 1_000);
      await log.remove(tx, oldest);
      return oldest;
    });
    const changes: Record<number, string[]> = {};
    for (const { resourceId, classes } of waiting)
      changes[resourceId] = [...(changes[resourceId] ?? []), ...classes];
    return changes;
  }

  /** Takes the events that were published, as `what` by resource. */
  async takeEvents(): Promise<string[]> {
    const rows = await this.db.query<{ payload: string }>('SELECT payload FROM {outbox} ORDER BY sequence');
    await this.db.execute('DELETE FROM {outbox}');
    return rows.map(({ payload }) => {
      const { resourceId, what } = JSON.parse(payload) as { resourceId: number; what: string };
      return `${what} ${resourceId}`;
    });
  }

  async count(table: string): Promise<number> {
    const [row] = await this.db.query<{ n: number }>(`SELECT COUNT(*) AS n FROM {${table}}`);
    return row?.n ?? 0;
  }
}

const batched = <C extends EventContract>(events: readonly ReceivedEvent<C>[]): BatchedEvent<C>[] =>
  events.map((event) => ({ event, meta: {} as BatchedEvent<C>['meta'] }));

function received<C extends EventContract>(contract: C, payload: unknown): ReceivedEvent<C> {
  return { contract, event: contract.event, payload: contract.payload.parse(payload) } as ReceivedEvent<C>;
}

/** A Mac as mdm tells of it. */
export interface SpecMac {
  readonly udid: string;
  readonly serial: string | null;
  readonly name?: string;
  readonly osVersion?: string;
}

const enrollmentOf = (mac: SpecMac, at: number): Enrollment => ({
  id: mac.udid,
  kind: 'device',
  deviceId: mac.udid,
  state: 'enrolled',
  serialNumber: mac.serial,
  deviceName: mac.name ?? `Mac of ${mac.udid}`,
  model: 'Mac14,2',
  modelName: 'MacBook Air',
  productName: 'Mac14,2',
  osVersion: mac.osVersion ?? '15.1',
  buildVersion: '24B83',
  userShortName: null,
  push: 'ok',
  certificateFingerprint: 'ab',
  certificateNotAfter: null,
  authenticatedAt: at,
  enrolledAt: at,
  removedAt: null,
  lastSeenAt: at,
});

export const authenticated = (mac: SpecMac, at: number): ReceivedEvent<typeof enrollmentAuthenticated> =>
  received(enrollmentAuthenticated, {
    id: mac.udid,
    at,
    serialNumber: mac.serial,
    model: 'Mac14,2',
    deviceName: mac.name ?? `Mac of ${mac.udid}`,
    again: false,
    identityChanged: false,
  });

export const enrolled = (mac: SpecMac, at: number): ReceivedEvent<typeof enrollmentEnrolled> =>
  received(enrollmentEnrolled, {
    id: mac.udid,
    deviceId: mac.udid,
    kind: 'device',
    at,
    enrollment: enrollmentOf(mac, at),
  });

export const userEnrolled = (
  mac: SpecMac,
  userShortName: string,
  at: number,
): ReceivedEvent<typeof enrollmentEnrolled> => {
  const id = `${mac.udid}:U-${userShortName}`;
  return received(enrollmentEnrolled, {
    id,
    deviceId: mac.udid,
    kind: 'user',
    at,
    enrollment: { ...enrollmentOf(mac, at), id, kind: 'user', userShortName },
  });
};

export const removed = (id: string, at: number): ReceivedEvent<typeof enrollmentRemoved> =>
  received(enrollmentRemoved, { id, at });

export const factsOf = (mac: SpecMac, facts: Partial<DeviceFacts> = {}): DeviceFacts => ({
  udid: mac.udid,
  hardwareUuid: null,
  serialNumber: mac.serial,
  deviceName: mac.name ?? `Mac of ${mac.udid}`,
  hostName: 'lab.example.com',
  localHostName: 'lab',
  model: 'Mac14,2',
  modelName: 'MacBook Air',
  modelNumber: 'Z15S',
  productName: 'Mac14,2',
  platform: 'mac',
  osVersion: mac.osVersion ?? '15.1',
  buildVersion: '24B83',
  supplementalBuildVersion: null,
  isAppleSilicon: true,
  isSupervised: true,
  timeZone: 'Europe/Berlin',
  deviceCapacity: 500_000_000_000,
  availableCapacity: 250_000_000_000,
  batteryPercent: 80,
  wifiMac: 'aa:bb:cc:00:00:01',
  bluetoothMac: 'aa:bb:cc:00:00:02',
  ethernetMacs: ['aa:bb:cc:00:00:03'],
  imei: null,
  phoneNumber: null,
  lastCloudBackupAt: null,
  activationLockEnabled: false,
  lostModeEnabled: false,
  ...facts,
});

export const device = (
  mac: SpecMac,
  at: number,
  facts: Partial<DeviceFacts> = {},
): ReceivedEvent<typeof deviceReported> =>
  received(deviceReported, { enrollmentId: mac.udid, at, askedAt: at, facts: factsOf(mac, facts) });

export const security = (
  mac: SpecMac,
  at: number,
  facts: Partial<SecurityFacts> = {},
): ReceivedEvent<typeof securityReported> =>
  received(securityReported, {
    enrollmentId: mac.udid,
    at,
    askedAt: at,
    facts: {
      fileVaultEnabled: true,
      hasPersonalRecoveryKey: true,
      hasInstitutionalRecoveryKey: false,
      firewallEnabled: false,
      systemIntegrityProtection: true,
      secureBootLevel: 'full',
      recoveryLockEnabled: null,
      remoteDesktopEnabled: null,
      passcodePresent: null,
      passcodeCompliant: null,
      userApprovedEnrollment: true,
      enrolledViaDep: true,
      ...facts,
    },
  });

export const app = (
  name: string,
  version: string,
  identifier: string | null = `com.example.${name}`,
): InstalledApplication => ({
  identifier,
  name,
  version: `${version}.1`,
  shortVersion: version,
  bundleSize: 10_485_760,
  managed: false,
});

export const applications = (
  mac: SpecMac,
  at: number,
  ...list: readonly InstalledApplication[]
): ReceivedEvent<typeof applicationsReported> =>
  received(applicationsReported, { enrollmentId: mac.udid, at, askedAt: at, applications: [...list] });

export const profiles = (
  mac: SpecMac,
  at: number,
  ...list: readonly InstalledProfile[]
): ReceivedEvent<typeof profilesReported> =>
  received(profilesReported, { enrollmentId: mac.udid, at, askedAt: at, profiles: [...list] });
