import { declarationTypes } from './declarations.data.js';
import { profilePayloads } from './profile-payloads.data.js';

/** Kinds of devices, as policies name them. */
export type ApplePlatform = 'mac' | 'iphone' | 'ipad' | 'appletv' | 'vision' | 'watch';

export const allPlatforms: readonly ApplePlatform[] = ['mac', 'iphone', 'ipad', 'appletv', 'vision', 'watch'];

/** What Apple's schema says of one key; `any` where it says nothing of the type. */
export type KeyType =
  'string' | 'integer' | 'real' | 'boolean' | 'date' | 'data' | 'array' | 'dictionary' | 'any';

export interface KeySchema {
  readonly type: KeyType;
  readonly required: boolean;
}

/** What Apple's schema says of a payload or declaration type. */
export interface TypeSchema {
  readonly platforms: readonly ApplePlatform[];
  readonly keys: ReadonlyMap<string, KeySchema>;
  /** True where any key may stand. */
  readonly open: boolean;
}

const KEY_TYPES: Readonly<Record<string, KeyType>> = {
  s: 'string',
  i: 'integer',
  r: 'real',
  b: 'boolean',
  t: 'date',
  d: 'data',
  a: 'array',
  o: 'dictionary',
  '*': 'any',
};
/** Apple's schema has one name for iPhones and iPads. */
const PLATFORMS: Readonly<Record<string, readonly ApplePlatform[]>> = {
  m: ['mac'],
  i: ['iphone', 'ipad'],
  t: ['appletv'],
  v: ['vision'],
  w: ['watch'],
};
/** Stands for keys that have no fixed name. */
const ANY_KEY = 'ANY';

function readTable(text: string): ReadonlyMap<string, TypeSchema> {
  const lines = text.trim().split('\n');
  return new Map(
    lines.map((line) => {
      const [type = '', platforms = '', keys = ''] = line.split('|');
      return [type, readType(platforms, keys)];
    }),
  );
}

function readType(platforms: string, keys: string): TypeSchema {
  const entries = keys.split(',').map((entry): [string, KeySchema] => {
    const colon = entry.lastIndexOf(':');
    const letter = entry.charAt(colon + 1);
    return [entry.slice(0, colon), { type: KEY_TYPES[letter] ?? 'any', required: entry.endsWith('!') }];
  });
  const all = new Map(keys === '' ? [] : entries);
  const open = all.delete(ANY_KEY);
  return { platforms: platforms.split('').flatMap((letter) => PLATFORMS[letter] ?? []), keys: all, open };
}

let payloads: ReadonlyMap<string, TypeSchema> | undefined;
let declarations: ReadonlyMap<string, TypeSchema> | undefined;

/** What Apple's schema says of a payload type of profiles; undefined where it does not know it. */
export const payloadTypeSchema = (type: string): TypeSchema | undefined =>
  (payloads ??= readTable(profilePayloads)).get(type);

/** What Apple's schema says of a type of configurations or assets; undefined where it does not know it. */
export const declarationTypeSchema = (type: string): TypeSchema | undefined =>
  (declarations ??= readTable(declarationTypes)).get(type);

/**
 * Platforms on which all of the types are known, in a fixed order; where there is none, those of any of them.
 * @param types an undefined one says nothing
 */
export function commonPlatforms(types: readonly (readonly ApplePlatform[] | undefined)[]): ApplePlatform[] {
  const known = types.filter((type) => type !== undefined && type.length > 0) as (readonly ApplePlatform[])[];
  const all = allPlatforms.filter((platform) => known.every((type) => type.includes(platform)));
  return all.length > 0
    ? all
    : allPlatforms.filter((platform) => known.some((type) => type.includes(platform)));
}
