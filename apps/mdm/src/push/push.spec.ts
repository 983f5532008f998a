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

  it('notes when the commands that wait were pushed, once, and tells it with their end', async () => {
    const { device } = await enrolled();
    const [first] = await harness.submit([device]);
    const at = harness.now.getTime();
    harness.rooms.push.start();
    await settled();
    const pushedAt = async (id: string | undefined): Promise<number | null> =>
      (await harness.rooms.rpc.commands.get(id ?? '')).command.pushedAt;
    expect(await pushedAt(first)).toBe(at);
    const later = (harness.now = new Date(at + 30_000)).getTime();
    const [second] = await harness.submit([device]);
    expect(await pushedAt(second)).toBeNull();
    await settled();
    expect([await pushedAt(first), await pushedAt(second)]).toEqual([at, later]);
    await device.next();
    await device.report('Acknowledged', first);
    const completed = (await harness.events()).find((event) => event.subject === 'command.completed');
    expect(completed?.payload).toMatchObject({ createdAt: at, pushedAt: at, sentAt: later });
  });

  it('settles many accepted pushes together, each once', async () => {
    const devices = await Promise.all(Array.from({ length: 60 }, () => enrolled()));
    const ids = await harness.submit(devices.map(({ device }) => device));
    harness.rooms.push.start();
    await settled(devices.length);
    for (const { token } of devices) expect(apple.apns.pushes(token)).toHaveLength(1);
    const pushed = await harness.db.query('SELECT id FROM {queued_command} WHERE pushed_at IS NOT NULL');
    expect(pushed).toHaveLength(ids.length);
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
  async function settled(count = 1): Promise<void> {
    const dueAt = harness.now.getTime() + 60_000;
    const sql = 'SELECT due_at FROM {push_schedule} WHERE due_at = :dueAt';
    for (;;) {
      if ((await harness.db.query(sql, { dueAt })).length === count) return;
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
    expect(await untilEvent('status.mdm')).toMatchObject({
      severity: 'warning',
      messageId: 'push-token-refused',
      enrollmentId: device.udid,
    });
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

  it('tells an admin once that Apple refuses the certificate, however many pushes it refuses', async () => {
    const devices = await Promise.all([enrolled(), enrolled(), enrolled()]);
    apple.faults.inject({ action: answers.badCertificate(), count: 3 });
    harness.rooms.push.start();
    await harness.submit(devices.map(({ device }) => device));
    await untilEvent('status.mdm');
    await settled(3);
    const told = (await harness.events()).filter((event) => event.subject === 'status.mdm');
    expect(told.map(({ payload }) => payload)).toEqual([
      expect.objectContaining({
        severity: 'error',
        component: 'push',
        messageId: 'push-certificate-refused',
      }),
    ]);
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
