import fc from 'fast-check';
import { PlistError } from './plist.error.js';
import { parsePlist } from './plist.reader.js';
import { buildPlist } from './plist.writer.js';
import type { PlistInput } from './plist-value.js';

const text = fc
  .string({ unit: 'binary' })
  // oxlint-disable-next-line no-control-regex
  .map((value) => value.replaceAll(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, ''));

const date = fc
  .date({ min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  .map((value) => new Date(Math.floor(value.getTime() / 1000) * 1000));

const { value: anyValue } = fc.letrec<{ value: PlistInput }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    text,
    fc.integer(),
    fc.double().map((value) => (Object.is(value, -0) ? 0 : value)),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
    fc.boolean(),
    date,
    fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(text, tie('value'), { maxKeys: 5, noNullPrototype: false }),
  ),
}));

const names = ['plist', 'dict', 'key', 'array', 'string', 'integer', 'real', 'true', 'false', 'date', 'data'];
const pieces = names
  .flatMap((name) => [`<${name}>`, `</${name}>`, `<${name}/>`])
  .concat([
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<?x',
    '?>',
    '<!DOCTYPE plist>',
    '&amp;',
    '&#x41;',
    '&',
    ';',
    '\r',
    ' ',
    'A==',
  ]);

/** A value or PlistError; anything else (RangeError, TypeError, endless loop) fails the test. */
function readsOrRefuses(document: Uint8Array | string): void {
  try {
    parsePlist(document, { maxElements: 10_000 });
  } catch (error) {
    if (!(error instanceof PlistError)) throw error;
  }
}

describe('plist properties', () => {
  it('what buildPlist writes, parsePlist reads back', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(parsePlist(buildPlist(value))).toEqual(value);
      }),
      { numRuns: 200 },
    );
  });

  it('random bytes and random markup give a value or PlistError', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.array(fc.constantFrom(...pieces)).map((list) => `<plist>${list.join('')}`),
        ),
        readsOrRefuses,
      ),
      { numRuns: 200 },
    );
  });

  it('mutated documents give a value or PlistError', () => {
    fc.assert(
      fc.property(
        anyValue,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }),
        fc.nat(),
        (value, changes, cut) => {
          const bytes = buildPlist(value);
          for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
          readsOrRefuses(bytes.subarray(0, bytes.length - (cut % 20)));
        },
      ),
      { numRuns: 200 },
    );
  });
});
