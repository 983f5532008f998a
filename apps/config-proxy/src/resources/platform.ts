import type { DeviceFacts } from '@espalier/contracts';

export type Platform = DeviceFacts['platform'];

/** `OS X` stays in the text: published reports tell Macs by `Operating_System_Name_and0 LIKE '%OS X%'`. */
const osNames: Readonly<Record<Platform, string | null>> = {
  mac: 'Mac OS X',
  iphone: 'iOS',
  ipad: 'iPadOS',
  appletv: 'tvOS',
  vision: 'visionOS',
  watch: 'watchOS',
  unknown: null,
};

/** OperatingSystemNameandVersion, as in `Mac OS X 15.1` and `iOS 18.1`. */
export function osText(platform: Platform, version: string | null): string | null {
  const name = osNames[platform];
  return name === null || version === null ? name : `${name} ${version}`;
}

/** The number before the first dot: texts compare `9` after `15`. */
export function majorVersion(version: string | null): number | null {
  const digits = /^(\d{1,6})(\.|$)/.exec(version ?? '')?.[1];
  return digits === undefined ? null : Number(digits);
}

const platformOfModel: readonly (readonly [RegExp, Platform])[] = [
  [/^iPhone|^iPod/i, 'iphone'],
  [/^iPad/i, 'ipad'],
  [/^AppleTV/i, 'appletv'],
  [/^(RealityDevice|Vision)/i, 'vision'],
  [/^Watch/i, 'watch'],
  [/^(Mac|iMac|VirtualMac|Xserve|ADP|VMware|Parallels)/i, 'mac'],
];

/** By the model identifier, as in `Mac14,2` or `iPhone15,2`. */
export function platformOf(...models: readonly (string | null)[]): Platform {
  for (const model of models)
    for (const [pattern, platform] of platformOfModel)
      if (model !== null && pattern.test(model)) return platform;
  return 'unknown';
}

/** ConfigMgr's ClientEdition: 5 is a Mac, 8 is iOS. */
export const CLIENT_EDITION = { mac: 5, mobile: 8 } as const;
