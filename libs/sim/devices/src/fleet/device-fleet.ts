import { isEspalierError, type EspalierError } from '@espalier/contracts';
import { DeviceFaults, type FaultSettings } from '../device/device-faults.js';
import { HttpClients, type DeviceServices, type IdentityMode } from '../device/device-services.js';
import { SimulatedDevice } from '../device/simulated-device.js';
import { DeviceEvents } from '../events/device-events.js';
import { HttpClient } from '../http/http-client.js';
import type { RetryPolicy } from '../http/retry.js';
import { Trust } from '../http/trust.js';
import { newDeviceIdentity, type PlatformChoice } from '../identity/device-identity.js';
import { generatedKeys, type KeySource } from '../identity/key-source.js';
import type { ProfileSource } from '../profile/profile-download.js';
import { PushService } from '../push/push-service.js';
import { DeviceFolder } from '../state/device-folder.js';
import { FleetFolder, statusOf, type DeviceStatus } from './fleet-folder.js';
import { Limiter } from './limiter.js';

/** Every setting of a fleet; README.md has the defaults in a table. */
export interface FleetOptions {
  /** Made where it is missing; one process at a time. */
  readonly stateFolder: string;
  /** Device URL of the simulated Apple. */
  readonly appleUrl: string;
  /** PEM to trust at the simulated Apple, where that is https. */
  readonly appleCa?: string;
  /** PEM certificates that devices trust beside the roots of their profile. */
  readonly ca?: string;
  readonly identityMode?: IdentityMode;
  readonly keys?: KeySource;
  readonly faults?: Partial<FaultSettings>;
  /** Enrolments at once. */
  readonly enrollmentConcurrency?: number;
  /** Devices that talk to the server at once. */
  readonly connectionConcurrency?: number;
  /** While a device enrols; a device that is enrolled tries for ever. */
  readonly enrollRetry?: Partial<RetryPolicy>;
  readonly runRetry?: Partial<RetryPolicy>;
  /** Without a byte for so long, a request fails. */
  readonly timeoutMs?: number;
  /** A device closes an unused connection after this. */
  readonly idleConnectionMs?: number;
  /** With `identityMode: 'signature'`: one pool of connections for all devices. */
  readonly shareConnections?: boolean;
  /** Third-party applications per device. */
  readonly applications?: number;
  /** Macs also enrol the channel of a user with this short name. */
  readonly user?: string;
  readonly now?: () => Date;
  readonly random?: () => number;
}

export interface EnrollmentSummary {
  readonly enrolled: readonly SimulatedDevice[];
  readonly failed: readonly { readonly device: SimulatedDevice; readonly error: EspalierError }[];
}

const ENROLL_RETRY: RetryPolicy = { firstMs: 500, maxMs: 15_000, attempts: 6 };
const RUN_RETRY: RetryPolicy = { firstMs: 500, maxMs: 60_000, attempts: Infinity };
/** Calls to the simulated Apple at once. */
const APPLE_CONNECTIONS = 8;

/** Simulated devices in one process, with one state folder and one event stream for pushes. */
export class DeviceFleet {
  readonly events: DeviceEvents;
  readonly faults: DeviceFaults;
  readonly #devices = new Map<string, SimulatedDevice>();

  private constructor(
    private readonly folder: FleetFolder,
    private readonly services: DeviceServices,
  ) {
    this.events = services.events;
    this.faults = services.faults;
    for (const device of folder.loadDevices()) this.#add(device);
  }

  /**
   * Opens a state folder with the devices in it; none goes online before {@link resume} or {@link enroll}.
   * @throws EspalierError ESP_SIM_STATE_LOCKED, ESP_SIM_STATE_INVALID; RangeError for faults that make no sense
   */
  static open(options: FleetOptions): DeviceFleet {
    const faults = new DeviceFaults(options.faults ?? {}, options.random ?? Math.random);
    const folder = FleetFolder.open(options.stateFolder);
    const services = servicesOf(options, faults);
    try {
      return new DeviceFleet(folder, services);
    } catch (error) {
      services.push.close();
      folder.close();
      throw error;
    }
  }

