import { maintenanceWindowSchema, type MaintenanceWindow } from './policy.schema.js';

/**
 * A number of 40 bits for a collection. Databases add them up for the collections that an enrolment is in, and equal
 * sums mean the same collections; 8,192 of them fit into a number. It is mixed well (the end of MurmurHash3), as ids
 * follow one another and their sums would too.
 */
export function scopeTag(collectionId: string): number {
  return mixed(collectionId, 0x9747b28c) * 256 + (mixed(collectionId, 0x5bd1e995) & 0xff);
}

/** A number for the windows of a collection, in whatever order; 0 for none. Equal numbers mean the same windows. */
export function windowsTag(windows: readonly MaintenanceWindow[]): number {
  // Parsed, so that the order of keys and what a later version adds do not count.
  return windows
    .map((window) => scopeTag(JSON.stringify(maintenanceWindowSchema.parse(window))))
    .reduce((sum, tag) => sum + tag, 0);
}

function mixed(text: string, seed: number): number {
  let hash = seed;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
