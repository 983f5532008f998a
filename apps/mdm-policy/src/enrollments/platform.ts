import type { Platform } from '../planner/planner.types.js';

/** Beginnings of Apple's product names, as in `Mac15,3` and `iPhone16,1`. */
const PLATFORMS: readonly (readonly [RegExp, Platform])[] = [
  [/^(i?Mac|MacBook|VirtualMac|Xserve)/, 'mac'],
  [/^(iPhone|iPod)/, 'iphone'],
  [/^iPad/, 'ipad'],
  [/^AppleTV/, 'appletv'],
  [/^RealityDevice/, 'vision'],
  [/^Watch/, 'watch'],
];

/** What a device is, going by what it said of itself at enrolment; null where that tells nothing. */
export function platformOf(...productNames: readonly (string | null)[]): Platform | null {
  for (const name of productNames)
    for (const [pattern, platform] of PLATFORMS) if (name !== null && pattern.test(name)) return platform;
  return null;
}