  /** By serial number. */
  get devices(): ReadonlyMap<string, SimulatedDevice> {
    return this.#devices;
  }

  status(): DeviceStatus[] {
    return [...this.#devices.values()].map(({ state }) => statusOf(state));
  }

  /** Makes up devices and stores them; they are not managed yet. */
  create(count: number, platform: PlatformChoice = 'mixed'): SimulatedDevice[] {
    return Array.from({ length: count }, () => {
      const identity = newDeviceIdentity(platform);
      return this.#add(DeviceFolder.create(this.folder.devicesPath, identity));
    });
  }

  /** Enrols devices, new ones or those given, and keeps those online that succeeded. Failures are not thrown. */
  async enroll(options: {
    readonly profile: ProfileSource;
    readonly devices?: readonly SimulatedDevice[];
    readonly count?: number;
    readonly platform?: PlatformChoice;
  }): Promise<EnrollmentSummary> {
    const devices = options.devices ?? this.create(options.count ?? 1, options.platform);
    const enrolled: SimulatedDevice[] = [];
    const failed: { device: SimulatedDevice; error: EspalierError }[] = [];
    const enrollOne = async (device: SimulatedDevice): Promise<void> => {
      try {
        await device.enroll(options.profile);
        enrolled.push(device);
      } catch (error) {
        if (!isEspalierError(error)) throw error;
        failed.push({ device, error });
      }
    };
    await Promise.all(devices.map(enrollOne));
    return { enrolled, failed };
  }

  /** Brings all devices online: finishes enrolments that were under way, then asks for commands. */
  async resume(): Promise<void> {
    const devices = [...this.#devices.values()];
    // What failed is told by events.
    await Promise.allSettled(devices.map((device) => device.resume()));
  }

  /** Removes the enrolment profile from all devices that are managed, or from those given. */
  async checkOut(devices: readonly SimulatedDevice[] = [...this.#devices.values()]): Promise<void> {
    await Promise.all(devices.filter(({ phase }) => phase === 'enrolled').map((device) => device.checkOut()));
  }

  /** Ends everything; the state is on disk. */
  async close(): Promise<void> {
    await Promise.all([...this.#devices.values()].map((device) => device.stop()));
    this.services.push.close();
    this.services.clients.close();
    this.folder.close();
  }

  #add(folder: DeviceFolder): SimulatedDevice {
    const device = new SimulatedDevice(folder, this.services);
    this.#devices.set(device.identity.serial, device);
    return device;
  }
}

function servicesOf(options: FleetOptions, faults: DeviceFaults): DeviceServices {
  const {
    timeoutMs = 60_000,
    idleConnectionMs = 5_000,
    connectionConcurrency = 64,
    random = Math.random,
  } = options;
  const http = { timeoutMs, idleMs: idleConnectionMs };
  const trust = new Trust(options.ca);
  const apple = new Trust(options.appleCa);
  const appleHttp = new HttpClient({
    ...http,
    secureContext: () => apple.context([]),
    maxSockets: APPLE_CONNECTIONS,
  });
  const shared = options.shareConnections === true ? connectionConcurrency : undefined;
  return {
    trust,
    push: new PushService(options.appleUrl, appleHttp, options.appleCa),
    keys: options.keys ?? generatedKeys(),
    events: new DeviceEvents(),
    faults,
    identityMode: options.identityMode ?? 'profile',
    enrollRetry: { ...ENROLL_RETRY, ...options.enrollRetry },
    runRetry: { ...RUN_RETRY, ...options.runRetry },
    enrollments: new Limiter(options.enrollmentConcurrency ?? 8),
    connections: new Limiter(connectionConcurrency),
    clients: new HttpClients(trust, { ...http, shared }),
    applications: options.applications ?? 20,
    user: options.user,
    now: options.now ?? (() => new Date()),
    random,
  };
}
