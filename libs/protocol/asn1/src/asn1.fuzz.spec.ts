import fc from 'fast-check';
import { Asn1Error, type Asn1Node, der, readAsn1 } from './index.js';

/** Calls everything a caller can call, all the way down. */
function exercise(node: Asn1Node): void {
  const reads = [
    () => node.asOid(),
    () => node.asInteger(),
    () => node.asNumber(),
    () => node.asOctets(),
    () => node.asBits(),
    () => node.asText(),
    () => node.asTime(),
    () => node.asBoolean(),
    () => node.asExplicit(node.tag),
    () => node.asImplicitOctets(node.tag),
    () => node.children.forEach(exercise),
  ];
  for (const read of reads) onlyAsn1Error(read);
}

function onlyAsn1Error(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof Asn1Error)) throw error;
  }
}

const valid = der.sequence(
  der.explicit(0, der.integer(2)),
  der.set(der.sequence(der.oid('2.5.4.3'), der.utf8String('näme'))),
  der.sequence(der.utcTime(new Date(0)), der.generalizedTime(new Date(0))),
  der.bitString(der.sequence(der.boolean(true), der.null())),
);

describe('readAsn1 with hostile input', () => {
  it('gives a value or an Asn1Error for any bytes, in DER and BER', () => {
    const encoding = fc.constantFrom('der' as const, 'ber' as const);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), encoding, (bytes, chosen) => {
        onlyAsn1Error(() => exercise(readAsn1(bytes, { encoding: chosen, maxNodes: 2000 })));
      }),
      { numRuns: 300 },
    );
  });

  it('gives a value or an Asn1Error for mutated and truncated elements', () => {
    fc.assert(
      fc.property(fc.nat(valid.length - 1), fc.nat(255), fc.nat(valid.length), (at, octet, length) => {
        const mutated = Buffer.from(valid);
        mutated[at] = octet;
        onlyAsn1Error(() => exercise(readAsn1(mutated, { encoding: 'ber', maxNodes: 2000 })));
        onlyAsn1Error(() =>
          exercise(readAsn1(mutated.subarray(0, length), { encoding: 'ber', maxNodes: 2000 })),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('reads a megabyte of nested indefinite elements and of tiny ones in linear time', () => {
    const start = process.threadCpuUsage();
    onlyAsn1Error(() => readAsn1(Buffer.alloc(1_000_000, Buffer.from('3080', 'hex')), { encoding: 'ber' }));
    const tiny = der.sequence(Buffer.alloc(1_000_000, Buffer.from('0500', 'hex')));
    onlyAsn1Error(() => readAsn1(tiny).children);
    const { user, system } = process.threadCpuUsage(start);
    expect(user + system).toBeLessThan(1_000_000);
  });
});
