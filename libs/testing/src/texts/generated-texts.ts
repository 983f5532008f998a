import fc from 'fast-check';

/** Texts as people and programs write them: whole characters, none of which is NUL. */
export const plainText = (maxLength = 12): fc.Arbitrary<string> =>
  fc.string({ unit: 'grapheme', maxLength }).filter((value) => !value.includes('\0') && value.isWellFormed());

/**
 * Texts that look like a language and are mostly none: its words one after the other, between them scraps of anything.
 * @param words of the language
 * @param glues what may stand between words
 * @param maxLength words at most
 */
export function scrapsOf(
  words: readonly string[],
  glues: readonly [string, ...string[]],
  maxLength: number,
): fc.Arbitrary<string> {
  const piece = fc.oneof(fc.constantFrom(...words), fc.string({ unit: 'binary', maxLength: 5 }));
  return fc
    .tuple(fc.array(piece, { maxLength }), fc.constantFrom(...glues))
    .map(([pieces, glue]) => pieces.join(glue));
}

/**
 * What reading gives; undefined where it is refused with the one error that it may be refused with. Anything else is a
 * fault.
 */
export function readOrRefused<T>(
  refusal: abstract new (...args: never[]) => Error,
  read: () => T,
): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof refusal) return undefined;
    throw error;
  }
}

/** What was parsed, without the places (`at`), which differ between texts that mean the same. */
export const withoutPlaces = (parsed: unknown): unknown =>
  JSON.parse(JSON.stringify(parsed, (key, part: unknown) => (key === 'at' ? undefined : part)));
