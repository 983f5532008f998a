import { isEspalierError } from '@espalier/contracts';
import { buildEnrollmentProfile, encodeProfile } from '@espalier/config-profile';
import fc from 'fast-check';
import { readEnrollmentPlan } from './enrollment-plan.js';

const profile = encodeProfile(
  buildEnrollmentProfile({
    organization: 'Espalier',
    displayName: 'Property',
    identifier: 'com.example.property',
    serverUrl: 'https://mdm.example/connect',
    topic: 'com.apple.mgmt.External.1',
    scep: {
      url: 'https://mdm.example/scep?x=1',
      challenge: 'secret',
      subject: [['CN', '%SerialNumber%']],
      caFingerprint: Buffer.alloc(32),
    },
  }),
);

/** The plan, or `refused`; any other error fails the test. */
function read(bytes: Uint8Array): unknown {
  try {
    return readEnrollmentPlan(bytes);
  } catch (error) {
    if (isEspalierError(error) && error.code === 'ESP_SIM_PROFILE_REFUSED') return 'refused';
    throw error;
  }
}

describe('readEnrollmentPlan', () => {
  it('reads what the builder writes', () => {
    expect(read(profile)).toMatchObject({
      topic: 'com.apple.mgmt.External.1',
      checkInUrl: 'https://mdm.example/connect',
      accessRights: 8191,
      scep: { url: 'https://mdm.example/scep?x=1', keySize: 2048, subject: [['CN', '%SerialNumber%']] },
    });
  });

  it('refuses every profile that was cut short', () => {
    fc.assert(
      fc.property(fc.nat(profile.lastIndexOf('</plist>')), (length) => {
        expect(read(profile.subarray(0, length))).toBe('refused');
      }),
      { numRuns: 200 },
    );
  });

  it('gives a plan or refuses, whatever the bytes are', () => {
    const edit = fc.tuple(fc.nat(profile.length - 1), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        const bytes = Buffer.from(profile);
        for (const [at, byte] of edits) bytes[at] = byte;
        read(bytes);
      }),
      { numRuns: 200 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => expect(read(bytes)).toBe('refused')),
      { numRuns: 100 },
    );
  });
});
