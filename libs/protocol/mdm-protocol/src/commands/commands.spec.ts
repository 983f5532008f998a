import { real } from '@espalier/plist';
import { MdmProtocolError } from '../mdm-protocol.error.js';
import { buildCommand, isKnownRequestType } from './command.builders.js';
import { commandMetadata, redactCommand } from './command.metadata.js';
import { commandTable } from './command.table.js';
import { encodeCommand, parseCommandPayload, rawCommand } from './command.payload.js';
import { defaultDeviceQueries } from './device-queries.js';

const profile = Buffer.from('<?xml version="1.0"?><plist version="1.0"><dict/></plist>');

describe('buildCommand', () => {
  it('builds each known command with exactly the arguments given', () => {
    expect(buildCommand('ProfileList', {})).toStrictEqual({ RequestType: 'ProfileList' });
    expect(buildCommand('ProfileList', { managedOnly: true })).toStrictEqual({
      RequestType: 'ProfileList',
      ManagedOnly: true,
    });
    expect(buildCommand('InstallProfile', { payload: profile })).toStrictEqual({
      RequestType: 'InstallProfile',
      Payload: profile,
    });
    expect(buildCommand('RemoveProfile', { identifier: 'com.example.p' })).toStrictEqual({
      RequestType: 'RemoveProfile',
      Identifier: 'com.example.p',
    });
    expect(
      buildCommand('DeviceLock', {
        platform: 'macOS',
        pin: '012345',
        message: 'Found? Call',
        phoneNumber: '+49 1',
      }),
    ).toStrictEqual({
      RequestType: 'DeviceLock',
      PIN: '012345',
      Message: 'Found? Call',
      PhoneNumber: '+49 1',
    });
    expect(buildCommand('DeviceLock', { platform: 'iOS' })).toStrictEqual({ RequestType: 'DeviceLock' });
    expect(
      buildCommand('EraseDevice', { platform: 'macOS', pin: '123456', obliterationBehavior: 'Always' }),
    ).toStrictEqual({
      RequestType: 'EraseDevice',
      PIN: '123456',
      ObliterationBehavior: 'Always',
    });
    expect(
      buildCommand('EraseDevice', {
        platform: 'iOS',
        preserveDataPlan: true,
        disallowProximitySetup: false,
        returnToService: { enabled: true, mdmProfile: profile },
      }),
    ).toStrictEqual({
      RequestType: 'EraseDevice',
      PreserveDataPlan: true,
      DisallowProximitySetup: false,
      ReturnToService: { Enabled: true, WiFiProfileData: undefined, MDMProfileData: profile },
    });
  });

  it('asks for the facts that the platform has, each once, or for what the caller names', () => {
    const mac = buildCommand('DeviceInformation', { platform: 'macOS' })['Queries'] as string[];
    expect(mac).toEqual(
      expect.arrayContaining(['SerialNumber', 'IsAppleSilicon', 'PINRequiredForEraseDevice']),
    );
    expect(defaultDeviceQueries.iOS).toContain('ServiceSubscriptions');
    expect(defaultDeviceQueries.iOS).not.toContain('IsAppleSilicon');
    for (const queries of Object.values(defaultDeviceQueries))
      expect(new Set(queries).size).toBe(queries.length);
    const own = buildCommand('DeviceInformation', {
      platform: 'iOS',
      queries: ['UDID', 'OSVersion', 'UDID'],
    });
    expect(own['Queries']).toEqual(['UDID', 'OSVersion']);
  });

  it.each<[string, () => unknown, string]>([
    [
      'a Mac lock without PIN',
      () => buildCommand('DeviceLock', { platform: 'macOS' }),
      'PIN is required on macOS',
    ],
    [
      'five digits',
      () => buildCommand('DeviceLock', { platform: 'macOS', pin: '12345' }),
      'PIN must be six digits',
    ],
    [
      'letters',
      () => buildCommand('EraseDevice', { platform: 'macOS', pin: '12345a' }),
      'PIN must be six digits',
    ],
    [
      'a line end',
      () => buildCommand('EraseDevice', { platform: 'macOS', pin: '123456\n' }),
      'PIN must be six digits',
    ],
    [
      'a PIN for an iPhone',
      () => buildCommand('DeviceLock', { platform: 'iOS', pin: '123456' }),
      'PIN applies to macOS only',
    ],
    [
      'a data plan on a Mac',
      () => buildCommand('EraseDevice', { platform: 'macOS', preserveDataPlan: true }),
      'PreserveDataPlan applies to iOS, iPadOS, watchOS only, not to macOS',
    ],
    [
      'an unknown behaviour',
      () => buildCommand('EraseDevice', { platform: 'macOS', obliterationBehavior: 'Never' as 'Always' }),
      'ObliterationBehavior must be one of',
    ],
    [
      'no profile',
      () => buildCommand('InstallProfile', { payload: Buffer.from('{}') }),
      'Payload is not a configuration profile',
    ],
    [
      'an empty profile',
      () => buildCommand('InstallProfile', { payload: Buffer.alloc(0) }),
      'Payload is not',
    ],
    [
      'an empty identifier',
      () => buildCommand('RemoveProfile', { identifier: ' ' }),
      'Identifier must not be empty',
    ],
    [
      'no queries',
      () => buildCommand('DeviceInformation', { platform: 'iOS', queries: [] }),
      'Queries is empty',
    ],
    [
      'an empty query',
      () => buildCommand('DeviceInformation', { platform: 'iOS', queries: [''] }),
      'Queries[0] must not be empty',
    ],
  ])('refuses %s', (_name, build, problem) => {
    expect(build).toThrow(MdmProtocolError);
    expect(build).toThrow(problem);
  });

  it('takes plain, marked and signed profiles', () => {
    const signed = Buffer.from([0x30, 0x82, 0x10, 0x00, 0x06, 0x09]);
    const marked = Buffer.from('\ufeff<?xml version="1.0"?>');
    for (const payload of [profile, signed, marked]) {
      expect(buildCommand('InstallProfile', { payload })['Payload']).toBe(payload);
    }
  });

  it('tells known request types from others', () => {
    expect(isKnownRequestType('EraseDevice')).toBe(true);
    expect(isKnownRequestType('RestartDevice')).toBe(false);
    expect(isKnownRequestType('toString')).toBe(false);
  });
});

