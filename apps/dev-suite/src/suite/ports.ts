import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';

/** Every port that the suite listens on. */
export interface SuitePorts {
  /** dmz-proxy for devices; published as 443 in production. */
  readonly device: number;
  /** dmz-proxy for the services inside. */
  readonly link: number;
  /** config-proxy for consoles and scripts. */
  readonly console: number;
  /** config-proxy for client packages. */
  readonly content: number;
  readonly nats: number;
  readonly apns: number;
  readonly appleDevices: number;
  readonly appleAdmin: number;
  readonly mdmManagement: number;
  readonly configProxyManagement: number;
  readonly dmzManagement: number;
  readonly appleManagement: number;
  readonly mdmPolicyManagement: number;
}

export const defaultPorts: SuitePorts = {
  device: 8443,
  link: 8762,
  console: 8760,
  content: 8761,
  nats: 4222,
  apns: 2197,
  appleDevices: 2198,
  appleAdmin: 2199,
  mdmManagement: 9101,
  configProxyManagement: 9102,
  dmzManagement: 9103,
  appleManagement: 9104,
  mdmPolicyManagement: 9105,
};

/** A port of the suite that something else listens on. */
export interface TakenPort {
  readonly use: keyof SuitePorts;
  readonly port: number;
}

async function listen(host: string, port: number): Promise<number | undefined> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  server.once('error', () => resolve(undefined));
  server.listen({ host, port, exclusive: true }, () => resolve((server.address() as AddressInfo).port));
  const bound = await promise;
  if (bound !== undefined) await new Promise<void>((done) => void server.close(() => done()));
  return bound;
}

/** The ports of the suite that are not free. */
export async function takenPorts(host: string, ports: SuitePorts): Promise<TakenPort[]> {
  const taken: TakenPort[] = [];
  for (const [use, port] of Object.entries(ports) as [keyof SuitePorts, number][])
    if ((await listen(host, port)) === undefined) taken.push({ use, port });
  return taken;
}

/** Free ports for everything, for a second suite beside another one. */
export async function freePorts(host: string): Promise<SuitePorts> {
  const names = Object.keys(defaultPorts) as (keyof SuitePorts)[];
  // Bound all at once, so that no number comes twice.
  const servers = await Promise.all(
    names.map(async () => {
      const server = createServer();
      await new Promise<void>((done) => server.listen(0, host, done));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise<void>((done) => void server.close(() => done()))));
  return Object.fromEntries(names.map((name, index) => [name, ports[index]])) as unknown as SuitePorts;
}

/**
 * The ports that a suite took before, where they are free again, or others: enrolled devices keep the address that
 * they enrolled at.
 */
export async function portsAsBefore(host: string, file: string): Promise<SuitePorts> {
  const before = readPorts(file);
  if (before !== undefined && (await takenPorts(host, before)).length === 0) return before;
  return freePorts(host);
}

function readPorts(file: string): SuitePorts | undefined {
  try {
    const ports = JSON.parse(readFileSync(file, 'utf8')) as SuitePorts;
    const complete = Object.keys(defaultPorts).every((use) =>
      Number.isInteger(ports[use as keyof SuitePorts]),
    );
    return complete ? ports : undefined;
  } catch {
    return undefined;
  }
}
