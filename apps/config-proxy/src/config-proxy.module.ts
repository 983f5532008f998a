import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { configProxyInterface } from '@espalier/contracts';
import { EventPublisher, joinBus } from '@espalier/messaging';
import { drainOnShutdown, endpointsOf, startNest } from '@espalier/nest-kit';
import { createInbox, createOutbox, openServiceDatabase, type Tx } from '@espalier/persistence';
import { loadKeyring } from '@espalier/secrets';
import type { ServiceKit } from '@espalier/service-kit';
import { routedUrl } from './admin-service/admin-service.rooms.js';
import { auditTargetsOf } from './admin-service/admin-service.targets.js';
import { buildAccessRooms } from './access/access.rooms.js';
import { callerOf } from './access/caller.js';
import type { ApiTokenService } from './api-tokens/api-token.service.js';
import { readBootstrapToken } from './api-tokens/bootstrap-token.js';
import type { AuditRecorder } from './audit/audit.entry.js';
import { byItself } from './audit/audit.log.js';
import type { ConfigProxyConfig } from './config-proxy.config.js';
import { consoleControllers, consoleModule } from './console.module.js';
import { EventHub } from './events/event.hub.js';
import { EventService } from './events/event.service.js';
import { MdmClient } from './mdm/mdm.client.js';
import { configProxyMigrations } from './migrations/index.js';
import { createContentServer } from './content/content.server.js';
import { PackageFolder } from './content/package.folder.js';
import { buildSignIn, signInTransport } from './sign-in/sign-in.rooms.js';
import { buildSite, type SiteRooms } from './site.rooms.js';

export type ConfigProxyKit = ServiceKit<ConfigProxyConfig>;

/** The ports that were bound, also where 0 was asked for. */
export interface ConfigProxyPorts {
  readonly console: number;
  readonly content: number;
}

const HOUR_MS = 3_600_000;

/** Connects the rooms of the service with its database and NATS, and opens both doors. */
export async function startConfigProxy(
  kit: ConfigProxyKit,
  now = (): Date => new Date(),
): Promise<ConfigProxyPorts> {
  const { config, logger, metrics, lifecycle } = kit;
  const db = await openServiceDatabase(kit, { schema: 'config_proxy', migrations: configProxyMigrations });
  const outbox = createOutbox(db);
  const { messaging, relay } = joinBus(kit, configProxyInterface, outbox);

  const mdm = new MdmClient({ messaging });
  const authenticators = await buildSignIn(config, { logger, now });
  const restMs = config.approverRestHours * HOUR_MS;
  const access = buildAccessRooms({ db, mdm, authenticators, restMs, logger, now });
  lifecycle.onShutdown('work', 'last uses of tokens', () => access.stop());

  const hub = new EventHub({
    checkAgain: access.checkAgain,
    maxListeners: config.consoleEventListeners,
    logger,
    metrics,
  });
  const events = new EventService({
    messaging,
    hub,
    contracts: configProxyInterface.tails,
    stallMs: config.consoleEventStallSeconds * 1_000,
  });
  lifecycle.onShutdown('intake', 'event listeners', async () => {
    hub.stop();
    await events.stop();
  });

  const site = buildSite({
    db,
    inbox: createInbox(db),
    messaging,
    events: new EventPublisher<Tx>(outbox, relay),
    mdm,
    vault: loadKeyring(config.keyringFile, { groupMayRead: true }),
    settings: config,
    visibility: access.visibility,
    replica: config.replica,
    logger,
    now,
  });
  lifecycle.onShutdown('work', 'site', () => site.stop());
  site.collections.addDependant(access.administrators.ofCollections);
  await addBootstrapToken(config, access.tokens, site.audit.audit);
  await site.start();
  relay.start();

  const transport = signInTransport(config);
  const content = await openContentDoor(kit, site);
  const console = await startNest(kit, consoleModule({ mdm, access, events, site }), {
    name: 'console',
    host: config.consoleHost,
    port: config.consolePort,
    https: {
      certFile: config.consoleCertificateFile,
      keyFile: config.consoleKeyFile,
      ...(transport.clients !== undefined && { clients: transport.clients }),
    },
    ...(transport.headLimit !== undefined && { headLimit: transport.headLimit }),
    trustedProxies: config.consoleTrustedProxies,
    gate: access.gate,
    rewriteUrl: routedUrl,
    hooks: site.audit.hooks({
      endpoints: endpointsOf(consoleControllers),
      callerOf,
      targetsOf: auditTargetsOf,
    }),
  });
  return { console: console.port, content };
}

async function addBootstrapToken(
  config: ConfigProxyConfig,
  tokens: ApiTokenService,
  audit: AuditRecorder,
): Promise<void> {
  const { bootstrapAdminTokenFile } = config;
  if (bootstrapAdminTokenFile === undefined) return;
  const secret = readBootstrapToken(bootstrapAdminTokenFile);
  if (secret === undefined) return;
  await tokens.addBootstrapToken(secret, (id) =>
    audit.recordAlone({
      ...byItself,
      action: 'bootstrap-token.add',
      outcome: 'succeeded',
      targets: [{ type: 'api-token', id }],
    }),
  );
}

/** Gives the port that was bound. */
async function openContentDoor(
  { config, logger, lifecycle }: ConfigProxyKit,
  site: SiteRooms,
): Promise<number> {
  const log = logger.child({ server: 'content' });
  const packages = new PackageFolder(config.contentFolder);
  const server = createContentServer({ packages, content: site.library.contents, logger: log });
  drainOnShutdown(lifecycle, 'content', server);
  server.listen(config.contentPort, config.contentHost);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  log.info({ host: config.contentHost, port, folder: config.contentFolder }, 'listening');
  return port;
}
