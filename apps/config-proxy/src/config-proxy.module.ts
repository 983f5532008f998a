import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { configProxyInterface } from '@espalier/contracts';
import { EventPublisher, joinBus } from '@espalier/messaging';
import { drainOnShutdown, startNest } from '@espalier/nest-kit';
import { createInbox, createOutbox, openServiceDatabase, TimeRecorder, type Tx } from '@espalier/persistence';
import { loadKeyring } from '@espalier/secrets';
import type { ServiceKit } from '@espalier/service-kit';
import { ConsoleGate } from './access/console.gate.js';
import { FailureLimiter } from './access/failure-limiter.js';
import { ApiTokenService } from './api-tokens/api-token.service.js';
import { ApiTokenStore } from './api-tokens/api-token.store.js';
import { readBootstrapToken } from './api-tokens/bootstrap-token.js';
import { TokenVerifier } from './api-tokens/token-verifier.js';
import type { ConfigProxyConfig } from './config-proxy.config.js';
import { consoleModule } from './console.module.js';
import { EventHub } from './events/event.hub.js';
import { EventService } from './events/event.service.js';
import { MdmClient } from './mdm/mdm.client.js';
import { configProxyMigrations } from './migrations/index.js';
import { createContentServer } from './content/content.server.js';
import { PackageFolder } from './content/package.folder.js';
import { buildSite, type SiteRooms } from './site.rooms.js';

export type ConfigProxyKit = ServiceKit<ConfigProxyConfig>;

/** The ports that were bound, also where 0 was asked for. */
export interface ConfigProxyPorts {
  readonly console: number;
  readonly content: number;
}

const LAST_USED_FLUSH_MS = 30_000;

/** Connects the rooms of the service with its database and NATS, and opens both doors. */
export async function startConfigProxy(kit: ConfigProxyKit): Promise<ConfigProxyPorts> {
  const { config, logger, metrics, lifecycle } = kit;
  const now = (): Date => new Date();
  const db = await openServiceDatabase(kit, { schema: 'config_proxy', migrations: configProxyMigrations });
  const outbox = createOutbox(db);
  const { messaging, relay } = joinBus(kit, configProxyInterface, outbox);

  const store = new ApiTokenStore(db);
  const verifier = new TokenVerifier({ store, now });
  const tokens = new ApiTokenService({ store, verifier, logger, now, uuid: randomUUID, randomBytes });
  await addBootstrapToken(config, tokens);
  const lastUsed = new TimeRecorder({
    what: 'last uses of tokens',
    write: (times) => store.writeLastUsed(times),
    logger,
    now,
    flushMs: LAST_USED_FLUSH_MS,
  });
  lifecycle.onShutdown('work', 'last uses of tokens', () => lastUsed.stop());
  const gate = new ConsoleGate({ verifier, lastUsed, limiter: new FailureLimiter({ now }) });

  const hub = new EventHub({
    verifyHash: (hash) => verifier.verifyHash(hash),
    used: (id) => lastUsed.touch(id),
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
  const mdm = new MdmClient({ messaging });

  const site = buildSite({
    db,
    inbox: createInbox(db),
    messaging,
    events: new EventPublisher<Tx>(outbox, relay),
    mdm,
    vault: loadKeyring(config.keyringFile, { groupMayRead: true }),
    settings: config,
    replica: config.replica,
    logger,
    now,
  });
  lifecycle.onShutdown('work', 'site', () => site.stop());
  await site.start();
  relay.start();

  const content = await openContentDoor(kit, site);
  const console = await startNest(kit, consoleModule({ mdm, tokens, events, site }), {
    name: 'console',
    host: config.consoleHost,
    port: config.consolePort,
    https: { certFile: config.consoleCertificateFile, keyFile: config.consoleKeyFile },
    trustedProxies: config.consoleTrustedProxies,
    gate,
  });
  return { console: console.port, content };
}

async function addBootstrapToken(config: ConfigProxyConfig, tokens: ApiTokenService): Promise<void> {
  const { bootstrapAdminTokenFile } = config;
  if (bootstrapAdminTokenFile === undefined) return;
  const secret = readBootstrapToken(bootstrapAdminTokenFile);
  if (secret !== undefined) await tokens.addBootstrapToken(secret);
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
