import fc from 'fast-check';
import {
  canonicalJson,
  canonicalRecord,
  checkpointText,
  recordLine,
  type HashedFields,
} from './audit.canonical.js';

const text = fc.string({ unit: 'grapheme' });
const nullable = fc.option(text);
const sha256 = fc.stringMatching(/^[0-9a-f]{64}$/);
const fields: fc.Arbitrary<HashedFields> = fc.record({
  sequence: fc.nat(),
  at: fc.nat(),
  action: text,
  outcome: fc.constantFrom('begun', 'succeeded', 'refused', 'failed'),
  actor: fc.option(
    fc.record({
      type: fc.constantFrom('person', 'service'),
      id: text,
      name: text,
      ip: nullable,
      auth: nullable,
    }),
  ),
  credentialId: nullable,
  address: text,
  targets: fc.array(fc.record({ type: text, id: text, name: nullable }), { maxLength: 3 }),
  requestId: text,
  approvalId: nullable,
  errorCode: nullable,
  details: fc.dictionary(
    text,
    fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean()),
  ),
  prevHash: sha256,
});

describe('the canonical form', () => {
  it('is RFC 8785: keys by UTF-16 code units, numbers as ECMAScript has them, no blanks', () => {
    // The example of RFC 8785 §3.2.3.
    const example = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    expect([...canonicalJson(example).matchAll(/:"([^"]+)"/g)].map(([, value]) => value)).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ]);
    // §3.2.2.3.
    expect(
      canonicalJson([Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001, -0]),
    ).toBe('[333333333.3333333,1e+30,4.5,0.002,1e-27,0]');
  });

  it('of a record is that of all its fields, and stands in a line of the export as it was hashed', () => {
    fc.assert(
      fc.property(fields, (record) => {
        const canonical = canonicalRecord(record);
        expect(canonical).toBe(canonicalJson(record));
        expect(JSON.parse(canonical)).toEqual(JSON.parse(JSON.stringify(record)));
        const line = recordLine({ ...record, hash: 'f'.repeat(64) });
        expect(line).not.toContain('\n');
        expect(line.slice(84, -1)).toBe(canonical);
      }),
      { numRuns: 200 },
    );
  });

  it('of a checkpoint is one line of ASCII', () => {
    const claim = { sequence: 7, hash: 'a'.repeat(64), at: 5, previous: 3, keyId: 'b'.repeat(64) };
    expect(checkpointText(claim)).toBe(
      `espalier-audit-checkpoint:v1:7:${'a'.repeat(64)}:5:3:${'b'.repeat(64)}`,
    );
  });
});
