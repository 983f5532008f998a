import { describeOnEachDatabase } from '@espalier/testing';
import {
  app,
  applications,
  device,
  enrolled,
  profiles,
  ResourceHarness,
  resourceMigrations,
  security,
  userEnrolled,
  type SpecMac,
} from '../resources/resource.fixture.js';

const mac: SpecMac = { udid: 'UDID-1', serial: 'C02AAA' };
const ID = 16_777_219;

describeOnEachDatabase('inventory', { migrations: resourceMigrations }, (open) => {
  let harness: ResourceHarness;
  beforeEach(async () => {
    harness = new ResourceHarness(await open());
    await harness.enroll(enrolled(mac, 1_000));
    await harness.takeChanges();
    await harness.takeEvents();
  });

  const group = async (name: string, history = false): Promise<Record<string, unknown>[]> =>
    (await harness.rooms.inventory.group(ID, name, history)).map((item) => ({
      ...item.properties,
      revisionId: item.revisionId,
    }));

  it('fills every group of a report and tells which classes changed', async () => {
    await harness.report(device(mac, 2_000), security(mac, 2_000));
    expect(await group('operating-system')).toMatchObject([
      { caption: 'Mac OS X 15.1', version: '15.1', buildNumber: '24B83', revisionId: 1 },
    ]);
    expect(await group('logical-disk')).toMatchObject([{ size: 476_837, freeSpace: 238_419 }]);
    expect((await group('network-adapter')).map((item) => item['macAddress'])).toEqual([
      'AA:BB:CC:00:00:01',
      'AA:BB:CC:00:00:02',
      'AA:BB:CC:00:00:03',
    ]);
    expect(await group('mdm-security')).toMatchObject([
      { fileVaultEnabled: true, recoveryLockEnabled: null },
    ]);
    const changed = (await harness.takeChanges())[ID] ?? [];
    expect(changed).toEqual(
      expect.arrayContaining(['SMS_G_System_LOGICAL_DISK', 'SMS_G_System_MDM_SECURITY', 'SMS_R_System']),
    );
    expect(changed).not.toContain('SMS_G_System_INSTALLED_SOFTWARE');
  });

  it('writes nothing but the time where nothing changed', async () => {
    await harness.report(device(mac, 2_000));
    await harness.takeChanges();
    await harness.takeEvents();
    const before = await harness.rooms.resources.get(ID);
    await harness.report(device(mac, 3_000));
    expect(await harness.takeChanges()).toEqual({});
    expect(await harness.takeEvents()).toEqual([]);
    expect(await group('computer-system', true)).toEqual([]);
    const after = await harness.rooms.resources.get(ID);
    expect(after.version).toBe(before.version);
    expect(after.discoverySources).toContainEqual({
      agentName: 'ESPALIER_MDM_DEVICE_INFORMATION',
      agentSite: 'DEV',
      agentTime: 3_000,
    });
  });

  it('keeps what was, for the classes that changed only', async () => {
    await harness.report(device(mac, 2_000));
    await harness.takeChanges();
    await harness.report(device(mac, 3_000, { batteryPercent: 79 }));
    expect(await group('portable-battery')).toMatchObject([{ estimatedChargeRemaining: 79, revisionId: 2 }]);
    expect(await group('portable-battery', true)).toMatchObject([
      { estimatedChargeRemaining: 80, revisionId: 1 },
    ]);
    expect(await group('logical-disk', true)).toEqual([]);
    expect(await harness.takeChanges()).toEqual({ [ID]: ['SMS_G_System_PORTABLE_BATTERY'] });
    // The battery was taken out.
    await harness.report(device(mac, 4_000, { batteryPercent: null }));
    expect(await group('portable-battery')).toEqual([]);
    expect(await group('portable-battery', true)).toHaveLength(2);
  });

  it('does not let older reports overwrite newer ones, nor a repeat do anything', async () => {
    const reports = [
      device(mac, 2_000, { availableCapacity: 1_048_576 }),
      device(mac, 4_000, { availableCapacity: 3_145_728 }),
      device(mac, 3_000, { availableCapacity: 2_097_152 }),
    ];
    for (const report of [...reports, ...reports]) await harness.report(report);
    expect(await group('logical-disk')).toMatchObject([{ freeSpace: 3, revisionId: 2 }]);
  });

  it('keeps name and system of the newest fact, whether enrolment or report', async () => {
    await harness.report(device({ ...mac, name: 'Reported', osVersion: '15.3' }, 5_000));
    await harness.enroll(enrolled({ ...mac, name: 'Older', osVersion: '15.2' }, 4_000));
    expect(await harness.rooms.resources.get(ID)).toMatchObject({ name: 'Reported', osVersion: '15.3' });
    expect(await harness.takeEvents()).toEqual([`updated ${ID}`]);
  });

  it('says again what a device is where an enrolment has told otherwise since, though the report is as before', async () => {
    await harness.report(device(mac, 2_000));
    await harness.enroll(enrolled({ ...mac, name: 'Enrolled anew' }, 3_000));
    expect(await harness.rooms.resources.get(ID)).toMatchObject({ name: 'Enrolled anew' });
    await harness.report(device(mac, 4_000));
    expect(await harness.rooms.resources.get(ID)).toMatchObject({ name: 'Mac of UDID-1' });
    await harness.takeEvents();
    // Gauges tell nothing of it.
    await harness.report(device(mac, 5_000, { batteryPercent: 7, availableCapacity: 1 }));
    expect(await harness.takeEvents()).toEqual([]);
  });

  it('follows software by name: an update is history of one, the order of a list is none', async () => {
    await harness.report(
      applications(mac, 2_000, app('Pages', '1'), app('Keynote', '1'), app('Twin', '1'), app('Twin', '2')),
    );
    await harness.takeChanges();
    await harness.report(
      applications(mac, 3_000, app('Twin', '2'), app('Twin', '1'), app('Keynote', '1'), app('Pages', '1')),
    );
    expect(await harness.takeChanges()).toEqual({});
    await harness.report(applications(mac, 4_000, app('Pages', '2'), app('Twin', '1'), app('Twin', '2')));
    expect(
      (await group('installed-software')).map((item) => [item['productName'], item['productVersion']]),
    ).toEqual([
      ['Pages', '2'],
      ['Twin', '1'],
      ['Twin', '2'],
    ]);
    expect(new Set((await group('installed-software', true)).map((item) => item['productName']))).toEqual(
      new Set(['Keynote', 'Pages']),
    );
    expect(await harness.takeChanges()).toEqual({
      [ID]: ['SMS_G_System_INSTALLED_SOFTWARE', 'SMS_G_System_ADD_REMOVE_PROGRAMS'],
    });
  });

  it('stores texts that no column would take: NUL, half a character, too long', async () => {
    const name = `a\0b\u{d800}${'x'.repeat(900)}`;
    await harness.report(
      applications(mac, 2_000, app(name, '1', null)),
      profiles(mac, 2_000, {
        identifier: name,
        uuid: 'u',
        displayName: null,
        organization: null,
        managed: true,
        payloadTypes: ['com.apple.mdm', name],
      }),
    );
    expect(await group('mdm-profile')).toMatchObject([{ uuid: 'u', isManaged: true }]);
    expect(String((await group('installed-software'))[0]?.['productName'])).toMatch(/^ab.?x{200,}$/u);
    await harness.takeChanges();
    await harness.report(applications(mac, 3_000, app(name, '1', null)));
    expect(await harness.takeChanges()).toEqual({});
  });

  it('keeps instances apart whose names differ by blanks at the end, which SQL Server takes for the same', async () => {
    const blanks = ['', ' ', '  '].map((blank) => app('Pages', '1', `com.example.pages${blank}`));
    await harness.report(applications(mac, 2_000, ...blanks));
    await harness.report(applications(mac, 3_000, ...blanks.slice(1)));
    expect(await group('installed-software')).toHaveLength(2);
  });

  it('makes a device known by its report where that overtakes the enrolment, and ties both to one record', async () => {
    const early: SpecMac = { udid: 'UDID-5', serial: 'C02EEE' };
    await harness.report(security(early, 2_000), device(early, 2_000));
    await harness.enroll(enrolled(early, 1_500));
    const devices = (await harness.devices()).filter(({ name }) => name === 'Mac of UDID-5');
    expect(devices).toHaveLength(1);
    expect(await harness.rooms.resources.get(devices[0]?.id ?? 0)).toMatchObject({
      isManaged: true,
      serialNumber: 'C02EEE',
      enrolledAt: 1_500,
    });
    expect(await harness.rooms.inventory.group(devices[0]?.id ?? 0, 'mdm-security', false)).toHaveLength(1);
  });

  it('leaves reports of user channels out: they are not about the device', async () => {
    await harness.enroll(userEnrolled(mac, 'jane', 1_500));
    await harness.report(profiles({ ...mac, udid: `${mac.udid}:U-jane` }, 2_000));
    expect((await harness.rooms.inventory.inventory(ID)).reports).toEqual([]);
  });

  it('takes many devices in one batch, each with its own rows', async () => {
    const macs = Array.from({ length: 60 }, (_, n): SpecMac => ({ udid: `U-${n}`, serial: `S-${n}` }));
    await harness.enroll(...macs.map((one) => enrolled(one, 1_000)));
    await harness.report(
      ...macs.flatMap((one, n) => [
        device(one, 2_000, { batteryPercent: n }),
        applications(one, 2_000, app('Pages', String(n)), app(`Own ${n}`, '1')),
      ]),
    );
    expect(await harness.count('gs_installed_software')).toBe(120);
    const batteries = await harness.db.query<{ serial: string; n: number }>(
      `SELECT r.serial_number AS serial, b.estimated_charge_remaining AS n FROM {gs_portable_battery} AS b
       INNER JOIN {resource} AS r ON r.resource_id = b.resource_id`,
    );
    expect(new Map(batteries.map(({ serial, n }) => [serial, n]))).toEqual(
      new Map(macs.map(({ serial }, n) => [serial, n])),
    );
  });

  it('forgets history that is old enough, and nothing else', async () => {
    for (const at of [2_000, 3_000, 4_000])
      await harness.report(device(mac, at, { batteryPercent: at / 100 }));
    expect(await harness.rooms.inventory.pruneHistory(4_000)).toBe(1);
    expect(await group('portable-battery', true)).toHaveLength(1);
    expect(await group('portable-battery')).toHaveLength(1);
  });
});
