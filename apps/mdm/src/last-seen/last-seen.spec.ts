import { describeOnEachDatabase } from '@espalier/testing';
import { MdmHarness, SpecDevice } from '../mdm.fixture.js';
import { mdmMigrations } from '../migrations/index.js';

describeOnEachDatabase('last-seen times', { migrations: mdmMigrations }, (open) => {
  let harness: MdmHarness;
  beforeEach(async () => {
    harness = new MdmHarness(await open());
  });

  it('are written in batches', async () => {
    const device = await new SpecDevice(harness).enroll();
    await device.next();
    expect((await harness.rooms.rpc.enrollments.get(device.udid))?.enrollment.lastSeenAt).toBeNull();
    await harness.rooms.lastSeen.flush();
    expect((await harness.rooms.rpc.enrollments.get(device.udid))?.enrollment.lastSeenAt).toBe(
      harness.now.getTime(),
    );
  });

  it('are told, of each enrolment at most once a minute', async () => {
    const [one, two] = [await new SpecDevice(harness).enroll(), await new SpecDevice(harness).enroll()];
    const start = harness.now.getTime();
    const seen = async (seconds: number, ...devices: SpecDevice[]): Promise<unknown> => {
      harness.now = new Date(start + seconds * 1_000);
      for (const device of devices) await device.next();
      await harness.rooms.lastSeen.flush();
      const told = (await harness.events()).filter(({ subject }) => subject === 'presence.seen');
      return told.map(({ payload }) => payload['seen']);
    };
    const first = [{ enrollmentId: one.udid, at: start }];
    const second = [{ enrollmentId: two.udid, at: start + 50_000 }];
    expect(await seen(0, one)).toEqual([first]);
    expect(await seen(50, one, two)).toEqual([first, second]);
    const third = [{ enrollmentId: one.udid, at: start + 60_000 }];
    expect(await seen(60, one, two)).toEqual([first, second, third]);
  });

  it('of many are told in several messages', async () => {
    for (let n = 0; n < 1_500; n += 1) harness.rooms.lastSeen.touch(`D${n}`);
    await harness.rooms.lastSeen.flush();
    const told = (await harness.events()).map(({ payload }) => payload['seen'] as unknown[]);
    expect(told.map((seen) => seen.length)).toEqual([500, 500, 500]);
  });
});
