import { randomBytes, randomUUID, type KeyObject } from 'node:crypto';
import type { ApnsClient } from '@espalier/apns';
import type { ProfileSigner } from '@espalier/config-profile';
import type { DeviceRoute } from '@espalier/dmz-link';
import type { OutboxRelay } from '@espalier/messaging';
import { TimeRecorder, type Database, type Outbox } from '@espalier/persistence';
import type { Keyring } from '@espalier/secrets';
import type { Logger, Registry } from '@espalier/service-kit';
import type { Certificate } from '@espalier/x509';
import { checkinRoutes } from './checkin/checkin.routes.js';
import { CheckinService } from './checkin/checkin.service.js';
import { CheckinStore } from './checkin/checkin.store.js';
import { CommandQueueStore } from './command-queue/command-queue.store.js';
import { CommandService } from './command-queue/command.service.js';
import { DeliveryService } from './command-queue/delivery.service.js';
import { createDeliveryStore } from './command-queue/delivery.store.js';
import { ReportService } from './command-queue/report.service.js';
import { enrollmentLinkRoutes } from './enrollment-link/enrollment-link.routes.js';
import { EnrollmentLinkService } from './enrollment-link/enrollment-link.service.js';
import { EnrollmentLinkStore } from './enrollment-link/enrollment-link.store.js';
import { DeviceFactsStore } from './enrollment/device-facts.store.js';
import { EnrollmentStore } from './enrollment/enrollment.store.js';
import { IdentityService } from './identity/identity.service.js';
import { LastSeenStore } from './last-seen/last-seen.store.js';
import type { RpcServices } from './mdm.rpc.js';
import { EventPublisher } from './outbox/event-publisher.js';
import { PushService } from './push/push.service.js';
import { PushStore } from './push/push.store.js';
import { RetentionService } from './retention/retention.service.js';
import { CertificateAuthority } from './scep/certificate-authority.js';
import { scepRoutes } from './scep/scep.routes.js';
import { ScepService } from './scep/scep.service.js';
import { ScepStore } from './scep/scep.store.js';

/** What the rooms need from outside. */
export interface MdmSurroundings {
  readonly db: Database;
  readonly outbox: Pick<Outbox, 'append'>;
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
  };
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly now?: () => Date;
}

/** The service without its connections to the outside. */
export interface MdmRooms {
  readonly routes: readonly DeviceRoute[];
  readonly rpc: RpcServices;
  readonly push: PushService;
  readonly lastSeen: TimeRecorder;
  readonly retention: RetentionService;
}

const DAY_MS = 86_400_000;
const LINK_KEPT_DAYS = 30;
const PRUNED_AT_ONCE = 500;
const LAST_SEEN_FLUSH_MS = 10_000;

/** Builds the service out of its rooms. Read it from top to bottom: what is below uses what is above. */
export function buildRooms(outside: MdmSurroundings): MdmRooms {
  const { db, apns, vault, settings, logger, metrics, now = () => new Date() } = outside;
  const topic = (): string => apns.topic;
  const events = new EventPublisher(outside.outbox, outside.relay);
  const { pushRetrySeconds: retrySeconds } = settings;
  const push = new PushService({
    db,
    store: new PushStore(db),
    apns,
    events,
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
  const commands = new CommandService({ db, queue, enrollments, push, events, vault, now, uuid: randomUUID });
  const reports = new ReportService({ db, queue, facts: new DeviceFactsStore(), events, vault, logger, now });
  const lastSeenStore = new LastSeenStore(db);
  const lastSeen = new TimeRecorder({
    what: 'last-seen times',
    write: (times) => lastSeenStore.write(times),
    logger,
    now,
    flushMs: LAST_SEEN_FLUSH_MS,
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
    push,
    events,
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
      ...checkinRoutes({ identity, checkin, delivery, metrics }),
      ...scepRoutes({ scep, ca, metrics }),
      ...enrollmentLinkRoutes(links),
    ],
    rpc: { enrollments, commands, links, push },
    push,
    lastSeen,
    retention,
  };
}
