import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ApnsClient } from '@espalier/apns';
import type { ProfileSigner } from '@espalier/config-profile';
import { mdmInterface } from '@espalier/contracts';
import { DmzLink, type DeviceRoute } from '@espalier/dmz-link';
import { joinBus } from '@espalier/messaging';
import { createOutbox, openServiceDatabase } from '@espalier/persistence';
import { loadKeyring } from '@espalier/secrets';
import type { ServiceKit } from '@espalier/service-kit';
import { decodePem, encodePem, parseCertificate } from '@espalier/x509';
import type { MdmConfig } from './mdm.config.js';
import { buildRooms } from './mdm.rooms.js';
import { serveRpc } from './mdm.rpc.js';
import { mdmMigrations } from './migrations/index.js';

type Kit = ServiceKit<MdmConfig>;

const pem = (path: string): string => readFileSync(path, 'utf8');
const certificates = (path: string): [Buffer, ...Buffer[]] => {
  const [first, ...more] = decodePem(pem(path), 'CERTIFICATE').map((block) => block.der);
  if (first === undefined) throw new Error(`${path} holds no PEM certificate`);
  return [first, ...more];
};

/** Connects the rooms of the service with its database, NATS, APNs and the DMZ, and starts them. */
export async function startMdm(kit: Kit): Promise<void> {
  const { config, logger, metrics, lifecycle } = kit;
  const db = await openServiceDatabase(kit, { schema: 'mdm', migrations: mdmMigrations });
  const outbox = createOutbox(db);
  const { messaging, relay } = joinBus(kit, mdmInterface, outbox);
  const apns = createApns(kit);
  const { routes, rpc, push, inventoryRounds, lastSeen, retention } = buildRooms({
    db,
    outbox,
    relay,
    apns,
    vault: loadKeyring(config.keyringFile, { groupMayRead: true }),
    scepCa: {
      certificate: parseCertificate(certificates(config.scepCaCertificateFile)[0]),
      key: createPrivateKey(pem(config.scepCaKeyFile)),
    },
    profileSigner: readSigner(config),
    trustedCertificates: config.deviceTrustFile === undefined ? [] : certificates(config.deviceTrustFile),
    settings: config,
    logger,
    metrics,
  });
  lifecycle.onShutdown('intake', 'pushing', () => push.stop());
  lifecycle.onShutdown('intake', 'inventory rounds', () => inventoryRounds.stop());
  lifecycle.onShutdown('work', 'last seen', () => lastSeen.stop());
  lifecycle.onShutdown('work', 'retention', () => retention.stop());

  serveRpc(messaging, rpc);
  relay.start();
  push.start();
  if (config.inventoryHours > 0) inventoryRounds.start();
  startLink(kit, routes);
}

function createApns({ config, logger, metrics, health, lifecycle }: Kit): ApnsClient {
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
  const check = (): void => {
    const { certificateProblem } = apns.status;
    if (certificateProblem !== undefined) throw new Error(certificateProblem);
  };
  health.addCheck('apns', check, { degradedOnly: true });
  lifecycle.onShutdown('connections', 'apns', () => apns.close());
  return apns;
}

function readSigner(config: MdmConfig): ProfileSigner {
  const [certificate, ...chain] = certificates(config.profileSigningCertificateFile);
  return { certificate, key: createPrivateKey(pem(config.profileSigningKeyFile)), chain };
}

function startLink(
  { config, logger, metrics, health, lifecycle }: Kit,
  routes: readonly DeviceRoute[],
): void {
  const link = new DmzLink({
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
  const check = (): void => {
    const down = link.state().targets.filter((target) => target.up === 0);
    if (down.length > 0)
      throw new Error(
        down.map((target) => `${target.target}: ${target.lastError ?? 'not up yet'}`).join('; '),
      );
  };
  health.addCheck('link', check, { degradedOnly: true });
  lifecycle.onShutdown('intake', 'link', () => link.drain(config.shutdownGraceSeconds * 1_000));
  link.start();
}
