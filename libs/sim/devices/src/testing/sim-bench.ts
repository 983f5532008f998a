import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAppleSim, type AppleSim } from '@espalier/sim-apple';
import type { DeviceEvent } from '../events/device-event.js';
import { DeviceFleet, type FleetOptions } from '../fleet/device-fleet.js';
import { pooledKeys } from '../identity/key-source.js';
import { StrictMdmServer } from './strict-mdm-server.js';

/** All that a spec of simulated devices needs: a simulated Apple, a strict server, folders that vanish. */
export class SimBench {
  readonly #fleets = new Set<DeviceFleet>();
  #folders = 0;

  private constructor(
    readonly apple: AppleSim,
    readonly server: StrictMdmServer,
    /** Temporary; gone after {@link close}. */
    readonly folder: string,
  ) {}

  static async start(): Promise<SimBench> {
    const apple = await startAppleSim();
    const server = await StrictMdmServer.start(apple);
    return new SimBench(apple, server, mkdtempSync(join(tmpdir(), 'device-sim-')));
  }

  /** PEM file with two keys for all devices. */
  get keyFile(): string {
    return join(this.folder, 'keys.pem');
  }

  newFolder(): string {
    this.#folders += 1;
    return join(this.folder, `fleet-${this.#folders}`);
  }

  /** Opens a fleet that retries fast and shares two keys. */
  async fleet(options: Partial<FleetOptions> = {}): Promise<DeviceFleet> {
    const fleet = DeviceFleet.open({
      stateFolder: options.stateFolder ?? this.newFolder(),
      appleUrl: this.apple.deviceUrl,
      ca: this.server.ca,
      keys: await pooledKeys(this.keyFile, 2),
      enrollRetry: { firstMs: 5, maxMs: 20, attempts: 4 },
      runRetry: { firstMs: 5, maxMs: 20 },
      timeoutMs: 5_000,
      ...options,
    });
    this.#fleets.add(fleet);
    return fleet;
  }

  /** Closes a fleet as an orderly end of its process does. */
  async closeFleet(fleet: DeviceFleet): Promise<void> {
    this.#fleets.delete(fleet);
    await fleet.close();
  }

  /** Between two specs: no fleet is left, the server answers by itself. */
  async reset(): Promise<void> {
    for (const fleet of this.#fleets) await this.closeFleet(fleet);
    this.server.interfere = undefined;
    this.server.requests.length = 0;
    this.server.complaints.length = 0;
  }

  async close(): Promise<void> {
    await this.reset();
    await this.server.close();
    await this.apple.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Everything that a fleet tells from now on. */
export function recordEvents(fleet: DeviceFleet): DeviceEvent[] {
  const events: DeviceEvent[] = [];
  fleet.events.on('*', (event) => events.push(event));
  return events;
}
