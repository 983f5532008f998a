import {
  applicationsReported,
  deviceReported,
  profilesReported,
  securityReported,
} from '@espalier/contracts';
import { parsePlist, type PlistDict, type PlistValue } from '@espalier/plist';
import fc from 'fast-check';
import { inventoryMessage } from '../inventory-message.js';
import { readApplications } from './application.facts.js';
import { readDeviceFacts } from './device.facts.js';
import { readProfiles } from './profile.facts.js';
import { readSecurityFacts } from './security.facts.js';

const dict = (xml: string): PlistDict =>
  parsePlist(Buffer.from(`<plist version="1.0"><dict>${xml}</dict></plist>`)) as PlistDict;

describe('facts', () => {
  it('of a Mac are taken from its DeviceInformation', () => {
    const facts = readDeviceFacts(
      dict(`<key>QueryResponses</key><dict>
        <key>UDID</key><string>U1</string><key>SerialNumber</key><string>C02</string>
        <key>ProductName</key><string>Mac15,3</string><key>OSVersion</key><string>15.1</string>
        <key>DeviceCapacity</key><real>494.4</real><key>AvailableDeviceCapacity</key><real>100</real>
        <key>BatteryLevel</key><real>0.5</real><key>IsAppleSilicon</key><true/>
        <key>EthernetMAC</key><string>aa:bb</string><key>HostName</key><string></string>
        <key>TimeZone</key><string>Europe/Berlin</string></dict>`),
    );
    expect(facts).toMatchObject({
      udid: 'U1',
      hardwareUuid: 'U1',
      serialNumber: 'C02',
      platform: 'mac',
      deviceCapacity: 494_400_000_000,
      availableCapacity: 100_000_000_000,
      batteryPercent: 50,
      isAppleSilicon: true,
      ethernetMacs: ['aa:bb'],
      hostName: null,
      timeZone: 'Europe/Berlin',
      isSupervised: null,
    });
  });

  it('count capacities in GiB where macOS 11 and earlier do', () => {
    const facts = readDeviceFacts(
      dict(`<key>QueryResponses</key><dict><key>ProductName</key><string>MacBookPro16,1</string>
        <key>OSVersion</key><string>11.7</string><key>DeviceCapacity</key><real>1</real></dict>`),
    );
    expect(facts?.deviceCapacity).toBe(1024 ** 3);
  });

  it('of an iPhone come from its subscriptions where they are only there', () => {
    const facts = readDeviceFacts(
      dict(`<key>QueryResponses</key><dict><key>ProductName</key><string>iPhone17,1</string>
        <key>BatteryLevel</key><real>-1</real>
        <key>LastCloudBackupDate</key><date>2026-11-21T00:00:00Z</date>
        <key>ServiceSubscriptions</key><array><dict><key>IMEI</key><string>35</string>
        <key>PhoneNumber</key><string>+49</string></dict></array></dict>`),
    );
    expect(facts).toMatchObject({
      platform: 'iphone',
      imei: '35',
      phoneNumber: '+49',
      batteryPercent: null,
      lastCloudBackupAt: Date.UTC(2026, 10, 21),
    });
  });

  it('on security leave out the recovery key', () => {
    const result = dict(`<key>SecurityInfo</key><dict><key>FDE_Enabled</key><true/>
      <key>FDE_PersonalRecoveryKeyCMS</key><data>Y2FuYXJ5</data>
      <key>FirewallSettings</key><dict><key>FirewallEnabled</key><false/></dict>
      <key>ManagementStatus</key><dict><key>EnrolledViaDEP</key><true/></dict>
      <key>SecureBoot</key><dict><key>SecureBootLevel</key><string>full</string></dict></dict>`);
    const facts = readSecurityFacts(result);
    expect(facts).toMatchObject({
      fileVaultEnabled: true,
      firewallEnabled: false,
      enrolledViaDep: true,
      secureBootLevel: 'full',
      passcodePresent: null,
    });
    expect(JSON.stringify(facts)).not.toContain('canary');
  });

  it('on profiles say that all are gone only where a list says so', () => {
    expect(readProfiles(dict('<key>ProfileList</key><array/>'))).toEqual([]);
    expect(readProfiles(dict(''))).toBeUndefined();
    expect(readProfiles(dict('<key>ProfileList</key><string>none</string>'))).toBeUndefined();
    expect(readApplications(dict(''))).toBeUndefined();
    expect(readDeviceFacts(dict(''))).toBeUndefined();
    expect(readSecurityFacts(dict(''))).toBeUndefined();
  });

  it('name what is in profiles, and who manages them', () => {
    const profiles = readProfiles(
      dict(`<key>ProfileList</key><array>
        <dict><key>PayloadIdentifier</key><string>a</string><key>PayloadUUID</key><string>U</string>
          <key>IsManaged</key><true/><key>PayloadContent</key><array>
          <dict><key>PayloadType</key><string>com.apple.dock</string></dict><integer>1</integer></array></dict>
        <dict><key>PayloadIdentifier</key><string>b</string>
          <key>Source</key><string>Declarative Device Management</string></dict>
        <dict><key>PayloadUUID</key><string>without identifier</string></dict></array>`),
    );
    expect(profiles).toEqual([
      {
        identifier: 'a',
        uuid: 'U',
        displayName: null,
        organization: null,
        managed: true,
        payloadTypes: ['com.apple.dock'],
      },
      expect.objectContaining({ identifier: 'b', uuid: '', managed: true }),
    ]);
  });

  it('of long lists fit into one message, the existence of profiles before what is in them', () => {
    const long = 'ä'.repeat(300);
    const profile = {
      PayloadIdentifier: 'p',
      PayloadDisplayName: long,
      PayloadContent: Array.from({ length: 150 }, () => ({ PayloadType: long })),
    };
    const profiles = readProfiles({ ProfileList: Array.from({ length: 1_000 }, () => profile) });
    expect(profiles).toHaveLength(1_000);
    expect(profiles?.at(-1)).toMatchObject({ identifier: 'p', payloadTypes: [] });
    // What enrols the device is known as such, wherever it stands in the list.
    const enrolls = { ...profile, PayloadContent: [{ PayloadType: long }, { PayloadType: 'com.apple.mdm' }] };
    const last = readProfiles({ ProfileList: [...Array.from({ length: 999 }, () => profile), enrolls] });
    expect(last?.at(-1)).toMatchObject({ identifier: 'p', payloadTypes: ['com.apple.mdm'] });
    const application = { Identifier: long, Name: long, Version: long, BundleSize: 5 };
    const result = { InstalledApplicationList: Array.from({ length: 9_000 }, () => application) };
    const applications = readApplications(result);
    expect(applications?.length).toBeGreaterThan(100);
    expect(JSON.stringify(applications).length).toBeLessThan(500_000);
  });
});

