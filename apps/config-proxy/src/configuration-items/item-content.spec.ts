import fc from 'fast-check';
import { isEspalierError } from '@espalier/contracts';
import { mobileconfig } from '../library/library.fixture.js';
import { readProfileContent } from './item-content.js';

describe('readProfileContent', () => {
  const whole = mobileconfig();

  it('takes any bytes: a profile, or a refusal that says what is wrong', () => {
    const cut = fc.nat(whole.length).map((end) => whole.subarray(0, end));
    const changed = fc
      .tuple(fc.nat(whole.length - 1), fc.uint8Array({ minLength: 1, maxLength: 40 }))
      .map(([at, bytes]) => Buffer.concat([whole.subarray(0, at), bytes, whole.subarray(at + bytes.length)]));
    const signed = fc.uint8Array().map((bytes) => Buffer.concat([Buffer.of(0x30, 0x80), bytes]));
    fc.assert(
      fc.property(
        fc.oneof(
          cut,
          changed,
          signed,
          fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        ),
        (bytes) => {
          try {
            const { identifier = '', deployedVersion, platforms, content } = readProfileContent(bytes);
            expect(content).toBe(bytes);
            // What a policy may carry.
            expect([identifier.length > 0, identifier.length <= 255]).toEqual([true, true]);
            expect(deployedVersion).toMatch(/^[^\p{Cc}]{1,64}$/u);
            expect(platforms.length).toBeGreaterThan(0);
          } catch (error) {
            if (!isEspalierError(error)) throw error;
            expect([413, 422]).toContain(error.status);
            expect(error.detail).not.toBe('');
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
