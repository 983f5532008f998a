import { once, type EventEmitter } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DmzLink, type DmzLinkOptions } from '@espalier/dmz-link';
import type { LinkTimings } from '@espalier/link';
import { createLogger, Health, Lifecycle, loadConfig, Registry, type Logger } from '@espalier/service-kit';
import { testCertificate, type TestIdentity } from '@espalier/testing';
import { dmzProxyConfig } from '../dmz-proxy.config.js';
import { startDmzProxy, type DmzProxy } from '../dmz-proxy.js';
import { deviceRequest, type DeviceOptions, type DeviceReply } from './device.fixture.js';
import { testRoutes, type UploadReport } from './routes.fixture.js';

export const SITE = 'S01';
export const silent: Logger = createLogger({ service: 'spec', replica: 'spec', level: 'silent' });

/** Certificates of everyone, and the files that the edge reads. */
export interface EdgeFiles {
  readonly folder: string;
  readonly ids: Record<'dmz' | 'mdm' | 'configProxy' | 'stranger' | 'device', TestIdentity>;
  readonly env: Record<string, string>;
  writePeers(peers: unknown): Promise<void>;
}

export async function writeEdgeFiles(env: Record<string, string> = {}): Promise<EdgeFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-edge-'));
  const ids = {
    dmz: testCertificate('dmz'),
    mdm: testCertificate('mdm'),
    configProxy: testCertificate('config-proxy'),
    stranger: testCertificate('stranger'),
    device: testCertificate('127.0.0.1', { names: ['127.0.0.1', 'localhost'] }),
  };
  const save = async (name: string, text: string): Promise<string> => {
    const file = join(folder, name);
    await writeFile(file, text);
    return file;
  };
  const writePeers = async (peers: unknown): Promise<void> =>
    void (await save('peers.json', JSON.stringify(peers)));
  await writePeers([
    { service: 'mdm', site: SITE, pins: [{ certificate: ids.mdm.certificate }], prefixes: ['/mdm/'] },
    {
      service: 'config-proxy',
      site: SITE,
      pins: [{ certificate: ids.configProxy.certificate }],
      prefixes: ['/ibcm/'],
    },
  ]);
  return {
    folder,
    ids,
    writePeers,
    env: {
      ESPALIER_DMZ_DEVICE_HOST: '127.0.0.1',
      ESPALIER_DMZ_DEVICE_PORT: '0',
      ESPALIER_DMZ_DEVICE_CERTIFICATE_FILE: await save('device.crt', ids.device.certificate),
      ESPALIER_DMZ_DEVICE_KEY_FILE: await save('device.key', ids.device.key),
      ESPALIER_DMZ_LINK_HOST: '127.0.0.1',
      ESPALIER_DMZ_LINK_PORT: '0',
      ESPALIER_DMZ_LINK_CERTIFICATE_FILE: await save('dmz.crt', ids.dmz.certificate),
      ESPALIER_DMZ_LINK_KEY_FILE: await save('dmz.key', ids.dmz.key),
      ESPALIER_DMZ_LINK_PEERS_FILE: join(folder, 'peers.json'),
      ESPALIER_DMZ_HANDSHAKES_PER_SECOND_PER_ADDRESS: '0',
      ESPALIER_DMZ_MAX_CONNECTIONS_PER_ADDRESS: '0',
      ...env,
    },
  };
}

export interface EdgeOptions {
  readonly env?: Record<string, string>;
  readonly timings?: LinkTimings;
}

/** An edge in this process, with real ports and files. */
export class Edge {
  readonly #links: DmzLink[] = [];

  private constructor(
    readonly files: EdgeFiles,
    readonly proxy: DmzProxy,
    readonly metrics: Registry,
    readonly health: Health,
    readonly lifecycle: Lifecycle,
  ) {}

  static async start(options: EdgeOptions = {}): Promise<Edge> {
    const files = await writeEdgeFiles(options.env);
    const { config } = loadConfig(dmzProxyConfig, files.env);
    const metrics = new Registry();
    const health = new Health();
    const lifecycle = new Lifecycle({ logger: silent, graceMs: 5_000 });
    const proxy = await startDmzProxy({
      config: { ...config, replica: 'dmz-0' },
      logger: silent,
      metrics,
      health,
      lifecycle,
      ...(options.timings !== undefined && { timings: options.timings }),
    });
    return new Edge(files, proxy, metrics, health, lifecycle);
  }

  /** An inside service in this process. Wait for {@link up} before using it. */
  inside(
    options: Partial<DmzLinkOptions> & {
      readonly port?: number;
      readonly reports?: EventEmitter<{ report: [UploadReport] }>;
    } = {},
  ): DmzLink {
    const { port = this.proxy.linkPort, reports, ...rest } = options;
    const { dmz, mdm } = this.files.ids;
    const link = new DmzLink({
      targets: [{ host: '127.0.0.1', port }],
      identity: mdm,
      peerPins: [{ certificate: dmz.certificate, status: 'active' }],
      service: 'mdm',
      site: SITE,
      replica: 'mdm-0',
      slots: 1,
      routes: testRoutes(reports),
      logger: silent,
      random: () => 0.01,
      ...rest,
    });
    this.#links.push(link);
    link.start();
    return link;
  }

  /** Waits until the edge has so many links. */
  async up(count = 1): Promise<void> {
    await until(() => this.proxy.registry.links.size === count);
  }

  device(path: string, options: Partial<DeviceOptions> = {}): Promise<DeviceReply> {
    return deviceRequest({
      port: this.proxy.devicePort,
      ca: this.files.ids.device.certificate,
      path,
      ...options,
    });
  }

  /** Sum of a metric's samples whose labels include these. */
  async metric(name: string, labels: Record<string, string> = {}): Promise<number> {
    const metric = (await this.metrics.getMetricsAsJSON()).find((one) => one.name === name);
    const values = (metric?.values ?? []) as { value: number; labels: Record<string, unknown> }[];
    return values
      .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
      .reduce((sum, sample) => sum + sample.value, 0);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.close()));
    await this.lifecycle.shutdown('the spec is over');
    await rm(this.files.folder, { recursive: true, force: true });
  }
}

/** Waits for something that no event tells; fails after `seconds`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what = 'a condition',
  seconds = 10,
): Promise<void> {
  const end = performance.now() + seconds * 1_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`${what} did not come true in ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The next report of an upload of one kind. */
export async function reported(
  reports: EventEmitter<{ report: [UploadReport] }>,
  upload: UploadReport['upload'],
): Promise<UploadReport> {
  for (;;) {
    const [report] = (await once(reports, 'report')) as [UploadReport];
    if (report.upload === upload) return report;
  }
}
