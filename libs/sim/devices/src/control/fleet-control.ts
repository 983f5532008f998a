import { ConfigProfileError } from '@espalier/config-profile';
import type { FaultSettings } from '../device/device-faults.js';
import type { SimulatedDevice } from '../device/simulated-device.js';
import type { DeviceFleet } from '../fleet/device-fleet.js';
import { statusOf } from '../fleet/fleet-folder.js';
import { simErrors } from '../sim-devices.errors.js';
import { controlMessage, type ControlMessage } from './control-message.js';

/** What came of a control message; all of it is JSON. */
export type ControlResult = Readonly<Record<string, unknown>>;

type ForDevices = Exclude<ControlMessage, { do: 'set-faults' | 'inject-fault' }>;

/** Reads a control message from JSON. @throws EspalierError ESP_SIM_CONTROL_INVALID, naming what is wrong */
export function readControlMessage(json: unknown): ControlMessage {
  const parsed = controlMessage.safeParse(json);
  if (parsed.success) return parsed.data;
  const detail = parsed.error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.join('.')} ${message}`.trim())
    .join('; ');
  throw simErrors.ESP_SIM_CONTROL_INVALID({ detail });
}

/**
 * Does what a control message says.
 * @returns for a device: its serial number and what came of it; for all (`*`): `devices`, how many
 * @throws EspalierError ESP_SIM_DEVICE_MISSING, and those of the methods of {@link SimulatedDevice}
 */
export async function controlFleet(fleet: DeviceFleet, message: ControlMessage): Promise<ControlResult> {
  if (message.do === 'set-faults') {
    setFaults(fleet, message.faults);
    return {};
  }
  if (message.do === 'inject-fault') {
    const { do: _, ...rule } = message;
    fleet.faults.inject(rule);
    return {};
  }
  if (message.serial === '*') return controlAll(fleet, message);
  const device = fleet.devices.get(message.serial);
  if (device === undefined) throw simErrors.ESP_SIM_DEVICE_MISSING({ detail: message.serial });
  return { serial: message.serial, ...(await controlDevice(device, message)) };
}

function setFaults(fleet: DeviceFleet, faults: Partial<FaultSettings>): void {
  try {
    fleet.faults.set(faults);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw simErrors.ESP_SIM_CONTROL_INVALID({ detail: cause.message, cause });
  }
}

/** Devices that do not have what the message is about are passed over. */
async function controlAll(fleet: DeviceFleet, message: ForDevices): Promise<ControlResult> {
  const devices = [...fleet.devices.values()].filter(
    ({ phase, state }) =>
      phase === 'enrolled' &&
      (message.do !== 'remove-profile' ||
        state.profiles.some(({ identifier }) => identifier === message.identifier)),
  );
  const all = await Promise.all(
    devices.map(async (device) => ({
      serial: device.identity.serial,
      ...(await controlDevice(device, message)),
    })),
  );
  return { devices: devices.length, ...(message.do === 'status' && { all }) };
}

async function controlDevice(device: SimulatedDevice, message: ForDevices): Promise<ControlResult> {
  switch (message.do) {
    case 'status':
      return describe(device);
    case 'connect':
      return { end: await device.connect(message.user) };
    case 'remove-profile':
      await device.removeProfile(message.identifier, { force: message.force ?? false });
      return {};
    case 'install-profile':
      installProfile(device, message.profile);
      return {};
    case 'rename':
      device.changeFacts({ name: message.name });
      return {};
    case 'update-os':
      return { osVersion: updateOs(device, message) };
    case 'set-fact':
      device.changeFacts({ [message.fact]: message.value });
      return {};
    case 'install-application': {
      const { identifier, name = identifier, version = '1.0' } = message;
      device.installApplication({ identifier, name, version });
      return {};
    }
    case 'remove-application':
      return { removed: device.removeApplication(message.identifier) };
    case 'drop-declaration':
      return { done: device.spoilDeclaration(message.identifier, 'drop') };
    case 'deactivate-declaration':
      return { done: device.spoilDeclaration(message.identifier, 'deactivate') };
    case 'checkout':
      await device.checkOut();
      return {};
  }
}

function installProfile(device: SimulatedDevice, base64: string): void {
  try {
    device.installProfile(Buffer.from(base64, 'base64'));
  } catch (cause) {
    if (!(cause instanceof ConfigProfileError)) throw cause;
    throw simErrors.ESP_SIM_PROFILE_REFUSED({ detail: cause.message, cause });
  }
}

function updateOs(
  device: SimulatedDevice,
  { version, build }: { readonly version?: string; readonly build?: string },
): string {
  if (version === undefined) return device.updateOs();
  if (build === undefined) throw simErrors.ESP_SIM_CONTROL_INVALID({ detail: 'A version needs its build.' });
  return device.updateOs({ version, build });
}

/** Everything about a device that a test asks for. */
function describe(device: SimulatedDevice): ControlResult {
  const { state, facts, applications, users } = device;
  const profilesOf = ({ profiles }: typeof state) =>
    profiles.map(({ identifier, uuid, managed }) => ({ identifier, uuid, managed }));
  return {
    ...statusOf(state),
    facts,
    profiles: profilesOf(state),
    declarations: device.declarations.map(({ declaration, active, valid, reasons }) => ({
      kind: declaration.kind,
      identifier: declaration.identifier,
      serverToken: declaration.serverToken,
      active,
      valid,
      codes: reasons.map(({ code }) => code),
    })),
    applications: applications.map(({ identifier, version }) => ({ identifier, version })),
    users: users.map((user) => ({ shortName: user.user?.shortName, profiles: profilesOf(user) })),
  };
}
