import type { DeviceFacts } from '@espalier/contracts';
import { discoveryOfFacts } from '../resources/discovery.js';
import { app, factsOf } from '../resources/resource.fixture.js';
import { newsOfReport, type InventoryReport, type ReportedNews } from './inventory.reports.js';

const enrollmentId = 'UDID-1';
const facts = factsOf({ udid: enrollmentId, serial: 'C02AAA' });
const context = { userName: null };
const deviceReport = (changes: Partial<DeviceFacts> = {}): InventoryReport => ({
  source: 'device',
  enrollmentId,
  at: 1,
  facts: { ...facts, ...changes },
});
const names = ({ changed }: ReportedNews): string[] => changed.map((group) => group.class.group);

/** Another value of each fact, so that every one of them can be seen to matter. */
const others: Required<{ [K in keyof DeviceFacts]: DeviceFacts[K] }> = {
  udid: 'UDID-2',
  hardwareUuid: '11111111-0000-4000-8000-000000000001',
  serialNumber: 'C02BBB',
  deviceName: 'Other',
  hostName: 'other.example.org',
  localHostName: 'other',
  model: 'Mac15,1',
  modelName: 'iMac',
  modelNumber: 'Z15X',
  productName: 'Mac15,1',
  platform: 'ipad',
  osVersion: '26.1',
  buildVersion: '25B1',
  supplementalBuildVersion: '25B1a',
  isAppleSilicon: false,
  isSupervised: false,
  timeZone: 'Asia/Tokyo',
  deviceCapacity: 1_000_000_000_000,
  availableCapacity: 1_000_000_000,
  batteryPercent: 12,
  wifiMac: 'aa:bb:cc:00:00:11',
  bluetoothMac: 'aa:bb:cc:00:00:12',
  ethernetMacs: [],
  imei: '35-000000-000000-0',
  phoneNumber: '+1',
  lastCloudBackupAt: 5,
  activationLockEnabled: true,
  lostModeEnabled: true,
};

describe('news of a report', () => {
  const { fingerprints } = newsOfReport(deviceReport(), context, {});

  it('are none where it says the same', () => {
    expect(newsOfReport(deviceReport(), context, fingerprints)).toEqual({
      changed: [],
      isUnsteady: false,
      fingerprints,
    });
  });

  it('are what has changed, gauges by themselves', () => {
    const gauged = newsOfReport(deviceReport({ batteryPercent: 3 }), context, fingerprints);
    expect([names(gauged), gauged.isUnsteady]).toEqual([['portable-battery'], false]);
    const both = newsOfReport(
      deviceReport({ availableCapacity: 1, osVersion: '26.1' }),
      context,
      fingerprints,
    );
    expect([names(both), both.isUnsteady]).toEqual([['operating-system', 'logical-disk'], true]);
    expect(newsOfReport(deviceReport(), context, both.fingerprints).changed).toHaveLength(2);
  });

  it('are none of a group where what is known comes from before groups were compared together', () => {
    const { '*': _, ...before } = fingerprints;
    expect(names(newsOfReport(deviceReport({ batteryPercent: 3 }), context, before))).toEqual([
      'portable-battery',
    ]);
  });

  it.each(Object.keys(others) as (keyof DeviceFacts)[])(
    'are more than gauges where %s tells which or what the device is',
    (name) => {
      const told = deviceReport({ [name]: others[name] });
      const discovers =
        JSON.stringify(discoveryOfFacts(enrollmentId, { ...facts, [name]: others[name] })) !==
        JSON.stringify(discoveryOfFacts(enrollmentId, facts));
      const { isUnsteady } = newsOfReport(told, context, fingerprints);
      expect(isUnsteady || !discovers).toBe(true);
    },
  );

  it('do not depend on the order of a list, and tell those of one key apart', () => {
    const list = [app('Twin', '1'), app('Twin', '2'), app('Pages', '1')];
    const report = (applications: typeof list): InventoryReport => ({
      source: 'applications',
      enrollmentId,
      at: 1,
      facts: applications,
    });
    const known = newsOfReport(report(list), context, {}).fingerprints;
    expect(newsOfReport(report(list.toReversed()), context, known).changed).toEqual([]);
    expect(names(newsOfReport(report(list.slice(1)), context, known))).toEqual(['installed-software']);
    expect(newsOfReport(report(list), context, known).changed).toEqual([]);
  });
});
