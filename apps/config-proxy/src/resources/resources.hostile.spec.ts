import type { Database, SqlParams, Tx } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import {
  applications,
  app,
  device,
  enrolled,
  profiles,
  removed,
  resourceMigrations,
  ResourceHarness,
  userEnrolled,
  type SpecMac,
} from './resource.fixture.js';

const mac: SpecMac = { udid: 'MAC-1', serial: 'SER-1' };
/** What devices, or who poses as one, may call things. */
const hostile = [
  'a\0b',
  '\ud800',
  'x\ud800\udc00\udc00',
  'İ'.repeat(255),
  'ﷺ'.repeat(400),
  '\u202e\n\t',
  '__proto__',
  ' ',
  "'; --",
];

function userNamed(userShortName: string, at: number) {
  const event = userEnrolled(mac, 'user', at);
  const { payload } = event;
  return { ...event, payload: { ...payload, enrollment: { ...payload.enrollment, userShortName } } };
}

describeOnEachDatabase('resources under hostile facts', { migrations: resourceMigrations }, (open) => {
  let db: Database;
  let harness: ResourceHarness;
  beforeEach(async () => {
    db = await open();
    harness = new ResourceHarness(db);
  });

  for (const [index, text] of hostile.entries())
    it(`takes in what calls itself hostile text ${index}, again and again`, async () => {
      const named = { ...mac, name: text, osVersion: text };
      for (const at of [10, 20, 30]) {
        await harness.enroll(enrolled({ ...named, serial: text }, at));
        await harness.enroll(userNamed(text, at + 1));
        await harness.report(
          device(named, at + 2, {
            serialNumber: text,
            hardwareUuid: text,
            localHostName: text,
            ethernetMacs: [text, text],
            timeZone: text,
          }),
          applications(mac, at + 3, app(text, text, text), app(text, text, text), app(text, text, null)),
          profiles(mac, at + 4, {
            identifier: text,
            uuid: text,
            displayName: text,
            organization: text,
            managed: null,
            payloadTypes: [text],
          }),
        );
      }
      expect(await harness.devices()).toHaveLength(1);
    });

  it('takes in a batch in which two devices have swapped their serial numbers', async () => {
    const other: SpecMac = { udid: 'MAC-2', serial: 'SER-2' };
    await harness.enroll(enrolled(mac, 10), enrolled(other, 11));
    await harness.report(device({ ...mac, serial: 'SER-2' }, 20), device({ ...other, serial: 'SER-1' }, 21));
    const { items } = await harness.rooms.resources.list({ limit: 10, orderBy: 'resourceId' });
    expect(items.map(({ serialNumber, state }) => [serialNumber, state])).toEqual([
      ['SER-2', 'active'],
      ['SER-1', 'active'],
    ]);
  });

  it('loses no enrolment whose row goes with a deleted device before it is locked', async () => {
    await harness.enroll(enrolled(mac, 10), removed(mac.udid, 20));
    await db.transaction(async (tx) => {
      let deleted = false;
      const late = new Proxy(tx, {
        get: (target, name: keyof Tx) =>
          name === 'execute'
            ? async (sql: string, params?: SqlParams) => {
                const affected = await target.execute(sql, params);
                if (!deleted) await target.execute('DELETE FROM {resource}');
                deleted = true;
                return affected;
              }
            : target[name],
      });
      const event = { event: enrolled(mac, 30), meta: {} as never };
      await harness.rooms.intake.enrollments.handle([event], late);
    });
    expect(await harness.devices()).toMatchObject([{ name: 'Mac of MAC-1', state: 'active' }]);
  });

  it('takes in a device that leaves and one that takes its serial number over, in one batch', async () => {
    const other: SpecMac = { udid: 'MAC-2', serial: 'SER-2' };
    await harness.enroll(enrolled(mac, 10), enrolled(other, 11));
    await harness.report(device({ ...other, serial: 'SER-3' }, 20), device({ ...mac, serial: 'SER-2' }, 21));
    const { items } = await harness.rooms.resources.list({ limit: 10, orderBy: 'resourceId' });
    expect(items.map(({ serialNumber, state }) => [serialNumber, state])).toEqual([
      ['SER-2', 'active'],
      ['SER-3', 'active'],
    ]);
    await harness.enroll(removed('MAC-1', 30));
  });
});
