import type { DevicePlatform } from './device-identity.js';

/** A release of macOS or iOS. */
export interface OsRelease {
  readonly version: string;
  readonly build: string;
}

type Row = readonly [version: string, build: string, weight: number];

/** Oldest first; a release without weight runs on no device from the start. */
const macos: readonly Row[] = [
  ['14.7.6', '23H626', 1],
  ['14.8.1', '23J30', 1],
  ['15.5', '24F74', 2],
  ['15.6.1', '24G90', 3],
  ['15.7.1', '24G231', 4],
  ['15.7.2', '24G325', 0],
  ['26.0.1', '25A362', 4],
  ['26.1', '25B78', 6],
  ['26.2', '25C56', 0],
];
const ios: readonly Row[] = [
  ['18.5', '22F76', 2],
  ['18.6.2', '22G100', 4],
  ['18.7.1', '22H31', 2],
  ['26.0.1', '23A355', 4],
  ['26.1', '23B85', 8],
  ['26.2', '23C55', 0],
];

const rowsOf = (platform: DevicePlatform): readonly Row[] => (platform === 'mac' ? macos : ios);

/** Draws a release; `chance` is from 0 to below 1. */
export function releaseFor(platform: DevicePlatform, chance: number): OsRelease {
  const rows = rowsOf(platform);
  const drawn = chance * rows.reduce((sum, [, , weight]) => sum + weight, 0);
  let below = 0;
  const [version, build] = rows.find(([, , weight]) => (below += weight) > drawn) ?? ['', ''];
  return { version, build };
}

/** The next minor release of the same major version: one that exists, or one made up where none is known. */
export function nextMinorRelease(platform: DevicePlatform, { version, build }: OsRelease): OsRelease {
  const known = rowsOf(platform).find(
    ([candidate]) => part(candidate, 0) === part(version, 0) && part(candidate, 1) > part(version, 1),
  );
  if (known !== undefined) return { version: known[0], build: known[1] };
  return { version: `${part(version, 0)}.${part(version, 1) + 1}`, build: nextTrain(build) };
}

/** Whether a version is at least another, number by number: 15.10 is after 15.9. */
export function isAtLeast(version: string, least: string): boolean {
  for (let index = 0; index < 3; index += 1) {
    const difference = part(version, index) - part(least, index);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function part(version: string, index: number): number {
  return Number(version.split('.')[index] ?? 0);
}

/** `25C56` becomes `25D60`: a minor release has the next letter. */
function nextTrain(build: string): string {
  const [, major = '1', letter = 'A'] = /^(\d+)([A-Z])/.exec(build) ?? [];
  return `${major}${letter === 'Z' ? 'A' : String.fromCharCode(letter.charCodeAt(0) + 1)}60`;
}
