import type { DeviceFacts } from '@espalier/contracts';
import type { ApplePlatform } from '@espalier/mdm-protocol';

type Platform = DeviceFacts['platform'];

const PLATFORMS: readonly (readonly [RegExp, Platform])[] = [
  [/^(iMac|Mac|VirtualMac|Xserve)/i, 'mac'],
  [/^(iPhone|iPod)/i, 'iphone'],
  [/^iPad/i, 'ipad'],
  [/^AppleTV/i, 'appletv'],
  [/^RealityDevice/i, 'vision'],
  [/^Watch/i, 'watch'],
];

/** From a model identifier as in `Mac15,3` or `iPhone17,1`. */
export function platformOfModel(model: string | null): Platform {
  if (model === null) return 'unknown';
  return PLATFORMS.find(([pattern]) => pattern.test(model))?.[1] ?? 'unknown';
}

const APPLE_PLATFORMS: Readonly<Record<Platform, ApplePlatform>> = {
  mac: 'macOS',
  iphone: 'iOS',
  ipad: 'iPadOS',
  appletv: 'tvOS',
  vision: 'visionOS',
  watch: 'watchOS',
  // Its queries are the most; a device passes over those that it does not have.
  unknown: 'macOS',
};

/** Apple's platform of an enrolment, from what it told at Authenticate. */
export function platformOf(target: {
  readonly model: string | null;
  readonly product_name: string | null;
}): ApplePlatform {
  const byProduct = platformOfModel(target.product_name);
  return APPLE_PLATFORMS[byProduct === 'unknown' ? platformOfModel(target.model) : byProduct];
}