describe('command payload', () => {
  it('reaches the device as it was built', () => {
    const command = buildCommand('EraseDevice', {
      platform: 'iOS',
      returnToService: { enabled: true, wifiProfile: profile },
    });
    expect(parseCommandPayload(encodeCommand({ commandUuid: 'c-1', command }))).toEqual({
      commandUuid: 'c-1',
      requestType: 'EraseDevice',
      command: { RequestType: 'EraseDevice', ReturnToService: { Enabled: true, WiFiProfileData: profile } },
    });
  });

  it('carries raw commands of any type', () => {
    const command = rawCommand({
      RequestType: 'FutureThing',
      Level: real(1),
      Options: { A: [1, 2n ** 60n] },
    });
    const { requestType, command: received } = parseCommandPayload(
      encodeCommand({ commandUuid: 'c', command }),
    );
    expect(requestType).toBe('FutureThing');
    expect(received['Options']).toEqual({ A: [1, 2n ** 60n] });
  });

  it('refuses raw commands without a type or with what a property list cannot hold', () => {
    expect(() => rawCommand({})).toThrow('RequestType must be a string');
    expect(() => rawCommand({ RequestType: 'X', At: new Date(NaN) })).toThrow('At is not a date');
    expect(() => encodeCommand({ commandUuid: '', command: rawCommand({ RequestType: 'X' }) })).toThrow(
      'CommandUUID is empty',
    );
    expect(() => parseCommandPayload(profile)).toThrow('Command is missing');
  });
});

describe('redactCommand', () => {
  it('shows declared arguments and hides PINs, profiles and everything undeclared', () => {
    const lock = buildCommand('DeviceLock', { platform: 'macOS', pin: '123456', message: 'Hello' });
    expect(redactCommand(lock)).toEqual({ RequestType: 'DeviceLock', PIN: '[redacted]', Message: 'Hello' });
    expect(redactCommand(buildCommand('InstallProfile', { payload: profile }))).toEqual({
      RequestType: 'InstallProfile',
      Payload: `[redacted, ${profile.length} bytes]`,
    });
    expect(redactCommand(rawCommand({ RequestType: 'DeviceLock', Secret: 'x' }))).toEqual({
      RequestType: 'DeviceLock',
      Secret: '[redacted]',
    });
    expect(redactCommand(rawCommand({ RequestType: 'FutureThing', Token: ['x'] }))).toEqual({
      RequestType: 'FutureThing',
      Token: '[redacted]',
    });
  });

  it('shows lists of plain values, and hides values of a type that the argument should not have', () => {
    const information = buildCommand('DeviceInformation', { platform: 'macOS', queries: ['UDID'] });
    expect(redactCommand(information)).toEqual({ RequestType: 'DeviceInformation', Queries: ['UDID'] });
    expect(redactCommand(rawCommand({ RequestType: 'DeviceLock', Message: { PIN: '1' } }))).toMatchObject({
      Message: '[redacted]',
    });
  });

  it('leaves no canary in any command of the table', () => {
    for (const [requestType, { secret = [] }] of Object.entries(commandTable)) {
      const secrets = Object.fromEntries([...secret, 'Undeclared'].map((key) => [key, 'canary']));
      const shown = JSON.stringify(redactCommand(rawCommand({ RequestType: requestType, ...secrets })));
      expect(shown).not.toContain('canary');
    }
  });
});

describe('commandMetadata', () => {
  it('marks what loses data or locks people out, and every unknown type', () => {
    const destructive = (requestType: string): boolean => commandMetadata(requestType).destructive;
    expect(
      ['EraseDevice', 'DeviceLock', 'ClearPasscode', 'FutureThing', 'constructor'].map(destructive),
    ).toEqual(Array(5).fill(true));
    expect(['DeviceInformation', 'ProfileList', 'InstallProfile', 'RemoveProfile'].map(destructive)).toEqual(
      Array(4).fill(false),
    );
    expect(commandMetadata('FutureThing').known).toBe(false);
  });

  it('never lists an argument as both plain and secret', () => {
    for (const { plain = [], secret = [] } of Object.values(commandTable)) {
      expect(plain.filter((key) => secret.includes(key))).toEqual([]);
    }
  });
});
