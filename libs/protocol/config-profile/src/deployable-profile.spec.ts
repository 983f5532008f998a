import fc from 'fast-check';
import { parsePlist, type PlistInputDict } from '@espalier/plist';
import { ConfigProfileError } from './config-profile.error.js';
import { inspectProfile, prepareProfile } from './deployable-profile.js';
import { makeIdentities } from './fixtures/identities.fixture.js';
import { signProfile } from './profile.signature.js';
import { encodeProfile } from './profile.writer.js';

const screensaver = {
  PayloadType: 'com.apple.screensaver',
  PayloadVersion: 1,
  PayloadIdentifier: 'com.example.lock.1',
  PayloadUUID: '0E7A4C52-6F1B-4E0C-9C55-0B5B8E2F7D11',
  askForPassword: true,
  moduleName: 'Flurry',
};
const profile = {
  PayloadType: 'Configuration',
  PayloadVersion: 1,
  PayloadIdentifier: 'com.example.lock',
  PayloadUUID: 'F2B9C1DE-54A7-4F0A-8B8E-9D2C7A6E1F00',
  PayloadContent: [screensaver],
};
const withPayload = (payload: PlistInputDict): Buffer =>
  encodeProfile({ ...profile, PayloadContent: [payload] });

describe('inspectProfile', () => {
  it('tells on which platforms all payloads are known, and finds nothing wrong', () => {
    expect(inspectProfile(encodeProfile(profile))).toMatchObject({ platforms: ['mac'], warnings: [] });
    const wifi = {
      ...screensaver,
      PayloadType: 'com.apple.wifi.managed',
      moduleName: undefined,
      askForPassword: undefined,
    };
    expect(inspectProfile(withPayload(wifi)).platforms).toEqual([
      'mac',
      'iphone',
      'ipad',
      'appletv',
      'vision',
      'watch',
    ]);
  });

  it('warns of unknown types and keys, wrong types and missing keys, and refuses none of them', () => {
    const { warnings } = inspectProfile(
      withPayload({
        ...screensaver,
        moduleName: undefined,
        askForPassword: 'yes please',
        askForPasswort: true,
      }),
    );
    expect(warnings).toEqual([
      'PayloadContent[0]."askForPassword" ought to be of type boolean, says Apple\'s schema.',
      'PayloadContent[0] has the key "askForPasswort", which Apple\'s schema does not know.',
      "PayloadContent[0] lacks the key moduleName, which Apple's schema requires.",
    ]);
    expect(
      inspectProfile(withPayload({ ...screensaver, PayloadType: 'com.google.Chrome' })).warnings,
    ).toEqual([
      'PayloadContent[0] is of type "com.google.Chrome", which Apple\'s schema does not know: a Mac takes it as settings of an app.',
    ]);
  });

  it('gives no more warnings than anybody reads', () => {
    const keys = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`key${index}`, 1]));
    const { warnings } = inspectProfile(withPayload({ ...screensaver, ...keys }));
    expect(warnings).toHaveLength(50);
    expect(warnings.at(-1)).toBe('And 151 more.');
  });

  it.each<[string, Buffer, string]>([
    [
      'an encrypted profile',
      encodeProfile({ ...profile, IsEncrypted: true, EncryptedPayloadContent: Buffer.from('x') }),
      'encrypted for one device',
    ],
    [
      'a management payload, however it is spelt',
      withPayload({ ...screensaver, PayloadType: 'com.apple.MDM' }),
      'PayloadContent[0].PayloadType is com.apple.MDM, which cannot be deployed',
    ],
    [
      'a profile in a profile',
      withPayload({ ...screensaver, PayloadType: 'Configuration' }),
      'PayloadContent[0].PayloadType is Configuration',
    ],
    [
      'a profile without version',
      encodeProfile({ ...profile, PayloadVersion: undefined }),
      'PayloadVersion is missing',
    ],
    [
      'a payload without version',
      withPayload({ ...screensaver, PayloadVersion: undefined }),
      'PayloadContent[0].PayloadVersion is missing',
    ],
    [
      'an endless identifier',
      encodeProfile({ ...profile, PayloadIdentifier: 'x'.repeat(256) }),
      'PayloadIdentifier is longer than 255 characters',
    ],
    [
      'an identifier of two lines',
      encodeProfile({ ...profile, PayloadIdentifier: 'com.example\nlock' }),
      'PayloadIdentifier must not hold control characters',
    ],
    ['a binary property list', Buffer.from('bplist00xyz'), 'binary property list'],
    [
      'ten thousand nested dictionaries',
      Buffer.from(`<plist>${'<dict><key>a</key>'.repeat(10_000)}`),
      'Not a configuration profile',
    ],
  ])('refuses %s', (_name, bytes, problem) => {
    expect(() => inspectProfile(bytes)).toThrow(ConfigProfileError);
    expect(() => inspectProfile(bytes)).toThrow(problem);
  });
});

