import fc from 'fast-check';
import { JsonBytes } from './index.js';

const textOf = (out: JsonBytes): string => out.toBuffer().toString();

describe('JSON as bytes', () => {
  it('is what JSON.stringify gives, whatever the texts hold and however much it grows', () => {
    const text = fc.string({ unit: 'binary', maxLength: 200 });
    const halves = fc
      .array(fc.integer({ min: 0xd7ff, max: 0xe000 }))
      .map((units) => String.fromCharCode(...units));
    const value = fc.oneof(text, halves, fc.jsonValue(), fc.double(), fc.integer());
    fc.assert(
      fc.property(fc.array(value), fc.nat({ max: 300 }), (values, expected) => {
        const out = new JsonBytes(expected).json('[');
        for (const [index, item] of values.entries()) {
          if (index > 0) out.raw(Buffer.from(','));
          out.value(item);
        }
        expect(textOf(out.json(']'))).toBe(JSON.stringify(values));
        expect(out.length).toBe(out.toBuffer().length);
      }),
      { numRuns: 500 },
    );
  });

  it('writes parts of strings without quotes, and what is nothing as null', () => {
    const path = 'SMS_Collection.CollectionID="ÄBC\\1"';
    const out = new JsonBytes(0)
      .json('["')
      .inside(path)
      .json('",')
      .value(undefined)
      .json(',')
      .value(Number.NaN)
      .json(']');
    expect(JSON.parse(textOf(out))).toEqual([path, null, null]);
  });

  it('takes finished JSON of any length', () => {
    const long = Buffer.from(JSON.stringify('ü'.repeat(5_000)));
    expect(JSON.parse(textOf(new JsonBytes(10).json('[').raw(long).json(']')))).toEqual(['ü'.repeat(5_000)]);
  });
});