describe('whatever a device answers', () => {
  const keys = fc.constantFrom(
    'QueryResponses',
    'SecurityInfo',
    'ProfileList',
    'InstalledApplicationList',
    'UDID',
    'OSVersion',
    'BatteryLevel',
    'DeviceCapacity',
    'EthernetMAC',
    'ServiceSubscriptions',
    'LastCloudBackupDate',
    'ManagementStatus',
    'FirewallSettings',
    'FDE_Enabled',
    'PayloadIdentifier',
    'PayloadContent',
    'PayloadType',
    'Identifier',
    'BundleSize',
    '__proto__',
    'constructor',
  );
  const { value } = fc.letrec<{ value: PlistValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.double(),
      fc.integer(),
      fc.bigInt(),
      fc.boolean(),
      fc.date({ noInvalidDate: false }),
      fc.uint8Array({ maxLength: 8 }).map((data) => Buffer.from(data)),
      fc.array(tie('value'), { maxLength: 5 }),
      fc.dictionary(keys, tie('value'), { maxKeys: 6 }),
    ),
  }));

  it.each([
    ['device', deviceReported, 'QueryResponses'],
    ['security', securityReported, 'SecurityInfo'],
    ['profiles', profilesReported, 'ProfileList'],
    ['applications', applicationsReported, 'InstalledApplicationList'],
  ] as const)('to %s, its event fits the contract and can be stored', (inventory, contract, key) => {
    const command = { enrollment_id: 'E', inventory, created_at: 1, sent_at: 2 };
    let told = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          fc.dictionary(keys, value),
          fc.dictionary(keys, value).map((inner) => ({ [key]: inner })),
          fc.array(fc.dictionary(keys, value)).map((inner) => ({ [key]: inner })),
        ),
        (result) => {
          for (const message of inventoryMessage(command, result, 3)) {
            told += 1;
            expect(message.subject).toBe(contract.subject);
            expect(contract.payload.parse(JSON.parse(message.payload))).toMatchObject({ askedAt: 2, at: 3 });
            // PostgreSQL stores no NUL, and no halves of characters.
            expect(message.payload).not.toMatch(/\\u0000|\\ud[89a-f]/i);
          }
        },
      ),
      { numRuns: 300 },
    );
    expect(told).toBeGreaterThan(20);
  });
});