describe('prepareProfile', () => {
  const uuidOf = (bytes: Buffer): unknown => (parsePlist(bytes) as Record<string, unknown>)['PayloadUUID'];

  it('gives the same content the same PayloadUUID, and every other content another', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, two) => {
        const [first, second] = [one, two].map((text) =>
          encodeProfile({ ...profile, PayloadDisplayName: text.replaceAll(/[^ -~]/g, '') }),
        ) as [Buffer, Buffer];
        const uuids = [first, first, second].map((bytes) => uuidOf(prepareProfile(bytes, 'system')));
        expect(uuids[0]).toBe(uuids[1]);
        expect(uuids[0] === uuids[2]).toBe(first.equals(second));
        expect(uuids[0]).toBe(inspectProfile(first).deployedUuid);
      }),
      { numRuns: 100 },
    );
  });

  it('changes no other byte: a real number stays one', () => {
    const xml = encodeProfile({ ...profile, PayloadScope: 'System' })
      .toString()
      .replace(
        '<key>askForPassword</key>',
        '<!-- why --><key>delay</key><real>1</real><key>askForPassword</key>',
      );
    const prepared = prepareProfile(Buffer.from(xml), 'system').toString();
    expect(prepared).toBe(xml.replace(profile.PayloadUUID, inspectProfile(Buffer.from(xml)).deployedUuid));
  });

  it('changes the PayloadUUID at the top, not the same one of a payload', () => {
    const twice = withPayload({ ...screensaver, PayloadUUID: profile.PayloadUUID });
    const prepared = parsePlist(prepareProfile(twice, 'system'));
    expect(prepared).toMatchObject({
      PayloadUUID: inspectProfile(twice).deployedUuid,
      PayloadContent: [{ PayloadUUID: profile.PayloadUUID }],
    });
  });

  it('says the scope where the profile does not', () => {
    expect(parsePlist(prepareProfile(encodeProfile(profile), 'user'))).toMatchObject({
      PayloadScope: 'User',
    });
    expect(parsePlist(prepareProfile(encodeProfile(profile), 'system'))).toMatchObject({
      PayloadScope: 'System',
    });
  });

  it('writes a profile anew where its PayloadUUID is spelt with entities', () => {
    const xml = encodeProfile(profile).toString().replace('F2B9C1DE-', '&#70;2B9C1DE-');
    const prepared = prepareProfile(Buffer.from(xml), 'system');
    expect(uuidOf(prepared)).toBe(inspectProfile(Buffer.from(xml)).deployedUuid);
  });

  it('leaves a signed profile as it is', () => {
    const { signer, key } = makeIdentities();
    const signed = signProfile(encodeProfile(profile), { certificate: signer, key });
    expect(prepareProfile(signed, 'system')).toEqual(signed);
    expect(inspectProfile(signed).deployedUuid).toBe(profile.PayloadUUID);
  });

  it('mutated profiles are refused with ConfigProfileError, or come out as a profile', () => {
    const content = encodeProfile(profile);
    fc.assert(
      fc.property(fc.nat(content.length - 1), fc.nat(255), fc.nat(content.length), (at, byte, cut) => {
        const bytes = Buffer.from(content);
        bytes[at] = byte;
        for (const candidate of [bytes, bytes.subarray(0, cut)]) {
          try {
            const { deployedUuid } = inspectProfile(candidate);
            expect(uuidOf(prepareProfile(candidate, 'system'))).toBe(deployedUuid);
          } catch (error) {
            if (!(error instanceof ConfigProfileError)) throw error;
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
