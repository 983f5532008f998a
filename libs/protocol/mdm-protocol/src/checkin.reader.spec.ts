import fc from 'fast-check';
import { buildPlist, type PlistInputDict } from '@espalier/plist';
import type { CheckinMessage } from './checkin.messages.js';
import { parseCheckin } from './checkin.reader.js';
import { buildCheckin } from './checkin.writer.js';
import { deviceMessages, macUdid } from './fixtures/device-messages.fixture.js';
import { MdmProtocolError } from './mdm-protocol.error.js';

const topic = 'com.apple.mgmt.External.0f6e6b66-5b13-4c6a-a4b8-0d3d3f0f2a11';
const enrollment = { udid: macUdid };

function refusal(body: Uint8Array): MdmProtocolError {
  try {
    parseCheckin(body);
  } catch (error) {
    if (error instanceof MdmProtocolError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

describe('parseCheckin', () => {
  it('reads Authenticate of a Mac', () => {
    expect(parseCheckin(deviceMessages.authenticateMac)).toStrictEqual({
      messageType: 'Authenticate',
      enrollment,
      topic,
      deviceName: 'Zoë’s MacBook Pro & dock',
      model: 'MacBookPro18,3',
      modelName: 'MacBook Pro',
      osVersion: '15.1',
      buildVersion: '24B83',
      productName: 'MacBookPro18,3',
      serialNumber: 'C02XK0AAJG5J',
    });
  });

  it('reads TokenUpdate with push token and unlock token as bytes', () => {
    expect(parseCheckin(deviceMessages.tokenUpdateMac)).toStrictEqual({
      messageType: 'TokenUpdate',
      enrollment,
      topic,
      pushMagic: '7D4C8B0A-10B6-4B7C-9E55-1C2F3A4B5C6D',
      token: Buffer.from('tDpVu0gmMaZcYOVs9IMmU2y3F0vHfnV1hVqsQS7Jcqs=', 'base64'),
      unlockToken: Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex'),
      awaitingConfiguration: false,
      notOnConsole: false,
    });
  });

  it('leaves absent keys absent, so that a stored unlock token is not mistaken for void', () => {
    const message = parseCheckin(deviceMessages.tokenUpdateSharedIpadUser);
    expect('unlockToken' in message).toBe(false);
    expect('awaitingConfiguration' in message).toBe(false);
  });

  it('reads CheckOut', () => {
    expect(parseCheckin(deviceMessages.checkOut)).toStrictEqual({
      messageType: 'CheckOut',
      enrollment,
      topic,
    });
  });

  it('takes an empty bootstrap token for none: both delete the stored one', () => {
    const message = { MessageType: 'SetBootstrapToken', UDID: macUdid };
    const none = { messageType: 'SetBootstrapToken', enrollment };
    expect(parseCheckin(buildPlist(message))).toStrictEqual(none);
    expect(parseCheckin(buildPlist({ ...message, BootstrapToken: Buffer.alloc(0) }))).toStrictEqual(none);
  });

  const tokenUpdate = {
    MessageType: 'TokenUpdate',
    UDID: macUdid,
    Topic: topic,
    PushMagic: 'm',
    Token: Buffer.from('t'),
  };
  it.each<[PlistInputDict, string]>([
    [{}, 'MessageType is missing'],
    [{ MessageType: 1 }, 'MessageType must be a string, not an integer'],
    [{ MessageType: 'Reboot', UDID: 'a' }, 'MessageType names a message that is not known'],
    [{ MessageType: 'toString', UDID: 'a' }, 'MessageType names a message that is not known'],
    [{ MessageType: 'CheckOut' }, 'UDID or EnrollmentID is missing'],
    [{ MessageType: 'CheckOut', UDID: '' }, 'UDID or EnrollmentID is missing'],
    [{ MessageType: 'Authenticate', UDID: 'a' }, 'Topic is missing'],
    [{ ...tokenUpdate, Token: undefined }, 'Token is missing'],
    [{ ...tokenUpdate, Token: 'text' }, 'Token must be data, not a string'],
    [{ ...tokenUpdate, Token: Buffer.alloc(0) }, 'Token is empty'],
    [{ ...tokenUpdate, PushMagic: undefined }, 'PushMagic is missing'],
    [{ ...tokenUpdate, UDID: true }, 'UDID must be a string, not a boolean'],
    [{ MessageType: 'GetToken', UDID: 'a' }, 'TokenServiceType is missing'],
    [
      { MessageType: 'GetToken', UDID: 'a', TokenServiceType: 's', TokenParameters: { PhoneUDID: 1 } },
      'TokenParameters.PhoneUDID must be a string, not an integer',
    ],
    [{ MessageType: 'DeclarativeManagement', UDID: 'a' }, 'Endpoint is missing'],
  ])('refuses %p', (message, problem) => {
    expect(refusal(buildPlist(message)).message).toBe(problem);
  });

  it('refuses what is no property list or no dictionary', () => {
    expect(refusal(Buffer.from('{"json": true}')).message).toContain('Text stands where only elements may');
    expect(refusal(Buffer.from('bplist00')).message).toContain('Binary property lists are not supported');
    expect(refusal(buildPlist(['a'])).message).toBe('The property list must be a dictionary, not an array');
    expect(refusal(deviceMessages.authenticateMac.subarray(0, 700))).toBeInstanceOf(MdmProtocolError);
  });

  it('applies the limits of the caller', () => {
    expect(() => parseCheckin(deviceMessages.checkOut, { maxBytes: 100 })).toThrow('larger than 100 bytes');
  });
});

describe('buildCheckin', () => {
  const text = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    .filter((value) => !/\p{Cc}/u.test(value));
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((value) => Buffer.from(value));
  const ids = fc.record(
    {
      udid: text,
      enrollmentId: text,
      userId: text,
      enrollmentUserId: text,
      userShortName: text,
      userLongName: text,
    },
    { requiredKeys: ['udid'], noNullPrototype: true },
  );
  const plain = { noNullPrototype: true };
  const shape = (
    messageType: string,
    required: Record<string, fc.Arbitrary<unknown>>,
    optional: Record<string, fc.Arbitrary<unknown>>,
  ): fc.Arbitrary<CheckinMessage> => {
    const envelope: Record<string, fc.Arbitrary<unknown>> = {
      messageType: fc.constant(messageType),
      enrollment: ids,
    };
    const always = { ...envelope, ...required };
    const model = { ...always, ...optional };
    return fc.record(model, {
      ...plain,
      requiredKeys: Object.keys(always),
    }) as unknown as fc.Arbitrary<CheckinMessage>;
  };

  const boolean = fc.boolean();
  const message = fc.oneof(
    shape(
      'Authenticate',
      { topic: text },
      { deviceName: text, model: text, serialNumber: text, imei: text, meid: text },
    ),
    shape(
      'TokenUpdate',
      { topic: text, pushMagic: text, token: bytes },
      { unlockToken: bytes, awaitingConfiguration: boolean, notOnConsole: boolean },
    ),
    shape('CheckOut', {}, { topic: text }),
    shape('UserAuthenticate', {}, { digestResponse: text }),
    shape('SetBootstrapToken', {}, { bootstrapToken: bytes, awaitingConfiguration: boolean }),
    shape('GetBootstrapToken', {}, { awaitingConfiguration: boolean }),
    shape(
      'GetToken',
      { tokenServiceType: text },
      {
        tokenParameters: fc.record(
          { securityToken: text, phoneUdid: text, watchUdid: text },
          { ...plain, requiredKeys: [] },
        ),
      },
    ),
    shape('DeclarativeManagement', { endpoint: text }, { data: bytes }),
  );

  it('is read back as the same message, for all eight messages', () => {
    fc.assert(
      fc.property(message, (original) => {
        expect(parseCheckin(buildCheckin(original))).toStrictEqual(original);
      }),
      { numRuns: 200 },
    );
  });

  it('random dictionaries and mutated messages give a message or MdmProtocolError', () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.nat(255), fc.nat(100), (original, at, byte, cut) => {
        const body = buildCheckin(original);
        body[at % body.length] = byte;
        try {
          parseCheckin(body.subarray(0, body.length - (cut < 50 ? 0 : cut)));
        } catch (error) {
          if (!(error instanceof MdmProtocolError)) throw error;
        }
      }),
      { numRuns: 200 },
    );
  });
});
