import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { LinkTimings } from '@espalier/link';
import type { Health, Lifecycle, Logger } from '@espalier/service-kit';
import type { Registry } from 'prom-client';
import { DeviceListener, type DeviceTlsIdentity } from './device-listener/device-listener.js';
import type { DmzProxyConfig } from './dmz-proxy.config.js';
import { DmzProxyMetrics } from './dmz-proxy.metrics.js';
import { AllowedPeers } from './link-listener/allowed-peers.js';
import { LinkListener, type LinkIdentity } from './link-listener/link-listener.js';
import { LinkRegistry } from './links/link-registry.js';

/** What the edge is started with: a part of service-kit's ServiceKit. */
export interface DmzProxyKit {
  readonly config: DmzProxyConfig & { readonly replica: string };
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly health: Health;
  readonly lifecycle: Lifecycle;
  readonly timings?: LinkTimings;
}

/** A running edge. */
export interface DmzProxy {
  readonly devicePort: number;
  readonly linkPort: number;
  readonly registry: LinkRegistry;
  /** Reads certificates, keys and peers again; where one cannot be used, all stay as they are. */
  reload(): Promise<void>;
}

const LINK_DRAIN_MS = 2_000;

/** Starts both ports and ties them to health, metrics and shutdown. */
export async function startDmzProxy(kit: DmzProxyKit): Promise<DmzProxy> {
  const { config, logger, health, lifecycle } = kit;
  const metrics = new DmzProxyMetrics(kit.metrics);
  const registry = new LinkRegistry({
    maxStreamsPerLink: config.maxStreamsPerLink,
    queueLength: config.queueLength,
    queueWaitMs: config.queueSeconds * 1_000,
  });
  const links = await LinkListener.start({
    host: config.linkHost,
    port: config.linkPort,
    dmzId: config.replica,
    identity: await readLinkIdentity(config),
    allowFrom: config.linkAllowFrom,
    registry,
    metrics,
    logger,
    ...(kit.timings !== undefined && { timings: kit.timings }),
  });
  const devices = await DeviceListener.start({
    host: config.deviceHost,
    port: config.devicePort,
    identity: await readDeviceIdentity(config),
    registry,
    permitted: () => links.permitted,
    metrics,
    logger,
    maxConnections: config.maxConnections,
    maxConnectionsPerAddress: config.maxConnectionsPerAddress,
    handshakesPerSecondPerAddress: config.handshakesPerSecondPerAddress,
    keepAliveMs: config.keepAliveSeconds * 1_000,
    stallMs: config.stallSeconds * 1_000,
  });
  watchMetrics(metrics, registry, links, devices);

  health.addCheck('routes', () => {
    const missing = config.requiredPrefixes.filter((prefix) => !registry.serves(prefix));
    if (missing.length > 0) throw new Error(`no link serves ${missing.join(', ')}`);
  });
  lifecycle.onShutdown('intake', 'device port', (deadline) =>
    devices.drain(config.drainDelaySeconds * 1_000, deadline),
  );
  lifecycle.onShutdown('connections', 'device port', () => devices.close());
  lifecycle.onShutdown('connections', 'link port', async () => {
    links.stop();
    await registry.drain(LINK_DRAIN_MS);
  });

  const reload = async (): Promise<void> => {
    const [device, link] = await Promise.all([readDeviceIdentity(config), readLinkIdentity(config)]);
    devices.replaceIdentity(device);
    links.replaceIdentity(link);
    logger.info('certificates and peers were read again');
  };
  logger.info({ devicePort: devices.port, linkPort: links.port }, 'listening');
  return { devicePort: devices.port, linkPort: links.port, registry, reload };
}

async function readLinkIdentity(config: DmzProxyConfig): Promise<LinkIdentity> {
  const [certificate, key, peers] = await Promise.all([
    readFile(config.linkCertificateFile, 'utf8'),
    readFile(config.linkKeyFile, 'utf8'),
    AllowedPeers.read(config.peersFile),
  ]);
  return { certificate, key, peers };
}

async function readDeviceIdentity(config: DmzProxyConfig): Promise<DeviceTlsIdentity> {
  const { deviceCaFile, ticketKeysFile } = config;
  const [certificate, key, clientCa, ticketKeys] = await Promise.all([
    readFile(config.deviceCertificateFile, 'utf8'),
    readFile(config.deviceKeyFile, 'utf8'),
    deviceCaFile === undefined ? undefined : readFile(deviceCaFile, 'utf8'),
    ticketKeysFile === undefined ? undefined : readFile(ticketKeysFile),
  ]);
  return { certificate, key, clientCa, ticketKeys };
}

function watchMetrics(
  metrics: DmzProxyMetrics,
  registry: LinkRegistry,
  links: LinkListener,
  devices: DeviceListener,
): void {
  metrics.watch({
    links: () =>
      [...registry.links].map((link) => ({
        service: link.hello.service,
        replica: link.hello.replica,
        slot: link.hello.slot,
        streams: link.inFlight.count,
        rttSeconds: link.rttMs === undefined ? undefined : link.rttMs / 1_000,
        outboundQueueBytes: link.outboundQueueBytes,
      })),
    linkBytes: () => links.bytes,
    queueDepth: () => registry.queueDepth,
    deviceConnections: () => devices.connectionCount,
    pinExpiry: () => {
      const now = Date.now();
      const seconds = (date: Date): number => Math.round((date.getTime() - now) / 1_000);
      const { certificate, peers } = links.identity;
      return [
        { peer: 'self', seconds: seconds(new Date(new X509Certificate(certificate).validTo)) },
        ...peers.peers.flatMap(({ service, site, pins }) =>
          pins.accepted.map((pin) => ({
            peer: `${service}/${site}/${pin.status}`,
            seconds: seconds(pin.notAfter),
          })),
        ),
      ];
    },
  });
}
