import { randomBytes, randomUUID, type KeyObject } from 'node:crypto';
import type { ApnsClient } from '@espalier/apns';
import type { ProfileSigner } from '@espalier/config-profile';
import type { DeviceRoute } from '@espalier/dmz-link';
import { EventPublisher, type OutboxRelay } from '@espalier/messaging';
import { TimeRecorder, type Database, type Outbox, type Tx } from '@espalier/persistence';
import type { Keyring } from '@espalier/secrets';
import { NudgedLoop, RetentionService, type Logger, type Registry } from '@espalier/service-kit';
import type { Certificate } from '@espalier/x509';
import { checkinRoutes } from './checkin/checkin.routes.js';
import { CheckinService } from './checkin/checkin.service.js';
import { CheckinStore } from './checkin/checkin.store.js';
import { CommandQueueStore } from './command-queue/command-queue.store.js';
import { CommandService } from './command-queue/command.service.js';
import { DeliveryService } from './command-queue/delivery.service.js';
import { createDeliveryStore } from './command-queue/delivery.store.js';
import { IntakeService } from './command-queue/intake.service.js';
import { ReportService } from './command-queue/report.service.js';
import { AssignmentStore } from './declarations/assignment.store.js';
import { DeclarationCache } from './declarations/declaration-cache.js';
import { DeclarationService } from './declarations/declaration.service.js';
import { DeclarationStore } from './declarations/declaration.store.js';
import { DeviceDeclarationsService } from './declarations/device-declarations.service.js';
import { enrollmentLinkRoutes } from './enrollment-link/enrollment-link.routes.js';
import { EnrollmentLinkService } from './enrollment-link/enrollment-link.service.js';
import { EnrollmentLinkStore } from './enrollment-link/enrollment-link.store.js';
import { DeviceFactsStore } from './enrollment/device-facts.store.js';
import { EnrollmentStore } from './enrollment/enrollment.store.js';
import { IdentityService } from './identity/identity.service.js';
import { InventoryService } from './inventory/inventory.service.js';
import { InventoryStore } from './inventory/inventory.store.js';
import { StandingCommands } from './inventory/standing-commands.js';
import { LastSeenStore } from './last-seen/last-seen.store.js';
import type { RpcServices } from './mdm.rpc.js';
import { PushService } from './push/push.service.js';
import { PushStore } from './push/push.store.js';

import { CertificateAuthority } from './scep/certificate-authority.js';
import { scepRoutes } from './scep/scep.routes.js';
import { ScepService } from './scep/scep.service.js';
import { ScepStore } from './scep/scep.store.js';
import { StatusReporter } from './status/status-reporter.js';

/** What the rooms need from outside. */
export interface MdmSurroundings {
  readonly db: Database;
  readonly outbox: Pick<Outbox, 'appendAll'>;
  readonly relay: Pick<OutboxRelay, 'nudge'>;
  readonly apns: Pick<ApnsClient, 'push' | 'topic'>;
  readonly vault: Keyring;
  readonly scepCa: { readonly certificate: Certificate; readonly key: KeyObject };
  readonly profileSigner: ProfileSigner;
  /** DER. */
  readonly trustedCertificates: readonly Buffer[];
  readonly settings: {
    readonly organization: string;
    readonly site: string;
    readonly deviceUrl: string;
    readonly signMessage: boolean;
    readonly identityDays: number;
    readonly challengeSeconds: number;
    readonly pushRetrySeconds: readonly number[];
    readonly retentionDays: number;
    /** Hours between two rounds of inventory; 0: devices are asked on request only. */
    readonly inventoryHours: number;
  };
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly now?: () => Date;
  /** From 0 to 1, without 1: spreads rounds of inventory. */
  readonly random?: () => number;
}

/** The service without its connections to the outside. */
export interface MdmRooms {
  readonly routes: readonly DeviceRoute[];
  readonly rpc: RpcServices;
  readonly push: PushService;
  /** Asks devices for inventory by itself; not to be started where that is off. */
  readonly inventoryRounds: NudgedLoop;
  readonly lastSeen: TimeRecorder;
  readonly retention: RetentionService;
}

const DAY_MS = 86_400_000;
const LINK_KEPT_DAYS = 30;
const PRUNED_AT_ONCE = 500;
const LAST_SEEN_FLUSH_MS = 10_000;
const HOUR_MS = 3_600_000;
/** Each second: after an outage a whole fleet is due, and is not asked at once. */
const INVENTORIES_AT_ONCE = 100;

