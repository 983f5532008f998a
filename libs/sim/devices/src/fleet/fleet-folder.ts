import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { factsOf } from '../identity/device-facts.js';
import { simErrors } from '../sim-devices.errors.js';
import { DeviceFolder } from '../state/device-folder.js';
import type { DeviceState } from '../state/device-state.js';

const DEVICES = 'devices';
const LOCK = 'fleet.lock';

/** What {@link readFleetStatus} tells of a device. */
export interface DeviceStatus {
  readonly serial: string;
  readonly udid: string;
  readonly name: string;
  readonly platform: DeviceState['identity']['platform'];
  readonly model: string;
  readonly osVersion: string;
  readonly phase: DeviceState['phase'];
  readonly removedBecause?: string;
  /** Reports made so far. */
  readonly executions: number;
  /** A result waits for the server to take it. */
  readonly pending?: string;
}

export function statusOf(state: DeviceState): DeviceStatus {
  const { identity, phase, removedBecause, executions, pending } = state;
  const { serial, udid, platform, model } = identity;
  const { name, osVersion } = factsOf(state);
  return {
    serial,
    udid,
    name,
    platform,
    model,
    osVersion,
    phase,
    executions,
    ...(removedBecause !== undefined && { removedBecause }),
    ...(pending !== undefined && { pending: `${pending.requestType} ${pending.commandUuid}` }),
  };
}

/** A look into a state folder, also while another process uses it. @throws EspalierError ESP_SIM_STATE_INVALID */
export function readFleetStatus(stateFolder: string): DeviceStatus[] {
  return deviceFolders(stateFolder).map((path) => statusOf(DeviceFolder.peek(path)));
}

function deviceFolders(stateFolder: string): string[] {
  const parent = join(stateFolder, DEVICES);
  return existsSync(parent)
    ? readdirSync(parent)
        .sort()
        .map((name) => join(parent, name))
    : [];
}

/** The state folder of a fleet, used by one process at a time. */
export class FleetFolder {
  private constructor(private readonly path: string) {}

  /** @throws EspalierError ESP_SIM_STATE_LOCKED while another process lives that has it open */
  static open(path: string): FleetFolder {
    mkdirSync(join(path, DEVICES), { recursive: true, mode: 0o700 });
    const lock = join(path, LOCK);
    const owner = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0;
    // Its own number: the process before it in a container had the same one.
    if (owner !== process.pid && lives(owner))
      throw simErrors.ESP_SIM_STATE_LOCKED({ detail: `Process ${owner} has ${lock}.` });
    writeFileSync(lock, String(process.pid), { mode: 0o600 });
    return new FleetFolder(path);
  }

  get devicesPath(): string {
    return join(this.path, DEVICES);
  }

  /** @throws EspalierError ESP_SIM_STATE_INVALID */
  loadDevices(): DeviceFolder[] {
    return deviceFolders(this.path).map((path) => DeviceFolder.open(path));
  }

  close(): void {
    rmSync(join(this.path, LOCK), { force: true });
  }
}

function lives(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
