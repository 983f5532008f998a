import { randomUUID } from 'node:crypto';
import { enrollmentEnrolled, submitCommand, type InventoryKind } from '@espalier/contracts';
import { buildCheckin, buildReport, inventoryDeviceQueries } from '@espalier/mdm-protocol';
import { describeOnEachDatabase } from '@espalier/testing';
import { MdmHarness, SpecDevice, TOPIC } from '../mdm.fixture.js';
import { mdmMigrations } from '../migrations/index.js';
import { inventoryAndDeclarations } from '../migrations/2026-11-21-mdm-inventory-and-declarations.js';

const HOUR = 3_600_000;
const QUESTIONS = ['DeviceInformation', 'SecurityInfo', 'ProfileList', 'InstalledApplicationList'];

describeOnEachDatabase('inventory', { migrations: mdmMigrations }, (open) => {
  let harness: MdmHarness;
  /** What comes for the next "random" number; the same as long as it is not set. */
  let chance = 0.5;
  beforeEach(async () => {
    chance = 0.5;
    harness = new MdmHarness(await open(), { settings: { inventoryHours: 24 }, random: () => chance });
  });

  const payloads = async (subject: string): Promise<Record<string, unknown>[]> =>
    (await harness.events()).filter((event) => event.subject === subject).map((event) => event.payload);

  const waiting = async (id: string): Promise<string[]> =>
    (await harness.rooms.rpc.commands.list(id, 100, undefined)).items
      .filter((item) => item.state === 'queued')
      .map((item) => item.requestType)
      .reverse();

  /** Fetches and answers everything that waits. */
  async function answerAll(device: SpecDevice): Promise<void> {
    let { command } = await device.report('Idle');
    while (command !== undefined) ({ command } = await device.report('Acknowledged', command.commandUuid));
  }

  const request = (ids: readonly string[], kinds: InventoryKind[], push = false) =>
    harness.rooms.rpc.inventory.request({ enrollmentIds: [...ids], kinds, createdBy: 'spec', push });

  const runRound = (limit = 100): Promise<number> => harness.rooms.rpc.inventory.askDue(limit);

  it('is asked in full when a device enrols, which is told with how the enrolment stands', async () => {
    const device = await new SpecDevice(harness).enroll();
    expect(await waiting(device.udid)).toEqual(QUESTIONS);
    const [told] = await payloads('enrollment.enrolled');
    expect(enrollmentEnrolled.payload.parse(told).enrollment).toMatchObject({
      id: device.udid,
      state: 'enrolled',
      push: 'ok',
      serialNumber: `S${device.udid.slice(0, 9)}`,
    });
    const { command } = await device.report('Idle');
    expect(command?.command['Queries']).toEqual(inventoryDeviceQueries.macOS);
    expect(await harness.db.query('SELECT * FROM {push_schedule}')).toHaveLength(1);
  });

  it('is not asked by itself where that is turned off, but on request', async () => {
    harness = new MdmHarness(harness.db);
    const device = await new SpecDevice(harness).enroll();
    expect(await waiting(device.udid)).toEqual([]);
    expect(await request([device.udid], ['security'])).toEqual({ queued: 1, skipped: [] });
    expect(await waiting(device.udid)).toEqual(['SecurityInfo']);
  });

  it('is stored once as a question, however many devices are asked', async () => {
    await new SpecDevice(harness).enroll();
    await new SpecDevice(harness).enroll();
    const other = new MdmHarness(harness.db, { settings: { inventoryHours: 24 } });
    await new SpecDevice(other).enroll();
    expect(await harness.db.query('SELECT id FROM {command}')).toHaveLength(QUESTIONS.length);
    expect(await harness.db.query('SELECT id FROM {queued_command}')).toHaveLength(3 * QUESTIONS.length);
  });

  it('keeps its questions when the answers are pruned', async () => {
    const device = await new SpecDevice(harness).enroll();
    await answerAll(device);
    harness.now = new Date(Date.now() + 40 * 24 * HOUR);
    await harness.rooms.retention.run();
    expect(await harness.db.query('SELECT id FROM {queued_command}')).toEqual([]);
    await request([device.udid], ['profiles']);
    expect((await device.report('Idle')).command?.requestType).toBe('ProfileList');
  });

  it('arrives as facts, with the time when the device fetched the question', async () => {
    const device = await new SpecDevice(harness).enroll();
    const asked = (harness.now = new Date(Date.now() + 5_000)).getTime();
    const { command } = await device.report('Idle');
    harness.now = new Date(asked + 2_000);
    const QueryResponses = { UDID: device.udid, ProductName: 'Mac15,3', OSVersion: '15.2' };
    await device.report('Acknowledged', command?.commandUuid, { QueryResponses });
    const [report] = await payloads('inventory.device-reported');
    expect(report).toMatchObject({ enrollmentId: device.udid, askedAt: asked, at: asked + 2_000 });
    expect(report?.['facts']).toMatchObject({ platform: 'mac', osVersion: '15.2', timeZone: null });
    const [completed] = await payloads('command.completed');
    expect(completed).toMatchObject({
      sentAt: asked,
      pushedAt: null,
      createdAt: expect.any(Number) as number,
    });
  });

  it('counts from when a deferred question was fetched again', async () => {
    const device = await new SpecDevice(harness).enroll();
    const { command } = await device.report('Idle');
    await device.report('NotNow', command?.commandUuid);
    const again = (harness.now = new Date(Date.now() + 60_000)).getTime();
    await device.report('Idle');
    await device.report('Acknowledged', command?.commandUuid, { QueryResponses: {} });
    expect((await payloads('inventory.device-reported'))[0]).toMatchObject({ askedAt: again });
  });

  it('tells nothing of an answer that is an error, lacks the list, or is to a narrower question', async () => {
    const device = await new SpecDevice(harness).enroll();
    await answerAll(device);
    const submit = async (command: object): Promise<string | undefined> =>
      (
        await harness.rooms.rpc.commands.submit(
          submitCommand.request.parse({
            requestId: randomUUID(),
            enrollmentIds: [device.udid],
            command,
            createdBy: 'spec',
          }),
        )
      ).commands[0]?.id;
    const narrow = await submit({ requestType: 'ProfileList', arguments: { ManagedOnly: true } });
    const raw = await submit({ requestType: 'ProfileList', raw: true });
    const odd = await submit({ requestType: 'constructor', raw: true });
    const failed = await submit({ requestType: 'ProfileList' });
    const empty = await submit({ requestType: 'ProfileList' });
    const result = { ProfileList: [] };
    for (const id of [narrow, raw, odd]) {
      await device.next();
      await device.report('Acknowledged', id, result);
    }
    await device.report('Error', failed, result);
    await device.report('Acknowledged', empty);
    expect(await payloads('inventory.profiles-reported')).toEqual([]);
    const whole = await submit({ requestType: 'ProfileList' });
    await device.next();
    await device.report('Acknowledged', whole, result);
    expect(await payloads('inventory.profiles-reported')).toHaveLength(1);
  });

  it('is not asked twice: not of whom it waits for, but of who has fetched it', async () => {
    const device = await new SpecDevice(harness).enroll();
    const gone = await new SpecDevice(harness).enroll();
    await gone.checkOut();
    const all: InventoryKind[] = ['device', 'security', 'profiles', 'applications'];
    const skipped = [gone.udid, 'nobody'];
    expect(await request([device.udid, gone.udid, 'nobody'], all)).toEqual({ queued: 0, skipped });
    await device.next();
    // What it has may be answered with how it was before.
    expect(await request([device.udid], all)).toEqual({ queued: 1, skipped: [] });
    expect(await request([device.udid], all)).toEqual({ queued: 0, skipped: [] });
  });

  it('is asked behind a command, once, by the push of the command', async () => {
    const device = await new SpecDevice(harness).enroll();
    await answerAll(device);
    await harness.db.execute('DELETE FROM {push_schedule}');
    const submission = submitCommand.request.parse({
      requestId: randomUUID(),
      enrollmentIds: [device.udid, 'nobody'],
      command: { requestType: 'RemoveProfile', arguments: { Identifier: 'p' } },
      createdBy: 'spec',
      onInactive: 'skip',
      thenAsk: ['profiles'],
    });
    const submit = (more: object = {}) => harness.rooms.rpc.commands.submit({ ...submission, ...more });
    const made = await submit();
    expect([made.commands.length, made.skipped]).toEqual([1, ['nobody']]);
    expect(await waiting(device.udid)).toEqual(['RemoveProfile', 'ProfileList']);
    expect(await harness.db.query('SELECT * FROM {push_schedule}')).toHaveLength(1);
    expect(await submit()).toEqual(made);
    await expect(submit({ thenAsk: undefined })).rejects.toMatchObject({ code: 'ESP_MDM_REQUEST_ID_REUSED' });
    await submit({ requestId: randomUUID() });
    expect(await waiting(device.udid)).toEqual(['RemoveProfile', 'ProfileList', 'RemoveProfile']);
  });

  it('is asked once where two ask at the same time', async () => {
    const device = await new SpecDevice(harness).enroll();
    await answerAll(device);
    const answers = await Promise.all([1, 2, 3].map(() => request([device.udid], ['profiles'])));
    expect(answers.reduce((sum, answer) => sum + answer.queued, 0)).toBe(1);
  });

  it('wakes devices on request, also for what waits already', async () => {
    const device = await new SpecDevice(harness).enroll();
    await harness.db.execute('DELETE FROM {push_schedule}');
    await request([device.udid], ['profiles']);
    expect(await harness.db.query('SELECT * FROM {push_schedule}')).toHaveLength(0);
    await request([device.udid], ['profiles'], true);
    expect(await harness.db.query('SELECT * FROM {push_schedule}')).toHaveLength(1);
  });

  it('of a user channel is its profiles', async () => {
    const device = await new SpecDevice(harness).enroll();
    const ids = { udid: device.udid, userId: 'U1', userShortName: 'zoe' };
    const message = { messageType: 'TokenUpdate', enrollment: ids, topic: TOPIC, pushMagic: 'm' } as const;
    await device.checkin(buildCheckin({ ...message, token: Buffer.alloc(32, 2) }));
    expect(await waiting(`${device.udid}:U1`)).toEqual(['ProfileList']);
    const poll = await device.put('/mdm/connect', buildReport({ enrollment: ids, status: 'Idle' }));
    const [, commandUuid = ''] = /<key>CommandUUID<\/key>\s*<string>([^<]+)/.exec(poll.body.toString()) ?? [];
    const result = { ProfileList: [{ PayloadIdentifier: 'p', PayloadUUID: 'u' }] };
    await device.put(
      '/mdm/connect',
      buildReport({ enrollment: ids, status: 'Acknowledged', commandUuid, result }),
    );
    const [report] = await payloads('inventory.profiles-reported');
    expect(report).toMatchObject({ enrollmentId: `${device.udid}:U1`, profiles: [{ identifier: 'p' }] });
  });

  describe('rounds', () => {
    it('come every day at the time that fell to the device, however late one is', async () => {
      const enrolled = harness.now.getTime();
      chance = 0.25;
      const device = await new SpecDevice(harness).enroll();
      await answerAll(device);
      const first = enrolled + 18 * HOUR;
      harness.now = new Date(first - 1);
      expect(await runRound()).toBe(0);
      // Two days late: once, not three times.
      harness.now = new Date(first + 50 * HOUR);
      expect(await runRound()).toBe(1);
      expect(await runRound()).toBe(0);
      const [row] = await harness.db.query('SELECT due_at FROM {inventory_schedule}');
      expect(row).toEqual({ due_at: first + 72 * HOUR });
    });

    it('ask for applications each seventh time, and for nothing that waits already', async () => {
      chance = 0;
      const device = await new SpecDevice(harness).enroll();
      await answerAll(device);
      const asked: string[][] = [];
      for (let round = 1; round <= 8; round += 1) {
        harness.now = new Date(harness.now.getTime() + 24 * HOUR);
        await runRound();
        asked.push(await waiting(device.udid));
        if (round > 1) await answerAll(device);
      }
      const three = QUESTIONS.slice(0, 3);
      expect(asked).toEqual([three, three, three, three, three, three, QUESTIONS, three]);
    });

    it('are spread evenly over the time between them', async () => {
      harness = new MdmHarness(harness.db, { settings: { inventoryHours: 24 } });
      for (let n = 0; n < 40; n += 1) await new SpecDevice(harness).enroll();
      const rows = await harness.db.query<{ due_at: number }>('SELECT due_at FROM {inventory_schedule}');
      const offsets = rows.map((row) => (row.due_at - harness.now.getTime()) / HOUR);
      expect(Math.min(...offsets)).toBeGreaterThanOrEqual(12);
      expect(Math.max(...offsets)).toBeLessThanOrEqual(36);
      const quarters = new Set(offsets.map((offset) => Math.floor((offset - 12) / 6)));
      expect([0, 1, 2, 3].every((quarter) => quarters.has(quarter))).toBe(true);
    });

    it('take so many at once, of two replicas each others', async () => {
      for (let n = 0; n < 5; n += 1) await new SpecDevice(harness).enroll();
      harness.now = new Date(harness.now.getTime() + 48 * HOUR);
      const taken = await Promise.all([runRound(3), runRound(3)]);
      expect(taken[0] + taken[1]).toBe(5);
      expect(await runRound()).toBe(0);
    });

    it('end when a device is removed, and begin anew when it comes back', async () => {
      const notAfter = new Date(Date.now() + 72 * HOUR);
      const device = await new SpecDevice(harness, undefined, { notAfter }).enroll();
      await device.checkOut();
      harness.now = new Date(harness.now.getTime() + 48 * HOUR);
      await runRound();
      expect(await waiting(device.udid)).toEqual([]);
      expect(await harness.db.query('SELECT * FROM {inventory_schedule}')).toEqual([]);
      await device.enroll();
      expect(await waiting(device.udid)).toEqual(QUESTIONS);
      expect(await harness.db.query('SELECT * FROM {inventory_schedule}')).toHaveLength(1);
    });

    it('include devices that enrolled before there were any', async () => {
      await new SpecDevice(harness).enroll();
      await harness.db.revert(mdmMigrations.length - mdmMigrations.indexOf(inventoryAndDeclarations));
      await harness.db.migrate();
      expect(await harness.db.query('SELECT * FROM {inventory_schedule}')).toHaveLength(1);
      expect(await runRound()).toBe(1);
    });
  });
});
