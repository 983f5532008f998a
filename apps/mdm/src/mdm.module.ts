import { createPrivateKey, randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ApnsClient } from '@espalier/apns';
import { mdmInterface } from '@espalier/contracts';
import { DmzLink, type DeviceRoute } from '@espalier/dmz-link';
import { attachMessaging, connectMessaging, OutboxRelay } from '@espalier/messaging';
import { createOutbox, openDatabase, type Database } from '@espalier/persistence';
import { loadKeyring } from '@espalier/secrets';
import type { ServiceKit } from '@espalier/service-kit';
import { decodePem, encodePem, parseCertificate } from '@espalier/x509';
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
import { LastSeenRecorder } from './last-seen/last-seen.recorder.js';
import { SqlLastSeenStore } from './last-seen/last-seen.store.js';
import type { MdmConfig } from './mdm.config.js';
import { serveRpc } from './mdm.rpc.js';
import { mdmMigrations } from './migrations/index.js';
import { EventPublisher } from './outbox/event-publisher.js';
import { PushService } from './push/push.service.js';
import { PushStore } from './push/push.store.js';
import { RetentionService } from './retention/retention.service.js';
import { CertificateAuthority } from './scep/certificate-authority.js';
import { scepRoutes } from './scep/scep.routes.js';
import { ScepService } from './scep/scep.service.js';
import { ScepStore } from './scep/scep.store.js';

const DAY_MS = 86_400_000;
const PRUNE_AT_ONCE = 500;

const now = (): Date => new Date();
const pem = (path: string): string => readFileSync(path, 'utf8');
const certificates = (path: string): Buffer[] =>
  decodePem(pem(path), 'CERTIFICATE').map((block) => block.der);

function firstCertificate(path: string): Buffer {
  const [first] = certificates(path);
  if (first === undefined) throw new Error(`${path} holds no PEM certificate`);
  return first;
}

/** Builds the service out of its rooms and starts it. Read it from top to bottom: what is below uses what is above. */
export async function startMdm(kit: ServiceKit<MdmConfig>): Promise<void> {
  const { config, logger, metrics, health, lifecycle } = kit;
  const vault = loadKeyring(config.keyringFile, { groupMayRead: true });
  const db = await openMdmDatabase(kit);

  const messaging = connectMessaging({
    service: mdmInterface,
    servers: config.natsServers,
    ...(config.natsSeed !== undefined && { nkeySeed: config.natsSeed }),
    replica: config.replica,
    logger,
    metrics,
  });
  const outbox = createOutbox(db);
  const relay = new OutboxRelay({ messaging, store: outbox, logger, metrics });
  attachMessaging(kit, messaging, relay);
  const events = new EventPublisher(outbox, relay);

  const apns = createApns(kit);
  const topic = (): string => apns.topic;
  const push = new PushService({
    db,
    store: new PushStore(db),
    apns,
    events,
    vault,
    logger,
    now,
    retrySeconds: config.pushRetrySeconds,
  });

  const ca = new CertificateAuthority({
    certificate: parseCertificate(firstCertificate(config.scepCaCertificateFile)),
    key: createPrivateKey(pem(config.scepCaKeyFile)),
    organization: config.organization,
    identityDays: config.identityDays,
    now,
  });
  const scepStore = new ScepStore(db);
  const scep = new ScepService({ db, store: scepStore, ca, logger, now });
  const linkStore = new EnrollmentLinkStore(db);
  const links = createLinks(kit, { db, links: linkStore, scep: scepStore, ca, topic });

  const queue = new CommandQueueStore(db);
  const enrollments = new EnrollmentStore(db);
  const lastSeen = new LastSeenRecorder({ store: new SqlLastSeenStore(db), logger, now });
  const commands = new CommandService({ db, queue, enrollments, push, events, vault, now, uuid: randomUUID });
  const reports = new ReportService({ db, queue, facts: new DeviceFactsStore(), events, vault, logger, now });
  const delivery = new DeliveryService({
    delivery: createDeliveryStore(db),
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
    topic,
    now,
  });
  const identity = new IdentityService({ ca: ca.certificate, requireSignature: config.signMessage, now });

  const retention = new RetentionService({
    logger,
    now,
    pruners: {
      commands: {
        prune: (before) => queue.prune(before, PRUNE_AT_ONCE),
        keepMs: config.retentionDays * DAY_MS,
      },
      challenges: { prune: (before) => scepStore.prune(before), keepMs: DAY_MS },
      'enrolment links': { prune: (before) => linkStore.prune(before), keepMs: 30 * DAY_MS },
    },
  });

  const link = createLink(kit, [
    ...checkinRoutes({ identity, checkin, delivery, metrics }),
    ...scepRoutes({ scep, ca, metrics }),
    ...enrollmentLinkRoutes(links),
  ]);

  lifecycle.onShutdown('intake', 'link', () => link.drain(config.shutdownGraceSeconds * 1_000));
  lifecycle.onShutdown('intake', 'pushing', () => push.stop());
  lifecycle.onShutdown('work', 'last seen', () => lastSeen.stop());
  lifecycle.onShutdown('work', 'retention', () => retention.stop());
  lifecycle.onShutdown('connections', 'apns', () => apns.close());
  health.addCheck(
    'link',
    () => {
      const down = link.state().targets.filter((target) => target.up === 0);
      if (down.length > 0)
        throw new Error(
          down.map((target) => `${target.target}: ${target.lastError ?? 'not up yet'}`).join('; '),
        );
    },
    { degradedOnly: true },
  );

  serveRpc(messaging, { enrollments, commands, links, push });
  relay.start();
  push.start();
  link.start();
}

