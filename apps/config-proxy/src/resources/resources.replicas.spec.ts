import { describeOnEachDatabase } from '@espalier/testing';
import {
  applications,
  app,
  authenticated,
  device,
  enrolled,
  ResourceHarness,
  resourceMigrations,
  userEnrolled,
  type SpecMac,
} from './resource.fixture.js';

/** What several replicas do at once comes out as if one had done it. */
describeOnEachDatabase('resources of several replicas', { migrations: resourceMigrations }, (open) => {
  it('makes one record per device and user, whoever hears of them first', async () => {
    const db = await open();
    const replicas = [new ResourceHarness(db), new ResourceHarness(await open({ beside: db }))];
    const macs = Array.from({ length: 20 }, (_, n): SpecMac => ({ udid: `U-${n}`, serial: `S-${n}` }));
    const work = replicas.flatMap((replica) => [
      () => replica.enroll(...macs.map((mac) => authenticated(mac, 1_000))),
      () => replica.enroll(...macs.toReversed().map((mac) => enrolled(mac, 2_000))),
      () => replica.enroll(...macs.map((mac) => userEnrolled(mac, 'jane', 2_500))),
      () => replica.report(...macs.toReversed().map((mac) => device(mac, 3_000, { batteryPercent: 50 }))),
      () =>
        replica.report(
          ...macs.map((mac) => applications(mac, 3_000, app('Pages', '1'), app('Keynote', '1'))),
        ),
      () => replica.see(...macs.map(({ udid }) => ({ enrollmentId: udid, at: 4_000 }))),
    ]);
    // A batch that lost a race on a key fails whole and is delivered again, as by the bus.
    const again = async (task: () => Promise<void>): Promise<void> => {
      for (let delivery = 1; ; delivery += 1)
        try {
          return await task();
        } catch (error) {
          if (delivery === 8) throw error;
        }
    };
    await Promise.all(work.map(again));
    const harness = replicas[0] ?? new ResourceHarness(db);
    expect(new Set((await harness.devices()).map(({ name, state }) => `${name} ${state}`))).toEqual(
      new Set(macs.map(({ udid }) => `Mac of ${udid} active`)),
    );
    expect(await harness.devices()).toHaveLength(20);
    expect((await harness.rooms.users.list({ limit: 10 })).items).toHaveLength(1);
    expect(await harness.count('gs_portable_battery')).toBe(20);
    expect(await harness.count('gs_installed_software')).toBe(40);
    expect(await harness.count('hs_installed_software')).toBe(0);
    expect(await harness.count('user_affinity')).toBe(20);
    const created = (await harness.takeEvents()).filter((event) => event.startsWith('created'));
    expect(new Set(created).size).toBe(21);
    expect(created).toHaveLength(21);
  });
});
