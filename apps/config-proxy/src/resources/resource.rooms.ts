import {
  applicationsReported,
  deviceReported,
  devicesSeen,
  enrollmentAuthenticated,
  enrollmentEnrolled,
  enrollmentRemoved,
  profilesReported,
  securityReported,
} from '@espalier/contracts';
import type { EventPublisher, InboxOptions, Messaging, Registration } from '@espalier/messaging';
import type { Database, Inbox, Tx } from '@espalier/persistence';
import type { ChangeSink } from '../collections/change-log.store.js';
import { InventoryIntake } from '../inventory/inventory.intake.js';
import { InventoryService } from '../inventory/inventory.service.js';
import { InventoryStore } from '../inventory/inventory.store.js';
import type { NumberSeries } from '../number-series/number-series.js';
import type { ScopeSink } from '../scope/scope.interfaces.js';
import { AffinityStore } from '../users/affinity.store.js';
import { UserService } from '../users/user.service.js';
import { EnrollmentIntake } from './enrollment.intake.js';
import { EnrollmentStore } from './enrollment.store.js';
import { ExtensionDataStore } from './extension-data.store.js';
import { PresenceIntake } from './presence.intake.js';
import { ResourceService } from './resource.service.js';
import { ResourceStore } from './resource.store.js';
import { SeenStore } from './seen.store.js';

/** What the rooms of resources, inventory and users need. */
export interface ResourceRoomsOptions {
  readonly db: Database;
  readonly events: Pick<EventPublisher<Tx>, 'publishAll'>;
  readonly series: Pick<NumberSeries, 'take'>;
  /** Collections hear of changed facts. */
  readonly changes: ChangeSink;
  /** The scope hears of changed enrolments. */
  readonly scope: ScopeSink;
  /** Other rooms forget a device that is deleted. */
  readonly forgetDevice: (tx: Tx, resourceId: number) => Promise<void>;
  readonly siteCode: string;
  readonly now: () => Date;
}

export interface ResourceRooms {
  readonly resources: ResourceService;
  readonly inventory: InventoryService;
  readonly users: UserService;
  readonly intake: {
    readonly enrollments: EnrollmentIntake;
    readonly inventory: InventoryIntake;
    readonly presence: PresenceIntake;
  };
  /** Begins to take in what mdm says. */
  consume(messaging: Pick<Messaging, 'consumeBatches'>, inbox: Inbox): readonly Registration[];
}

/** Reports of one transaction: more would hold its locks for long, fewer would cost a round trip each. */
const REPORTS_AT_ONCE = 500;
/** Each holds up to a thousand times. */
const SEEN_AT_ONCE = 20;

export function buildResourceRooms(options: ResourceRoomsOptions): ResourceRooms {
  const { db } = options;
  const store = new ResourceStore();
  const enrollments = new EnrollmentStore();
  const inventory = new InventoryStore();
  const affinity = new AffinityStore();
  const around = { ...options, store, enrollments, inventory, affinity };
  const enrolling = new EnrollmentIntake(around);
  const intake = {
    enrollments: enrolling,
    inventory: new InventoryIntake({ ...around, enrolling }),
    presence: new PresenceIntake(new SeenStore()),
  };
  return {
    resources: new ResourceService({ ...around, extensionData: new ExtensionDataStore() }),
    inventory: new InventoryService({ db, resources: store, inventory }),
    users: new UserService(around),
    intake,
    consume: (messaging, store) => {
      const inbox: InboxOptions<Tx> = { store, transaction: (work) => db.transaction(work) };
      return [
        messaging.consumeBatches([enrollmentAuthenticated, enrollmentEnrolled, enrollmentRemoved], {
          durable: 'enrollments',
          max: REPORTS_AT_ONCE,
          inbox,
          handleBatch: (events, tx) => intake.enrollments.handle(events, tx),
        }),
        messaging.consumeBatches([deviceReported, securityReported, profilesReported, applicationsReported], {
          durable: 'inventory',
          max: REPORTS_AT_ONCE,
          inbox,
          handleBatch: (events, tx) => intake.inventory.handle(events, tx),
        }),
        messaging.consumeBatches([devicesSeen], {
          durable: 'presence',
          max: SEEN_AT_ONCE,
          inbox,
          handleBatch: (events, tx) => intake.presence.handle(events, tx),
        }),
      ];
    },
  };
}