async function openMdmDatabase({
  config,
  logger,
  metrics,
  health,
  lifecycle,
}: ServiceKit<MdmConfig>): Promise<Database> {
  const db = openDatabase({
    url: config.databaseUrl,
    schema: 'mdm',
    migrations: mdmMigrations,
    logger,
    metrics,
  });
  health.addCheck('database', () => db.ping());
  lifecycle.onShutdown('connections', 'database', () => db.close());
  await db.ready();
  if (config.databaseMigrate) await db.migrate();
  else
    health.addCheck('migrations', async () => {
      const pending = await db.pendingMigrations();
      if (pending.length > 0) throw new Error(`not applied yet: ${pending.join(', ')}`);
    });
  return db;
}

function createApns({ config, logger, metrics, health }: ServiceKit<MdmConfig>): ApnsClient {
  const apns = new ApnsClient({
    endpoint: config.apnsEndpoint,
    credentials: () => ({ certificate: pem(config.apnsCertificateFile), key: pem(config.apnsKeyFile) }),
    ...(config.apnsCaFile !== undefined && { ca: pem(config.apnsCaFile) }),
    logger,
    metrics,
  });
  process.on('SIGHUP', () => {
    try {
      apns.reloadCredentials();
    } catch (error) {
      logger.error({ err: error }, 'the push certificate on disk is not usable; the one in use stays');
    }
  });
  health.addCheck(
    'apns',
    () => {
      const { certificateProblem } = apns.status;
      if (certificateProblem !== undefined) throw new Error(certificateProblem);
    },
    { degradedOnly: true },
  );
  return apns;
}

function createLinks(
  { config }: ServiceKit<MdmConfig>,
  rooms: {
    readonly db: Database;
    readonly links: EnrollmentLinkStore;
    readonly scep: ScepStore;
    readonly ca: CertificateAuthority;
    readonly topic: () => string;
  },
): EnrollmentLinkService {
  const [certificate, ...chain] = certificates(config.profileSigningCertificateFile);
  if (certificate === undefined)
    throw new Error(`${config.profileSigningCertificateFile} holds no PEM certificate`);
  return new EnrollmentLinkService({
    ...rooms,
    signer: { certificate, key: createPrivateKey(pem(config.profileSigningKeyFile)), chain },
    organization: config.organization,
    site: config.site,
    deviceUrl: config.deviceUrl.replace(/\/+$/, ''),
    trustedCertificates: config.deviceTrustFile === undefined ? [] : certificates(config.deviceTrustFile),
    signMessage: config.signMessage,
    challengeSeconds: config.challengeSeconds,
    now,
    uuid: randomUUID,
    randomBytes,
  });
}

function createLink(
  { config, logger, metrics }: ServiceKit<MdmConfig>,
  routes: readonly DeviceRoute[],
): DmzLink {
  return new DmzLink({
    targets: config.linkTargets.map((target) => {
      const [host, port] = target.split(':') as [string, string];
      return { host, port: Number(port) };
    }),
    identity: { certificate: pem(config.linkCertificateFile), key: pem(config.linkKeyFile) },
    peerPins: certificates(config.linkPeersFile).map((der) => ({
      certificate: encodePem('CERTIFICATE', der),
      status: 'active',
    })),
    service: 'mdm',
    site: config.site,
    replica: config.replica,
    slots: config.linkSlots,
    routes,
    logger,
    metrics,
  });
}
