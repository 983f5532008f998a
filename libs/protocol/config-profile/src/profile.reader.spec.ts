import fc from 'fast-check';
import type { PlistInputDict } from '@espalier/plist';
import { ConfigProfileError } from './config-profile.error.js';
import { readProfile } from './profile.reader.js';
import { encodeProfile } from './profile.writer.js';

const wifi = {
  PayloadType: 'com.apple.wifi.managed',
  PayloadVersion: 1,
  PayloadIdentifier: 'com.example.wifi.1',
  PayloadUUID: '0E7A4C52-6F1B-4E0C-9C55-0B5B8E2F7D11',
  PayloadDisplayName: 'Office Wi-Fi',
  SSID_STR: 'Office',
};
const profile = {
  PayloadType: 'Configuration',
  PayloadVersion: 1,
  PayloadIdentifier: 'com.example.wifi',
  PayloadUUID: 'F2B9C1DE-54A7-4F0A-8B8E-9D2C7A6E1F00',
  PayloadDisplayName: 'Wi-Fi for the office',
  PayloadDescription: 'Joins the office network.',
  PayloadRemovalDisallowed: true,
  PayloadScope: 'User',
  PayloadContent: [wifi],
};

describe('readProfile', () => {
  it('tells what a plain profile is and holds', () => {
    const content = encodeProfile(profile);
    expect(readProfile(content)).toEqual({
      identifier: 'com.example.wifi',
      uuid: profile.PayloadUUID,
      displayName: 'Wi-Fi for the office',
      description: 'Joins the office network.',
      scope: 'User',
      removalDisallowed: true,
      encrypted: false,
      payloads: [
        {
          type: wifi.PayloadType,
          identifier: wifi.PayloadIdentifier,
          uuid: wifi.PayloadUUID,
          displayName: 'Office Wi-Fi',
        },
      ],
      content,
      profile,
    });
  });

  it('tells that an encrypted profile has payloads that cannot be listed', () => {
    const encrypted = {
      ...profile,
      PayloadContent: undefined,
      IsEncrypted: true,
      EncryptedPayloadContent: Buffer.from('x'),
    };
    expect(readProfile(encodeProfile(encrypted))).toMatchObject({ encrypted: true, payloads: [] });
  });

  it.each<[string, PlistInputDict, string]>([
    ['a list that is no profile', { CommandUUID: 'x' }, 'PayloadType is not "Configuration"'],
    [
      'the reply of an over-the-air enrolment',
      { ...profile, PayloadType: 'Profile Service' },
      'PayloadType is not',
    ],
    ['no identifier', { ...profile, PayloadIdentifier: undefined }, 'PayloadIdentifier is missing'],
    ['an empty identifier', { ...profile, PayloadIdentifier: '' }, 'PayloadIdentifier must not be empty'],
    ['no UUID', { ...profile, PayloadUUID: undefined }, 'PayloadUUID is missing'],
    ['no content', { ...profile, PayloadContent: undefined }, 'PayloadContent is missing'],
    [
      'content that is no list',
      { ...profile, PayloadContent: wifi },
      'PayloadContent must be an array, not a dictionary',
    ],
    ['an unknown scope', { ...profile, PayloadScope: 'system' }, 'PayloadScope must be System or User'],
    [
      'a payload without type',
      { ...profile, PayloadContent: [{ ...wifi, PayloadType: undefined }] },
      'PayloadContent[0].PayloadType is missing',
    ],
    [
      'two payloads with one UUID',
      { ...profile, PayloadContent: [wifi, { ...wifi, PayloadUUID: wifi.PayloadUUID.toLowerCase() }] },
      'PayloadContent[1].PayloadUUID is also that of PayloadContent[0]',
    ],
  ])('refuses %s', (_name, wrong, problem) => {
    expect(() => readProfile(encodeProfile(wrong))).toThrow(ConfigProfileError);
    expect(() => readProfile(encodeProfile(wrong))).toThrow(problem);
  });

  it('refuses what is no property list, and what is too large', () => {
    expect(() => readProfile(Buffer.from('PK'))).toThrow('Not a configuration profile: Text stands');
    expect(() => readProfile(Buffer.alloc(0))).toThrow(
      'Not a configuration profile: The property list is empty',
    );
    expect(() => readProfile(Buffer.alloc(9 * 1024 * 1024, 0x30))).toThrow(
      'The signed profile is larger than',
    );
    expect(() => readProfile(encodeProfile(profile), { maxBytes: 100 })).toThrow('larger than 100 bytes');
  });

  it('mutated profiles give a summary or ConfigProfileError', () => {
    const content = encodeProfile(profile);
    fc.assert(
      fc.property(fc.nat(content.length - 1), fc.nat(255), fc.nat(content.length), (at, byte, cut) => {
        const bytes = Buffer.from(content);
        bytes[at] = byte;
        for (const candidate of [bytes, bytes.subarray(0, cut)]) {
          try {
            readProfile(candidate);
          } catch (error) {
            if (!(error instanceof ConfigProfileError)) throw error;
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('encodeProfile', () => {
  it('refuses values that a property list cannot hold', () => {
    expect(() => encodeProfile({ PayloadDisplayName: '\u0000' })).toThrow(ConfigProfileError);
  });
});
