import { randomUUID } from 'node:crypto';
import { ApnsClient } from '@espalier/apns';
import { createLogger } from '@espalier/service-kit';
import { answers, startAppleSim, type AppleSim } from '@espalier/sim-apple';
import { describeOnEachDatabase } from '@espalier/testing';
import { MdmHarness, SpecDevice, TOPIC } from '../mdm.fixture.js';
import { mdmMigrations } from '../migrations/index.js';

/** The schedule of pushes against the stand-in for APNs, over real HTTP/2 and TLS. */
describeOnEachDatabase('pushing', { migrations: mdmMigrations }, (open) => {
  let apple: AppleSim;
  let apns: ApnsClient;
  let harness: MdmHarness;

  beforeAll(async () => {
    apple = await startAppleSim();
    const pair = apple.issuePushCertificate(TOPIC);
    const logger = createLogger({ service: 'mdm', replica: 'spec', level: 'silent' });
    apns = new ApnsClient({ endpoint: apple.apnsUrl, ca: apple.ca, logger, credentials: () => pair });
  });
  afterAll(async () => {
    await apns.close();
    await apple.close();
  });
  beforeEach(async () => {
    harness = new MdmHarness(await open(), { apns });
  });
  afterEach(async () => {
    await harness.rooms.push.stop();
    apple.faults.clear();
  });

  /** Enrols a device whose token the simulator knows. */
  async function enrolled(): Promise<{ device: SpecDevice; token: string }> {
    const device = new SpecDevice(harness);
    const token = apple.apns.issueToken(TOPIC);
    await device.authenticate();
    await device.tokenUpdate({ token: Buffer.from(token, 'hex') });
    return { device, token };
  }

  /** The next push for a token that the simulator accepts or refuses. */
  function nextPush(token: string): Promise<{ status: number }> {
    const { promise, resolve } = Promise.withResolvers<{ status: number }>();
    const off = apple.apns.onPush((push) => {
      if (push.token !== token) return;
      off();
      resolve(push);
    });
    return promise;
  }

  const pushState = async (device: SpecDevice): Promise<string | undefined> =>
    (await harness.rooms.rpc.enrollments.get(device.udid))?.enrollment.push;

  /** Waits until the event has been written; the relay is not running, so the outbox keeps it. */
  async function untilEvent(subject: string): Promise<Record<string, unknown>> {
    for (;;) {
      const found = (await harness.events()).find((event) => event.subject === subject);
      if (found !== undefined) return found.payload;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  it('wakes a device at once for a new command', async () => {
    const { device, token } = await enrolled();
    harness.rooms.push.start();
    const pushed = nextPush(token);
    await harness.submit([device]);
    expect((await pushed).status).toBe(200);
  });

  it('pushes again, later each time, until the device has fetched what waits, and then no more', async () => {
    const { device, token } = await enrolled();
    const [id] = await harness.submit([device]);
    harness.rooms.push.start();
    await settled();
    harness.now = new Date(harness.now.getTime() + 61_000);
    const second = nextPush(token);
    harness.rooms.push.nudge();
    await second;
    await device.next();
    await device.report('Acknowledged', id);
    harness.now = new Date(harness.now.getTime() + 400_000);
    harness.rooms.push.nudge();
    await untilForgotten();
    expect(apple.apns.pushes(token)).toHaveLength(2);
  });

  /** Waits until the answer of a push has moved its next time into the future. */
  async function settled(): Promise<void> {
    for (;;) {
      const [row] = await harness.db.query<{ due_at: number }>('SELECT due_at FROM {push_schedule}');
      if (row?.due_at === harness.now.getTime() + 60_000) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async function untilForgotten(): Promise<void> {
    while ((await harness.db.query('SELECT enrollment_id FROM {push_schedule}')).length > 0)
      await new Promise((resolve) => setImmediate(resolve));
  }

  it('suspends a token that APNs has unregistered until the next TokenUpdate, which pushes for what waits', async () => {
    const { device, token } = await enrolled();
    apple.apns.unregister(token);
    harness.rooms.push.start();
    await harness.submit([device]);
    expect(await untilEvent('enrollment.push-changed')).toMatchObject({
      push: 'unregistered',
      reason: 'Unregistered',
    });
    expect(await pushState(device)).toBe('unregistered');
    const fresh = apple.apns.issueToken(TOPIC);
    const pushed = nextPush(fresh);
    await device.tokenUpdate({ token: Buffer.from(fresh, 'hex') });
    expect((await pushed).status).toBe(200);
    expect(await pushState(device)).toBe('ok');
  });

  it('flags a token that APNs calls bad', async () => {
    const { device } = await enrolled();
    apple.faults.inject({ action: answers.badDeviceToken(), count: 1 });
    harness.rooms.push.start();
    await harness.submit([device]);
    expect(await untilEvent('enrollment.push-changed')).toMatchObject({ push: 'invalid-token' });
  });

  it('tries a push on request again where Apple was out of order, though nothing waits', async () => {
    const { device, token } = await enrolled();
    apple.faults.inject({ action: answers.internalServerError(), count: 1 });
    harness.rooms.push.start();
    const [failed, lease] = [nextPush(token), harness.now.getTime() + 45_000];
    await harness.rooms.rpc.push.pushNow(device.udid);
    expect((await failed).status).toBe(500);
    const dueAt = 'SELECT due_at FROM {push_schedule}';
    while ((await harness.db.query<{ due_at: number }>(dueAt))[0]?.due_at === lease)
      await new Promise((resolve) => setImmediate(resolve));
    const again = nextPush(token);
    harness.now = new Date(lease);
    harness.rooms.push.nudge();
    expect((await again).status).toBe(200);
  });

  it('wakes a device on request, once, and says where it cannot', async () => {
    const { device, token } = await enrolled();
    harness.rooms.push.start();
    const pushed = nextPush(token);
    await harness.rooms.rpc.push.pushNow(device.udid);
    expect((await pushed).status).toBe(200);
    await expect(harness.rooms.rpc.push.pushNow(randomUUID())).rejects.toMatchObject({
      code: 'ESP_MDM_ENROLLMENT_NOT_ACTIVE',
    });
  });
});
