import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { ApplePlatform } from '@espalier/mdm-protocol';
import { deviceModels, type DeviceModel } from './device-models.js';

export type DevicePlatform = 'mac' | 'iphone' | 'ipad';

/** Platforms to draw from; `mixed` is each with the same chance. */
export type PlatformChoice = DevicePlatform | 'mixed';

/** What a device is, for ever: erasing it changes nothing here. */
export interface DeviceIdentity {
  readonly udid: string;
  readonly serial: string;
  readonly name: string;
  readonly platform: DevicePlatform;
  /** Identifier of the model, such as `Mac15,6`; the rest is in {@link deviceModels}. */
  readonly model: string;
  readonly wifiMac: string;
  readonly bluetoothMac: string;
  readonly ethernetMac: string;
  /** 15 digits, where the model has a cellular modem. */
  readonly imei?: string;
}

/** Apple's serial numbers since 2021 are ten of these at random: no O, no I. */
const SERIAL_CHARACTERS = '0123456789ABCDEFGHJKLMNPQRSTUVWXYZ';
/** No real device's serial begins like this, so that a simulated one is never taken for somebody's. */
const SERIAL_PREFIX = 'ZSM';

const applePlatforms: Readonly<Record<DevicePlatform, ApplePlatform>> = {
  mac: 'macOS',
  iphone: 'iOS',
  ipad: 'iPadOS',
};

/** Makes up a device. */
export function newDeviceIdentity(platform: PlatformChoice): DeviceIdentity {
  const drawn = platform === 'mixed' ? pick(['mac', 'iphone', 'ipad'] as const) : platform;
  const model = pick(deviceModels.filter((candidate) => candidate.platform === drawn));
  const serial =
    SERIAL_PREFIX + Array.from({ length: 7 }, () => SERIAL_CHARACTERS[randomInt(34)] as string).join('');
  const kind = drawn === 'mac' ? model.modelName : drawn === 'iphone' ? 'iPhone' : 'iPad';
  return {
    // A Mac's UDID is its hardware UUID; the others have chip and ECID.
    udid: drawn === 'mac' ? randomUUID().toUpperCase() : chipId(),
    serial,
    name: `${kind} ${serial.slice(-4)}`,
    platform: drawn,
    model: model.identifier,
    wifiMac: macAddress(),
    bluetoothMac: macAddress(),
    ethernetMac: macAddress(),
    ...(model.cellular && { imei: newImei() }),
  };
}

export function modelOf(identity: DeviceIdentity): DeviceModel {
  const model = deviceModels.find(({ identifier }) => identifier === identity.model);
  if (model === undefined) throw new RangeError(`There is no model ${identity.model}.`);
  return model;
}

/** The platform under Apple's name. */
export function applePlatformOf(platform: DevicePlatform): ApplePlatform {
  return applePlatforms[platform];
}

function pick<T>(choices: readonly [T, ...T[]] | readonly T[]): T {
  return choices[randomInt(choices.length)] as T;
}

/** Chip and ECID, as in `00008120-001A2B3C4D5E601E`. */
function chipId(): string {
  const ecid = `00${randomBytes(7).toString('hex')}`;
  return `${pick(['00008110', '00008120', '00008130'])}-${ecid.toUpperCase()}`;
}

/** Locally administered: belongs to no vendor. */
function macAddress(): string {
  return ['02', ...[...randomBytes(5)].map((byte) => byte.toString(16).padStart(2, '0'))]
    .join(':')
    .toUpperCase();
}

/** Begins with 001: numbers for test devices. */
function newImei(): string {
  const digits = `001${Array.from({ length: 11 }, () => randomInt(10)).join('')}`;
  const sum = digits.split('').reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 === 1 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return digits + ((10 - (sum % 10)) % 10);
}
