import fc from 'fast-check';
import {
  identityEvidence,
  matchRecord,
  settleStates,
  type IdentityEvidence,
  type IdentityRecord,
} from './identity.js';

const record = (resourceId: number, given: Partial<IdentityRecord>): IdentityRecord => ({
  resourceId,
  state: 'active',
  smsid: null,
  hardwareUuid: null,
  udid: null,
  serialNumber: null,
  enrolledAt: null,
  decommissionedAt: null,
  ...given,
});

const known = [
  record(1, { smsid: 'GUID:1', hardwareUuid: 'HW1', udid: 'U1', serialNumber: 'S1', enrolledAt: 10 }),
  record(2, { serialNumber: 'S2', enrolledAt: 10 }),
];

describe('joining evidence to records', () => {
  it.each<[string, Partial<IdentityEvidence>, number | undefined]>([
    ['the UDID', { udid: 'U1' }, 1],
    ['the hardware UUID, as a Mac client later knows it', { hardwareUuid: 'HW1', serialNumber: 'S1' }, 1],
    ['the SMSID that a client kept', { smsid: 'GUID:1', hardwareUuid: 'HW1' }, 1],
    [
      'the serial number, where nothing says that the hardware is another',
      { udid: 'U2', serialNumber: 'S2' },
      2,
    ],
    ['the serial number alone', { serialNumber: 'S1' }, 1],
    ['not the serial number of another logic board', { udid: 'U9', serialNumber: 'S1' }, undefined],
    [
      'not the hardware UUID of a copied virtual machine',
      { hardwareUuid: 'HW1', serialNumber: 'S9' },
      undefined,
    ],
    [
      'not the SMSID of a copied disk',
      { smsid: 'GUID:1', hardwareUuid: 'HW9', serialNumber: 'S9' },
      undefined,
    ],
    ['nothing, where nothing is shared', { udid: 'U7', serialNumber: 'S7' }, undefined],
    ['nothing, where nothing is told', {}, undefined],
  ])('goes by %s', (_what, evidence, expected) => {
    expect(matchRecord(identityEvidence(evidence), known)?.resourceId).toBe(expected);
  });

  it('prefers a record that is not obsolete, then the newest enrolment', () => {
    const records = [
      record(1, { serialNumber: 'S', enrolledAt: 30, state: 'obsolete' }),
      record(2, { serialNumber: 'S', enrolledAt: 10 }),
      record(3, { serialNumber: 'S', enrolledAt: 20 }),
    ];
    expect(matchRecord(identityEvidence({ serialNumber: 's' }), records)?.resourceId).toBe(3);
  });

  it.each(['', '  ', '0', 'None', 'To Be Filled By O.E.M.', 'System Serial#', 'a\u0000b', 'x'.repeat(65)])(
    'takes %j for no serial number',
    (serialNumber) => {
      expect(identityEvidence({ serialNumber }).serialNumber).toBeNull();
    },
  );

  it('never joins across differing hardware, whatever else is shared', () => {
    const value = fc.option(fc.constantFrom('A', 'B'), { nil: null });
    const evidence = fc.record({ smsid: value, hardwareUuid: value, udid: value, serialNumber: value });
    fc.assert(
      fc.property(evidence, fc.array(evidence, { maxLength: 5 }), (told, others) => {
        const found = matchRecord(
          told,
          others.map((other, index) => record(index + 1, other)),
        );
        if (found === undefined) return;
        const differing = (['hardwareUuid', 'udid', 'serialNumber'] as const).filter(
          (key) => told[key] !== null && found[key] !== null && told[key] !== found[key],
        );
        // One part may differ (a UUID that was learnt since), but hardware and serial number never both.
        expect(differing.includes('serialNumber') && differing.length > 1).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

describe('records that share a serial number', () => {
  it('have exactly one that is not obsolete, the same in whatever order they are looked at', () => {
    const time = fc.option(fc.integer({ min: 1, max: 5 }), { nil: null });
    fc.assert(
      fc.property(
        fc.array(fc.record({ enrolledAt: time, decommissionedAt: time }), { minLength: 1, maxLength: 6 }),
        (given) => {
          const records = given.map((item, index) => record(index + 1, { serialNumber: 'S', ...item }));
          const states = settleStates(records);
          expect([...states.values()].filter((state) => state !== 'obsolete')).toHaveLength(1);
          expect(settleStates(records.toReversed())).toEqual(states);
          const newest = Math.max(...records.map(({ enrolledAt }) => enrolledAt ?? 0));
          for (const { resourceId, enrolledAt } of records)
            if (states.get(resourceId) !== 'obsolete') expect(enrolledAt ?? 0).toBe(newest);
        },
      ),
      { numRuns: 200 },
    );
  });
});