/** Builds the service out of its rooms. Read it from top to bottom: what is below uses what is above. */
export function buildRooms(outside: MdmSurroundings): MdmRooms {
  const { db, apns, vault, settings, logger, metrics, now = () => new Date() } = outside;
  const { outbox, relay, random = Math.random } = outside;
  const topic = (): string => apns.topic;
  const events = new EventPublisher<Tx>(outbox, relay);
  const status = new StatusReporter({ db, events, logger, now });
  const { pushRetrySeconds: retrySeconds } = settings;
  const push = new PushService({
    db,
    store: new PushStore(db),
    apns,
    events,
    status,
    vault,
    logger,
    now,
    retrySeconds,
  });

  const ca = new CertificateAuthority({ ...outside.scepCa, ...settings, now });
  const scepStore = new ScepStore(db);
  const scep = new ScepService({ db, store: scepStore, ca, logger, now });
  const linkStore = new EnrollmentLinkStore(db);
  const links = new EnrollmentLinkService({
    db,
    links: linkStore,
    scep: scepStore,
    ca,
    signer: outside.profileSigner,
    ...settings,
    deviceUrl: settings.deviceUrl.replace(/\/+$/, ''),
    trustedCertificates: outside.trustedCertificates,
    topic,
    now,
    uuid: randomUUID,
    randomBytes,
  });

  const queue = new CommandQueueStore(db);
  const enrollments = new EnrollmentStore(db);
  const intake = new IntakeService({ db, queue, enrollments, push, events, vault, uuid: randomUUID });
  const reports = new ReportService({
    db,
    queue,
    facts: new DeviceFactsStore(),
    events,
    vault,
    logger,
    now,
  });
  const inventory = new InventoryService({
    db,
    store: new InventoryStore(),
    intake,
    standing: new StandingCommands(intake, now),
    push,
    now,
    random,
    everyMs: settings.inventoryHours * HOUR_MS,
  });
  const commands = new CommandService({ db, queue, intake, inventory, events, vault, now, uuid: randomUUID });
  const inventoryRounds = new NudgedLoop({
    name: 'inventory',
    logger,
    // Never more at once: that is the pace.
    run: async () => (await inventory.askDue(INVENTORIES_AT_ONCE), false),
  });
  const lastSeenStore = new LastSeenStore({ db, events });
  const lastSeen = new TimeRecorder({
    what: 'last-seen times',
    write: (times) => lastSeenStore.write(times),
    logger,
    now,
    flushMs: LAST_SEEN_FLUSH_MS,
  });
  const declarationStore = new DeclarationStore(db);
  const assignments = new AssignmentStore(db);
  const declarationCache = new DeclarationCache(declarationStore, vault);
  const declarations = new DeclarationService({
    db,
    store: declarationStore,
    assignments,
    cache: declarationCache,
    queue,
    intake,
    push,
    vault,
    now,
    uuid: randomUUID,
  });
  const deviceDeclarations = new DeviceDeclarationsService({
    db,
    assignments,
    cache: declarationCache,
    events,
    lastSeen,
    now,
  });
  const deliveryStore = createDeliveryStore(db);
  const delivery = new DeliveryService({
    delivery: deliveryStore,
    queue,
    reports,
    lastSeen,
    vault,
    logger,
    now,
  });
  const checkin = new CheckinService({
    db,
    store: new CheckinStore(),
    queue,
    enrollments,
    inventory,
    push,
    events,
    status,
    vault,
    logger,
    topic,
    now,
  });
  const identity = new IdentityService({ ca: ca.certificate, requireSignature: settings.signMessage, now });

  const retention = new RetentionService({
    logger,
    now,
    pruners: {
      commands: {
        prune: (before) => queue.prune(before, PRUNED_AT_ONCE),
        keepMs: settings.retentionDays * DAY_MS,
      },
      submissions: {
        prune: (before) => queue.pruneUnqueued(before, PRUNED_AT_ONCE),
        keepMs: settings.retentionDays * DAY_MS,
      },
      declarations: {
        prune: (before) => declarationStore.prune(before, PRUNED_AT_ONCE),
        keepMs: settings.retentionDays * DAY_MS,
      },
      certificates: {
        prune: (before) => scepStore.pruneCertificates(before),
        keepMs: settings.retentionDays * DAY_MS,
      },
      challenges: { prune: (before) => scepStore.prune(before), keepMs: DAY_MS },
      'enrolment links': { prune: (before) => linkStore.prune(before), keepMs: LINK_KEPT_DAYS * DAY_MS },
    },
  });

  return {
    routes: [
      ...checkinRoutes({ identity, checkin, delivery, declarations: deviceDeclarations, metrics }),
      ...scepRoutes({ scep, ca, metrics }),
      ...enrollmentLinkRoutes(links),
    ],
    rpc: { enrollments, commands, declarations, inventory, links, push },
    push,
    inventoryRounds,
    lastSeen,
    retention,
  };
}
