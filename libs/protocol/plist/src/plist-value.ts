/**
 * A value read from a property list. Integers outside the safe range of a number arrive as bigint;
 * `<real>` and `<integer>` both arrive as number, so a list that is read and written again may turn
 * `<real>1</real>` into `<integer>1</integer>`.
 */
export type PlistValue = string | number | bigint | boolean | Date | Buffer | PlistValue[] | PlistDict;

/**
 * A dictionary read from a property list, in document order. Made without a prototype, so a key such as
 * `__proto__` or `constructor` is data like any other. Read it with {@link readDict} for checked access.
 */
export interface PlistDict {
  [key: string]: PlistValue;
}

/** A value that {@link buildPlist} writes. Entries of dictionaries that are undefined are left out. */
export type PlistInput =
  string | number | bigint | boolean | Date | Uint8Array | PlistReal | readonly PlistInput[] | PlistInputDict;

/** A dictionary that {@link buildPlist} writes in the order of its keys. */
export interface PlistInputDict {
  readonly [key: string]: PlistInput | undefined;
}

/** A number to be written as `<real>` even where it is integral. Made by {@link real}. */
export class PlistReal {
  constructor(readonly value: number) {}
}

/** Marks a number to be written as `<real>`: `real(1)` gives `<real>1</real>`. */
export function real(value: number): PlistReal {
  return new PlistReal(value);
}

/** True for a dictionary as {@link parsePlist} returns it (and for any other plain object). */
export function isPlistDict(value: PlistValue | undefined): value is PlistDict {
  return (
    typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date) && !Buffer.isBuffer(value)
  );
}
