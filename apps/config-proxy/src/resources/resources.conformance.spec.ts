import { describeOnEachDatabase } from '@espalier/testing';
import { MDM_ENROLLMENT } from '../inventory/query-model.js';
import {
  authenticated,
  device,
  enrolled,
  removed,
  ResourceHarness,
  resourceMigrations,
  userEnrolled,
  type SpecMac,
} from './resource.fixture.js';

const mac: SpecMac = { udid: 'UDID-1', serial: 'C02AAA' };
const FIRST = 16_777_219;
const FIRST_USER = 2_063_597_569;

describeOnEachDatabase('resources', { migrations: resourceMigrations }, (open) => {
  let harness: ResourceHarness;
  beforeEach(async () => {
    harness = new ResourceHarness(await open());
  });

  describe('records of devices', () => {
    it('are made with ConfigMgr ids at the first enrolment, and everybody hears of it', async () => {
      await harness.enroll(authenticated(mac, 1_000), enrolled(mac, 2_000));
      expect(await harness.rooms.resources.get(FIRST)).toMatchObject({
        resourceId: FIRST,
        name: 'Mac of UDID-1',
        serialNumber: 'C02AAA',
        operatingSystem: 'Mac OS X 15.1',
        osMajorVersion: 15,
        platform: 'mac',
        state: 'active',
        isManaged: true,
        siteCode: 'DEV',
        lastSeenAt: 2_000,
        enrollments: [{ enrollmentId: 'UDID-1', kind: 'device', state: 'enrolled', isActive: true }],
      });
      expect((await harness.devices())[0]?.smsid).toMatch(/^GUID:[0-9A-F-]{36}$/);
      expect(await harness.takeEvents()).toEqual([`created ${FIRST}`]);
      expect(await harness.takeChanges()).toEqual({ [FIRST]: ['*', MDM_ENROLLMENT] });
      expect(harness.scoped).toEqual([FIRST]);
    });

    it('come out the same in whatever order and however often the facts arrive', async () => {
      const facts = [
        authenticated(mac, 1_000),
        enrolled(mac, 2_000),
        removed(mac.udid, 3_000),
        authenticated({ ...mac, name: 'New name' }, 4_000),
        enrolled({ ...mac, name: 'New name', osVersion: '15.2' }, 5_000),
      ];
      for (const event of [...facts.toReversed(), ...facts]) await harness.enroll(event);
      expect(await harness.rooms.resources.get(FIRST)).toMatchObject({
        name: 'New name',
        osVersion: '15.2',
        isManaged: true,
        enrollments: [{ state: 'enrolled', enrolledAt: 5_000, removedAt: 3_000 }],
      });
      expect(await harness.devices()).toHaveLength(1);
    });

    it('stay, inactive, when the enrolment goes, and keep id and SMSID when the device comes back', async () => {
      await harness.enroll(enrolled(mac, 2_000));
      const [before] = await harness.devices();
      await harness.enroll(removed(mac.udid, 3_000));
      expect(await harness.rooms.resources.get(FIRST)).toMatchObject({ isManaged: false, state: 'active' });
      await harness.enroll(authenticated(mac, 4_000), enrolled(mac, 5_000));
      expect(await harness.devices()).toEqual([before]);
      expect(await harness.rooms.resources.get(FIRST)).toMatchObject({ isManaged: true });
      expect(harness.scoped).toEqual([FIRST, FIRST, FIRST]);
    });

    it('are retired for a newer one with the same serial number (a new logic board), and keep their history', async () => {
      await harness.enroll(enrolled(mac, 2_000));
      await harness.report(device(mac, 2_500));
      await harness.enroll(enrolled({ udid: 'UDID-2', serial: 'C02AAA' }, 9_000));
      const [old, young] = await harness.devices();
      expect([old?.state, young?.state]).toEqual(['obsolete', 'active']);
      expect(young?.smsid).not.toBe(old?.smsid);
      expect(await harness.rooms.inventory.group(FIRST, 'computer-system', false)).toHaveLength(1);
      expect(await harness.takeEvents()).toContain(`obsolete ${FIRST}`);
      expect((await harness.takeChanges())[FIRST]).toContain('*');
      // The old board comes back: now it is the newer one.
      await harness.enroll(enrolled(mac, 10_000));
      expect((await harness.devices()).map(({ state }) => state)).toEqual(['active', 'obsolete']);
    });

    it('with the same serial number settle the same way when the events come the wrong way round', async () => {
      await harness.enroll(enrolled({ udid: 'UDID-2', serial: 'C02AAA' }, 9_000));
      await harness.enroll(enrolled(mac, 2_000));
      const states = new Map(
        await Promise.all(
          (await harness.devices()).map(async ({ id, state }): Promise<[string | null, string]> => [
            (await harness.rooms.resources.get(id)).udid,
            state,
          ]),
        ),
      );
      expect(Object.fromEntries(states)).toEqual({ 'UDID-1': 'obsolete', 'UDID-2': 'active' });
    });

    it('become active again when a decommissioned device enrols, and not by what happened before', async () => {
      await harness.enroll(enrolled(mac, 2_000));
      const gone = await harness.rooms.resources.decommission(FIRST, undefined);
      expect(gone).toMatchObject({ state: 'decommissioned', decommissionedAt: harness.now });
      await harness.enroll(authenticated(mac, 3_000));
      await harness.report(device(mac, 3_500));
      expect((await harness.devices())[0]?.state).toBe('decommissioned');
      await harness.enroll(enrolled(mac, harness.now + 1_000));
      expect(await harness.rooms.resources.get(FIRST)).toMatchObject({
        state: 'active',
        decommissionedAt: null,
      });
    });

    it('are made for many devices of one batch at once', async () => {
      const macs = Array.from({ length: 120 }, (_, n): SpecMac => ({ udid: `U-${n}`, serial: `S-${n}` }));
      await harness.enroll(...macs.map((one) => enrolled(one, 2_000)));
      const ids = (await harness.devices()).map(({ id }) => id);
      expect(ids).toEqual(macs.map((_one, n) => FIRST + n));
    });
  });

  describe('users', () => {
    it('come from user channels, with affinity, also where the user is heard of before the device', async () => {
      await harness.enroll(userEnrolled(mac, 'jane', 2_500));
      expect(await harness.devices()).toEqual([]);
      await harness.enroll(enrolled(mac, 2_000));
      const { items } = await harness.rooms.users.list({ limit: 10 });
      expect(items).toMatchObject([{ resourceId: FIRST_USER, userName: 'jane' }]);
      expect((await harness.rooms.resources.get(FIRST)).enrollments).toMatchObject([
        { kind: 'device' },
        { kind: 'user', userResourceId: FIRST_USER },
      ]);
    });

    it('are one record for all their devices, and the last one shows with the device', async () => {
      const other: SpecMac = { udid: 'UDID-9', serial: 'C02ZZZ' };
      await harness.enroll(enrolled(mac, 2_000), enrolled(other, 2_000));
      await harness.enroll(userEnrolled(mac, 'jane', 3_000), userEnrolled(other, 'jane', 3_000));
      await harness.enroll(userEnrolled(mac, 'joe', 4_000));
      expect((await harness.rooms.users.affinities('user', FIRST_USER)).map((item) => item.sources)).toEqual([
        ['mdm-enrollment'],
        ['mdm-enrollment'],
      ]);
      expect((await harness.rooms.resources.get(FIRST)).lastUserName).toBe('joe');
    });

    it('are the same with blanks around their names', async () => {
      const other: SpecMac = { udid: 'UDID-9', serial: 'C02ZZZ' };
      await harness.enroll(userEnrolled(mac, 'jane', 3_000), userEnrolled(other, 'jane ', 3_000));
      await harness.enroll(userEnrolled(mac, ' ', 4_000));
      const { items } = await harness.rooms.users.list({ limit: 10 });
      expect(items).toMatchObject([{ resourceId: FIRST_USER, userName: 'jane' }]);
    });

    it('have at most one device owner by word of an admin', async () => {
      await harness.enroll(
        enrolled(mac, 2_000),
        userEnrolled(mac, 'jane', 3_000),
        userEnrolled(mac, 'joe', 3_000),
      );
      await harness.rooms.users.tie(FIRST, FIRST_USER, true, 'admin');
      await harness.rooms.users.tie(FIRST, FIRST_USER + 1, true, 'admin');
      const users = await harness.rooms.users.affinities('device', FIRST);
      expect(users.map((item) => [item.userName, item.isPrimary])).toEqual([
        ['joe', true],
        ['jane', false],
      ]);
      await expect(harness.rooms.users.remove(FIRST_USER, undefined)).rejects.toMatchObject({
        code: 'ESP_RESOURCE_USER_ENROLLED',
      });
    });
  });

  describe('changes by hand', () => {
    beforeEach(() => harness.enroll(enrolled(mac, 2_000)));

    it('set, replace and delete extension data, whose names differ by more than case', async () => {
      const { resources } = harness.rooms;
      const by = { by: 'admin', ifMatch: undefined };
      await resources.setExtensionData(FIRST, { AssetTag: 'A1', Room: '12' }, by);
      await harness.takeChanges();
      await resources.setExtensionData(FIRST, { assettag: 'A2' }, by);
      expect((await resources.extensionData(FIRST)).data).toEqual({ assettag: 'A2', Room: '12' });
      expect(await harness.takeChanges()).toEqual({ [FIRST]: ['SMS_G_System_ExtensionData'] });
      await resources.setExtensionData(FIRST, { assettag: 'A2' }, by);
      expect(await harness.takeChanges()).toEqual({});
      await resources.removeExtensionData(FIRST, ['ASSETTAG'], undefined);
      expect((await resources.extensionData(FIRST)).data).toEqual({ Room: '12' });
      await expect(resources.removeExtensionData(FIRST, ['Floor'], undefined)).rejects.toMatchObject({
        code: 'ESP_RESOURCE_PROPERTY_UNKNOWN',
      });
    });

    it('are refused for another version than the one at hand, and then change nothing', async () => {
      const { version } = await harness.rooms.resources.get(FIRST);
      const stale = `"${version - 1}"`;
      await expect(harness.rooms.resources.decommission(FIRST, stale)).rejects.toMatchObject({ status: 412 });
      await expect(
        harness.rooms.resources.setExtensionData(FIRST, { a: 'b' }, { by: 'admin', ifMatch: stale }),
      ).rejects.toMatchObject({ status: 412 });
      expect(await harness.rooms.resources.get(FIRST)).toMatchObject({ version, state: 'active' });
    });

    it('delete a record only where no enrolment is active, with all that belongs to it', async () => {
      await harness.report(device(mac, 2_500));
      await expect(harness.rooms.resources.remove(FIRST, undefined)).rejects.toMatchObject({
        code: 'ESP_RESOURCE_ENROLLED',
      });
      await harness.enroll(removed(mac.udid, 3_000));
      await harness.rooms.resources.remove(FIRST, undefined);
      await expect(harness.rooms.resources.get(FIRST)).rejects.toMatchObject({
        code: 'ESP_RESOURCE_UNKNOWN',
      });
      expect(await harness.count('gs_computer_system')).toBe(0);
      expect(harness.forgotten).toEqual([FIRST]);
      expect(await harness.takeEvents()).toContain(`removed ${FIRST}`);
      // A device that enrols again is a new record.
      await harness.enroll(enrolled(mac, 4_000));
      expect((await harness.devices()).map(({ id }) => id)).toEqual([FIRST + 1]);
    });
  });

  describe('last seen', () => {
    it('only grows, on any channel of the device, and leaves out whom nobody knows', async () => {
      await harness.enroll(enrolled(mac, 2_000), userEnrolled(mac, 'jane', 3_000));
      await harness.see(
        { enrollmentId: 'UDID-1', at: 5_000 },
        { enrollmentId: 'UDID-1:U-jane', at: 6_000 },
        { enrollmentId: 'nobody', at: 7_000 },
      );
      await harness.see({ enrollmentId: 'UDID-1', at: 4_000 });
      expect((await harness.rooms.resources.get(FIRST)).lastSeenAt).toBe(6_000);
      expect(await harness.count('resource_seen')).toBe(1);
    });
  });

  describe('lists', () => {
    it('page through a filter and an order, without repeats or gaps', async () => {
      const macs = Array.from({ length: 30 }, (_, n): SpecMac => ({
        udid: `U-${n}`,
        serial: `S-${n}`,
        name: `Lab ${String(n % 10)}`,
        osVersion: n % 2 === 0 ? '15.1' : '14.7',
      }));
      await harness.enroll(...macs.map((one) => enrolled(one, 2_000)));
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await harness.rooms.resources.list({
          filter: "osMajorVersion eq 15 and startswith(name,'LAB')",
          orderBy: 'name desc',
          limit: 4,
          cursor,
        });
        seen.push(...page.items.map(({ name, resourceId }) => `${name} ${resourceId}`));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(new Set(seen).size).toBe(15);
      expect(seen.map((item) => item.slice(0, 5))).toEqual(
        seen
          .map((item) => item.slice(0, 5))
          .toSorted()
          .toReversed(),
      );
    });

    it('name what is wrong with a filter', async () => {
      await expect(
        harness.rooms.resources.list({ filter: "colour eq 'red'", limit: 4 }),
      ).rejects.toMatchObject({
        code: 'ESP_SITE_FILTER_INVALID',
      });
    });
  });

  it('migrates back and forth with data in it', async () => {
    await harness.enroll(enrolled(mac, 2_000), userEnrolled(mac, 'jane', 3_000));
    await harness.report(device(mac, 4_000));
    await harness.db.revert(3);
    expect(await harness.db.pendingMigrations()).toHaveLength(3);
    await harness.db.migrate();
    await harness.enroll(enrolled(mac, 2_000));
    expect(await harness.devices()).toHaveLength(1);
  });
});
