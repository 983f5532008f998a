/**
 * Why a property list was refused: `limit` (too large, too deep, too many elements), `syntax` (not well
 * formed), `unsupported` (binary or UTF-16 list, entity declarations …) or `value` (a key is missing or has
 * another type than wanted, or a value cannot be written).
 */
export type PlistErrorKind = 'limit' | 'syntax' | 'unsupported' | 'value';

/** The only error of this library. Messages name elements and keys, never values. */
export class PlistError extends Error {
  override readonly name = 'PlistError';

  constructor(
    message: string,
    readonly kind: PlistErrorKind,
    /** Byte offset in the input (a CR LF counts as one byte), where the error has a place. */
    readonly offset?: number,
    /** Line of the input, from 1, where the error has a place. */
    readonly line?: number,
  ) {
    super(line === undefined ? message : `${message} (line ${line}, offset ${offset})`);
  }
}
