import fc from 'fast-check';
import { buildPlist, type PlistInputDict } from '@espalier/plist';
import { buildReport, parseCommandReport, salvageReport } from './command-report.js';
import { deviceMessages, macUdid } from './fixtures/device-messages.fixture.js';
import { MdmProtocolError } from './mdm-protocol.error.js';

const enrollment = { udid: macUdid };

describe('parseCommandReport', () => {
  it('reads Idle: nothing but who asks', () => {
    expect(parseCommandReport(deviceMessages.idle)).toEqual({
      enrollment,
      status: 'Idle',
      errorChain: [],
      result: {},
    });
  });

  it('reads NotNow', () => {
    expect(parseCommandReport(deviceMessages.notNow)).toEqual({
      enrollment,
      status: 'NotNow',
      commandUuid: '0001_InstallProfile',
      errorChain: [],
      result: {},
    });
  });

  it('reads the error chain from the outermost cause inwards, with the parts that are there', () => {
    expect(parseCommandReport(deviceMessages.profileInstallFailed)).toMatchObject({
      status: 'Error',
      errorChain: [
        {
          code: 4001,
          domain: 'MCInstallationErrorDomain',
          description: 'Profil-Installation fehlgeschlagen',
          usEnglishDescription: 'Profile Installation Failed',
        },
        { code: -319, domain: 'ConfigProfilePluginDomain' },
      ],
    });
  });

  it('gives the answer without the envelope', () => {
    expect(parseCommandReport(deviceMessages.deviceInformation).result).toEqual({
      QueryResponses: {
        AvailableDeviceCapacity: 181.62109375,
        DeviceCapacity: 494.3841552734375,
        IsSupervised: true,
        SerialNumber: 'C02XK0AAJG5J',
      },
    });
  });

  it.each<[PlistInputDict, string]>([
    [{ UDID: 'a' }, 'Status is missing'],
    [{ UDID: 'a', Status: 'Done' }, 'Status is not a status that is known'],
    [{ UDID: 'a', Status: 'Acknowledged' }, 'CommandUUID is missing'],
    [{ UDID: 'a', Status: 'Acknowledged', CommandUUID: '' }, 'CommandUUID is empty'],
    [{ Status: 'Idle' }, 'UDID or EnrollmentID is missing'],
    [
      { UDID: 'a', Status: 'Error', CommandUUID: 'c', ErrorChain: 'x' },
      'ErrorChain must be an array, not a string',
    ],
    [
      { UDID: 'a', Status: 'Error', CommandUUID: 'c', ErrorChain: [{ ErrorCode: 'x' }] },
      'ErrorChain[0].ErrorCode must be an integer, not a string',
    ],
  ])('refuses %p', (report, problem) => {
    expect(() => parseCommandReport(buildPlist(report))).toThrow(new MdmProtocolError(problem));
  });
});

describe('buildReport', () => {
  it('is read back as the same report', () => {
    const uuid = fc.stringMatching(/^[\w-]{1,40}$/);
    const chain = fc.array(
      fc.record({ code: fc.integer(), domain: uuid, description: uuid }, { requiredKeys: ['code'] }),
    );
    const result = fc.dictionary(
      fc.stringMatching(/^Z\w{1,20}$/),
      fc.oneof(fc.integer(), fc.boolean(), uuid),
    );
    const status = fc.constantFrom('Acknowledged', 'Error', 'CommandFormatError', 'NotNow');
    fc.assert(
      fc.property(uuid, status, chain, result, (commandUuid, status, errorChain, result) => {
        const report = { enrollment, status, commandUuid, errorChain, result };
        expect(parseCommandReport(buildReport(report))).toEqual(report);
      }),
      { numRuns: 200 },
    );
  });

  it('writes Idle as devices do', () => {
    expect(parseCommandReport(buildReport({ enrollment, status: 'Idle' }))).toEqual(
      parseCommandReport(deviceMessages.idle),
    );
  });
});

describe('salvageReport', () => {
  it('finds the command of a report that cannot be read, so that it can leave the queue', () => {
    const broken = Buffer.from(
      deviceMessages.deviceInformation.toString().replace('C02XK0AAJG5J', '&broken').replace('</plist>', ''),
    );
    expect(() => parseCommandReport(broken)).toThrow(MdmProtocolError);
    expect(salvageReport(broken)).toEqual({ commandUuid: '0002_DeviceInformation', status: 'Acknowledged' });
  });

  it('finds nothing in what is none, and nothing that is no plain identifier', () => {
    expect(salvageReport(Buffer.from('junk'))).toEqual({});
    expect(salvageReport(Buffer.from('<key>CommandUUID</key><string>a b</string>'))).toEqual({});
    expect(salvageReport(Buffer.from(`<key>CommandUUID</key><string>${'a'.repeat(500)}</string>`))).toEqual(
      {},
    );
  });
});
