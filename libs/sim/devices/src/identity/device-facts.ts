import type { DeviceState, FactChanges } from '../state/device-state.js';
import { modelOf } from './device-identity.js';
import { releaseFor } from './os-releases.js';

/** What differs from device to device and may change. */
export interface DeviceFacts extends Required<FactChanges> {
  readonly hostName: string;
  readonly localHostName: string;
  /** Where the device has a cellular modem. */
  readonly carrier: string;
  readonly phoneNumber: string;
}

/** IANA names, with weights: most of a company sits in two places. */
const timeZones = [
  ...Array.from({ length: 4 }, () => 'Europe/Berlin'),
  ...Array.from({ length: 3 }, () => 'America/New_York'),
  'America/Los_Angeles',
  'America/Sao_Paulo',
  'Europe/London',
  'Asia/Kolkata',
  'Asia/Tokyo',
  'Australia/Sydney',
];
const carriers = ['Example Mobile', 'Sample Wireless', 'Testcom'];

/** A number from 0 to below 1 that always is the same for a device and a purpose. */
export function chanceOf(serial: string, purpose: string): number {
  let hash = 0x811c9dc5;
  for (const character of `${serial}/${purpose}`)
    hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  // FNV alone leaves texts that end alike close together.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** What a device is called now. */
export function nameOf({ identity, facts }: Pick<DeviceState, 'identity' | 'facts'>): string {
  return facts.name ?? identity.name;
}

/** The facts of a device: what its serial number makes them, and what was changed since. */
export function factsOf({ identity, facts }: Pick<DeviceState, 'identity' | 'facts'>): DeviceFacts {
  const { serial, platform } = identity;
  const chance = (purpose: string): number => chanceOf(serial, purpose);
  const pick = (purpose: string, choices: readonly string[]): string =>
    choices[Math.floor(chance(purpose) * choices.length)] as string;
  const release = releaseFor(platform, chance('os'));
  const { capacityGb } = modelOf(identity);
  const name = nameOf({ identity, facts });
  const localHostName = name.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-|-$/g, '') || serial;
  return {
    osVersion: release.version,
    buildVersion: release.build,
    timeZone: pick('time-zone', timeZones),
    // Macs that a person approved count as supervised since macOS 11; mobile devices need Apple's programme.
    isSupervised: chance('supervised') < (platform === 'mac' ? 0.8 : 0.5),
    availableGb: Math.round(capacityGb * (0.05 + 0.8 * chance('free')) * 10) / 10,
    batteryLevel: Math.round((0.2 + 0.8 * chance('battery')) * 100) / 100,
    fileVault: chance('file-vault') < 0.7,
    firewall: chance('firewall') < 0.5,
    passcode: chance('passcode') < 0.9,
    carrier: pick('carrier', carriers),
    phoneNumber: `+1555${String(Math.floor(chance('phone') * 10_000_000)).padStart(7, '0')}`,
    ...facts,
    name,
    localHostName,
    hostName: `${localHostName}.local`,
  };
}
