import type { DeclarationStatus } from '@espalier/contracts';
import type { DeclarationItem } from './declaration-set.js';

/** More than any device has: what it said longest ago goes first. */
const MOST_KEPT = 1_000;

type Named = Pick<DeclarationItem, 'kind' | 'identifier'>;
const nameOf = ({ kind, identifier }: Named): string => `${kind}/${identifier}`;

/**
 * What a device said before, and what it says now of some. A declaration that went away is named in no report: what
 * the device was not told of when it was last told is dropped.
 */
export function mergeStatus(
  known: readonly DeclarationStatus[],
  told: readonly DeclarationStatus[],
  advertised: readonly Named[] | undefined,
): DeclarationStatus[] {
  const there = advertised && new Set(advertised.map(nameOf));
  const merged = new Map(
    known.filter((status) => there?.has(nameOf(status)) !== false).map((status) => [nameOf(status), status]),
  );
  for (const status of told) {
    const name = nameOf(status);
    // Set anew, so that the newest stand last.
    merged.delete(name);
    merged.set(name, status);
  }
  return [...merged.values()].slice(-MOST_KEPT);
}
