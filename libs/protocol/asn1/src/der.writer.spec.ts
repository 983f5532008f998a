import fc from 'fast-check';
import { Asn1Error, der, readAsn1 } from './index.js';

const hex = (bytes: Buffer): string => bytes.toString('hex');

describe('der', () => {
  it('writes integers in the fewest bytes, and bytes as unsigned', () => {
    expect(hex(der.integer(0))).toBe('020100');
    expect(hex(der.integer(127))).toBe('02017f');
    expect(hex(der.integer(128))).toBe('02020080');
    expect(hex(der.integer(-128))).toBe('020180');
    expect(hex(der.integer(Uint8Array.of(0, 0, 0x80)))).toBe('02020080');
    expect(hex(der.integer(new Uint8Array()))).toBe('020100');
  });

  it('sorts a SET by encoding and keeps a SEQUENCE in order', () => {
    const [two, one] = [der.integer(2), der.integer(1)];
    expect(hex(der.set(two, one))).toBe('3106020101020102');
    expect(hex(der.sequence(two, undefined, one))).toBe('3006020102020101');
  });

  it('writes long lengths in the fewest bytes', () => {
    expect(hex(der.octetString(new Uint8Array(127))).slice(0, 4)).toBe('047f');
    expect(hex(der.octetString(new Uint8Array(128))).slice(0, 6)).toBe('048180');
    expect(hex(der.octetString(new Uint8Array(70_000))).slice(0, 10)).toBe('0483011170');
  });

  it('keeps the form of an element that is tagged implicitly', () => {
    expect(hex(der.implicit(0, der.octetString(Uint8Array.of(1))))).toBe('800101');
    expect(hex(der.implicit(1, der.sequence(der.null())))).toBe('a1020500');
    expect(hex(der.explicit(2, der.null()))).toBe('a2020500');
  });

  it('writes named bits without trailing zeros', () => {
    expect(hex(der.namedBits([0, 2]))).toBe('030205a0');
    expect(hex(der.namedBits([5, 6]))).toBe('03020106');
    expect(hex(der.namedBits([8]))).toBe('0303070080');
    expect(hex(der.namedBits([]))).toBe('030100');
  });

  it('changes from UTCTime to GeneralizedTime with 2050', () => {
    expect(der.time(new Date('2049-12-31T23:59:59Z'))[0]).toBe(0x17);
    expect(der.time(new Date('2050-01-01T00:00:00Z'))[0]).toBe(0x18);
  });

  it('refuses values that do not fit their type', () => {
    const wrong = [
      () => der.oid('3.1'),
      () => der.oid('1.40'),
      () => der.oid('1'),
      () => der.oid('1.2.x'),
      () => der.printableString('a@b'),
      () => der.ia5String('é'),
      () => der.integer(2 ** 60),
      () => der.time(new Date(Number.NaN)),
      () => der.explicit(31, der.null()),
    ];
    for (const write of wrong) expect(write).toThrow(Asn1Error);
  });

  it('gives back through the reader what was written', () => {
    const arc = fc.bigInt({ min: 0n, max: 2n ** 128n });
    fc.assert(
      fc.property(
        fc.bigInt(),
        fc.string(),
        fc.uint8Array(),
        fc.array(arc, { maxLength: 5 }),
        (number, text, octets, arcs) => {
          const oid = ['2', ...arcs.map(String), '7'].join('.');
          const [a, b, c, d] = readAsn1(
            der.sequence(der.integer(number), der.utf8String(text), der.octetString(octets), der.oid(oid)),
          ).asSequence();
          expect(a?.asInteger()).toBe(number);
          expect(b?.asText()).toBe(Buffer.from(text, 'utf8').toString('utf8'));
          expect(c?.asOctets().equals(octets)).toBe(true);
          expect(d?.asOid()).toBe(oid);
        },
      ),
      { numRuns: 200 },
    );
  });
});
