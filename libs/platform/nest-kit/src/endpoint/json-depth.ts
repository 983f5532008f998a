/** Recursive schemas walk a body on the stack: nothing that people send comes near this. */
export const MAX_JSON_DEPTH = 64;

/** True where a JSON value nests deeper than {@link MAX_JSON_DEPTH}. */
export function isTooDeep(value: unknown, left = MAX_JSON_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (left === 0) return true;
  for (const item of Array.isArray(value) ? (value as unknown[]) : Object.values(value))
    if (isTooDeep(item, left - 1)) return true;
  return false;
}
