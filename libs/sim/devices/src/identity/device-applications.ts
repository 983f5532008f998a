import type { DeviceState } from '../state/device-state.js';
import { chanceOf, factsOf } from './device-facts.js';

/** An application on a device. */
export interface DeviceApplication {
  readonly identifier: string;
  readonly name: string;
  readonly version: string;
  readonly megabytes: number;
}

const macApplications = [
  'Safari',
  'Mail',
  'Calendar',
  'Contacts',
  'Maps',
  'Messages',
  'Notes',
  'Photos',
  'Preview',
];
const mobileApplications = ['Pages', 'Numbers', 'Keynote', 'iMovie', 'GarageBand'];

/**
 * Apple's own on a Mac (devices of the other platforms do not list them), `count` made-up ones, and what people put
 * there. Half of the made-up ones are on all devices, in one of three versions; the others differ from device to
 * device.
 */
export function applicationsOf(
  state: Pick<DeviceState, 'identity' | 'facts' | 'applications'>,
  count: number,
): DeviceApplication[] {
  const { platform, serial } = state.identity;
  const { osVersion } = factsOf(state);
  const apple = platform === 'mac' ? macApplications : mobileApplications;
  const common = Math.ceil(count / 2);
  const all = [
    ...apple.map((name) => ({ identifier: `com.apple.${name}`, name, version: osVersion, megabytes: 40 })),
    ...Array.from({ length: common }, (_, index) => madeUp(serial, index + 1)),
    ...chosen(serial, common, count - common),
    ...state.applications.map((added) => ({ ...added, megabytes: 50 })),
  ];
  // What was put there last counts: an update replaces.
  return [...new Map(all.map((application) => [application.identifier, application])).values()];
}

/** `wanted` of the next three times as many. */
function chosen(serial: string, after: number, wanted: number): DeviceApplication[] {
  return Array.from({ length: wanted * 3 }, (_, index) => after + index + 1)
    .map((number) => ({ number, order: chanceOf(serial, `application ${number}`) }))
    .sort((one, other) => one.order - other.order)
    .slice(0, wanted)
    .map(({ number }) => number)
    .sort((one, other) => one - other)
    .map((number) => madeUp(serial, number));
}

function madeUp(serial: string, number: number): DeviceApplication {
  const digits = String(number).padStart(3, '0');
  const minor = Math.floor(chanceOf(serial, `version ${number}`) * 3);
  return {
    identifier: `com.example.application${digits}`,
    name: `Application ${digits}`,
    version: `${1 + (number % 9)}.${minor}.0`,
    megabytes: 5 + (number % 90),
  };
}
