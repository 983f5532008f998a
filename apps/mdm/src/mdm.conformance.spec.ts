import { randomUUID } from 'node:crypto';
import { parseCommandPayload } from '@espalier/mdm-protocol';
import { describeOnEachDatabase, expectMssqlDdl } from '@espalier/testing';
import { MdmHarness, SpecDevice } from './mdm.fixture.js';
import { mdmMigrations } from './migrations/index.js';

/** One suite for every database: what a device sees, what is stored, which facts are published. */
describeOnEachDatabase('mdm', { migrations: mdmMigrations }, (open) => {
  let harness: MdmHarness;
  beforeEach(async () => {
    harness = new MdmHarness(await open());
  });

  const states = async (device: SpecDevice): Promise<string[]> =>
    (await harness.rooms.rpc.commands.list(device.udid, 100, undefined)).items
      .map((item) => item.state)
      .reverse();

  describe('check-in', () => {
    it('enrols with Authenticate and TokenUpdate, and publishes both', async () => {
      const device = new SpecDevice(harness);
      expect((await device.authenticate()).status).toBe(200);
      expect((await harness.rooms.rpc.enrollments.get(device.udid))?.enrollment).toMatchObject({
        state: 'pending',
        push: 'none',
        serialNumber: `S${device.udid.slice(0, 9)}`,
      });
      expect((await device.tokenUpdate()).status).toBe(200);
      expect((await harness.rooms.rpc.enrollments.get(device.udid))?.enrollment).toMatchObject({
        state: 'enrolled',
        push: 'ok',
        kind: 'device',
      });
      expect((await harness.events()).map((event) => event.subject)).toEqual([
        'enrollment.authenticated',
        'enrollment.enrolled',
      ]);
    });

    it('keeps the unlock token that a later TokenUpdate leaves out, and seals what it stores', async () => {
      const device = await new SpecDevice(harness).enroll();
      const secret = Buffer.from('canary-unlock');
      await device.tokenUpdate({ unlockToken: secret });
      await device.tokenUpdate();
      await device.authenticate();
      const [row] = await harness.db.query<{ unlock_token_sealed: string; magic_sealed: string | null }>(
        'SELECT * FROM {push_token}',
      );
      expect(row?.unlock_token_sealed).not.toContain('canary');
      expect(row?.magic_sealed).toBeNull();
      const place = { table: 'push_token', column: 'unlock_token_sealed', row: device.udid };
      expect(harness.vault.open(row?.unlock_token_sealed ?? '', place)).toEqual(secret);
    });

    it('refuses a topic that is not ours, and stores nothing', async () => {
      const device = new SpecDevice(harness);
      expect(await device.authenticate('com.apple.mgmt.External.other')).toMatchObject({
        status: 400,
        code: 'ESP_MDM_TOPIC_MISMATCH',
      });
      expect(await harness.rooms.rpc.enrollments.get(device.udid)).toBeUndefined();
    });

    it('clears the queue of the device at a new Authenticate and says so', async () => {
      const device = await new SpecDevice(harness).enroll();
      await harness.submit([device]);
      await harness.submit([device]);
      await device.authenticate();
      expect(await states(device)).toEqual(['cancelled', 'cancelled']);
      expect((await harness.events()).filter((event) => event.payload['state'] === 'cancelled')).toHaveLength(
        2,
      );
    });

    it('ends with CheckOut, once', async () => {
      const device = await new SpecDevice(harness).enroll();
      await harness.submit([device]);
      await device.checkOut();
      await device.checkOut();
      expect((await harness.rooms.rpc.enrollments.get(device.udid))?.enrollment.state).toBe('removed');
      expect((await harness.events()).filter((event) => event.subject === 'enrollment.removed')).toHaveLength(
        1,
      );
      await expect(harness.submit([device])).rejects.toMatchObject({ code: 'ESP_MDM_ENROLLMENT_NOT_ACTIVE' });
    });
  });

  describe('identity', () => {
    it('refuses a certificate that is pinned to another device', async () => {
      const first = await new SpecDevice(harness).enroll();
      const clone = new SpecDevice(harness, randomUUID().toUpperCase(), { certificate: first.certificate });
      expect(await clone.authenticate()).toMatchObject({ status: 400, code: 'ESP_MDM_IDENTITY_NOT_PINNED' });
      expect(await harness.rooms.rpc.enrollments.get(clone.udid)).toBeUndefined();
    });

    it('refuses every message that another device sends in its name', async () => {
      const victim = await new SpecDevice(harness).enroll();
      const [id] = await harness.submit([victim]);
      const attacker = await new SpecDevice(harness).enroll();
      const spoof = new SpecDevice(harness, victim.udid, { certificate: attacker.certificate });
      for (const answer of [
        await spoof.tokenUpdate({ token: Buffer.alloc(32, 9) }),
        await spoof.checkOut(),
        (await spoof.report('Idle')).answer,
        (await spoof.report('Acknowledged', id)).answer,
      ])
        expect(answer).toMatchObject({ status: 400, code: 'ESP_MDM_IDENTITY_NOT_PINNED' });
      expect(await states(victim)).toEqual(['queued']);
    });

    it('never changes silently: an enrolled device that comes with another one is told of', async () => {
      const device = await new SpecDevice(harness).enroll();
      await device.authenticate();
      await new SpecDevice(harness, device.udid).authenticate();
      await device.enroll();
      await new SpecDevice(harness, device.udid).authenticate();
      const told = (await harness.events()).filter(({ subject }) => subject === 'enrollment.authenticated');
      expect(told.map(({ payload }) => payload['identityChanged'])).toEqual([
        false,
        false,
        false,
        false,
        true,
      ]);
    });

    it('lets an expired identity check in but not enrol', async () => {
      const device = new SpecDevice(harness, undefined, { notAfter: new Date(Date.now() - 1_000) });
      expect(await device.authenticate()).toMatchObject({ status: 400, code: 'ESP_MDM_IDENTITY_INVALID' });
      const enrolled = await new SpecDevice(harness).enroll();
      harness.now = new Date(Date.now() + 30 * 86_400_000);
      expect((await enrolled.report('Idle')).answer.status).toBe(200);
    });

    it('refuses a message without or with a broken signature', async () => {
      const device = await new SpecDevice(harness).enroll();
      const body = Buffer.from('<plist/>');
      expect(await harness.send('PUT', '/mdm/connect', body)).toMatchObject({
        status: 400,
        code: 'ESP_MDM_IDENTITY_MISSING',
      });
      const other = { 'mdm-signature': device.signature(Buffer.from('another body')) };
      expect(await harness.send('PUT', '/mdm/connect', body, { headers: other })).toMatchObject({
        status: 400,
        code: 'ESP_MDM_IDENTITY_INVALID',
      });
      const noise = { 'mdm-signature': '%%%' };
      expect(await harness.send('PUT', '/mdm/connect', body, { headers: noise })).toMatchObject({
        status: 400,
        code: 'ESP_MDM_IDENTITY_INVALID',
      });
    });

    it('takes the TLS client certificate where signatures are not required, and only there', async () => {
      const device = await new SpecDevice(harness).enroll();
      const idle = Buffer.from(
        `<?xml version="1.0"?><plist version="1.0"><dict><key>UDID</key><string>${device.udid}</string><key>Status</key><string>Idle</string></dict></plist>`,
      );
      const tls = { clientCertificate: device.certificate };
      expect(await harness.send('PUT', '/mdm/connect', idle, tls)).toMatchObject({ status: 200 });
      const strict = new MdmHarness(harness.db, { settings: { signMessage: true } });
      expect(await strict.send('PUT', '/mdm/connect', idle, tls)).toMatchObject({
        code: 'ESP_MDM_IDENTITY_MISSING',
      });
    });
  });

  describe('commands', () => {
    it('go out by priority, then in order, each until it is answered', async () => {
      const device = await new SpecDevice(harness).enroll();
      const [low] = await harness.submit([device]);
      const [second] = await harness.submit([device]);
      const [high] = await harness.submit([device], 10);
      expect(await device.next()).toBe(high);
      expect(await device.next()).toBe(high);
      expect((await device.report('Acknowledged', high)).command?.commandUuid).toBe(low);
      expect((await device.report('Error', low)).command?.commandUuid).toBe(second);
      expect((await device.report('CommandFormatError', second)).command).toBeUndefined();
      expect(await states(device)).toEqual(['error', 'format-error', 'acknowledged']);
    });

    it('that are answered NotNow wait until the next Idle, and are counted', async () => {
      const device = await new SpecDevice(harness).enroll();
      const [first] = await harness.submit([device]);
      const [second] = await harness.submit([device]);
      await device.next();
      expect((await device.report('NotNow', first)).command?.commandUuid).toBe(second);
      expect((await device.report('NotNow', second)).command).toBeUndefined();
      expect(await device.next()).toBe(first);
      await device.report('NotNow', first);
      const { command } = await harness.rooms.rpc.commands.get(first as string);
      expect(command).toMatchObject({ state: 'not-now', notNowCount: 2 });
      expect(command.notNowSince).not.toBeNull();
      await device.report('Acknowledged', first);
      // Once something was done, what was deferred is offered again.
      expect(await states(device)).toEqual(['acknowledged', 'sent']);
    });

    it('keep the first answer where a device reports twice, and publish it once', async () => {
      const device = await new SpecDevice(harness).enroll();
      const [id] = await harness.submit([device]);
      await device.next();
      await device.report('Acknowledged', id, { QueryResponses: { DeviceName: 'First' } });
      await device.report('Error', id);
      const { command, result } = await harness.rooms.rpc.commands.get(id as string);
      expect(command.state).toBe('acknowledged');
      expect(result).toEqual({ QueryResponses: { DeviceName: 'First' } });
      expect((await harness.events()).filter((event) => event.subject === 'command.completed')).toHaveLength(
        1,
      );
      expect((await harness.rooms.rpc.enrollments.get(device.udid))?.enrollment.deviceName).toBe('First');
    });

    it('survive an answer that nobody can read: it is kept, the next command goes out', async () => {
      const device = await new SpecDevice(harness).enroll();
      const [id] = await harness.submit([device]);
      const [behind] = await harness.submit([device]);
      await device.next();
      const garbled = Buffer.from(
        `<plist version="1.0"><dict><key>UDID</key><string>${device.udid}</string><key>CommandUUID</key><string>${id ?? ''}</string><key>Broken</key>`,
      );
      const answer = await device.put('/mdm/connect', garbled);
      expect(parseCommandPayload(answer.body).commandUuid).toBe(behind);
      const { command, result } = await harness.rooms.rpc.commands.get(id as string);
      expect(command.state).toBe('error');
      expect(result).toEqual({ $data: garbled.toString('base64') });
    });

    it('ignore a report on a command of another device', async () => {
      const [one, two] = [await new SpecDevice(harness).enroll(), await new SpecDevice(harness).enroll()];
      const [ofOne] = await harness.submit([one]);
      expect((await two.report('Acknowledged', ofOne)).answer.status).toBe(200);
      expect(await states(one)).toEqual(['queued']);
    });

    it('are made once for a repeated request id, and refused for another request with it', async () => {
      const device = await new SpecDevice(harness).enroll();
      const request = {
        requestId: randomUUID(),
        enrollmentIds: [device.udid],
        command: { requestType: 'ProfileList', arguments: {}, raw: false },
        priority: 0,
        push: true,
        createdBy: 'spec',
        onInactive: 'refuse' as const,
      };
      const [a, b] = await Promise.all([
        harness.rooms.rpc.commands.submit(request),
        harness.rooms.rpc.commands.submit(request),
      ]);
      expect(b).toEqual(a);
      expect(await states(device)).toEqual(['queued']);
      await expect(harness.rooms.rpc.commands.submit({ ...request, priority: 5 })).rejects.toMatchObject({
        code: 'ESP_MDM_REQUEST_ID_REUSED',
      });
    });

    it('go to all targets or to none', async () => {
      const device = await new SpecDevice(harness).enroll();
      const stranger = new SpecDevice(harness);
      await expect(harness.submit([device, stranger])).rejects.toMatchObject({
        code: 'ESP_MDM_ENROLLMENT_UNKNOWN',
      });
      expect(await states(device)).toEqual([]);
    });

    it('are checked against Apple before anything is stored', async () => {
      const device = await new SpecDevice(harness).enroll();
      const submit = (requestType: string, args: Record<string, string>): Promise<unknown> =>
        harness.rooms.rpc.commands.submit({
          requestId: randomUUID(),
          enrollmentIds: [device.udid],
          command: { requestType, arguments: args, raw: false },
          priority: 0,
          push: true,
          createdBy: 'spec',
          onInactive: 'refuse' as const,
        });
      await expect(submit('DeviceLock', {})).rejects.toThrow(/PIN/);
      await expect(submit('DeviceLock', { PIN: '12345' })).rejects.toThrow(/PIN.*six digits/);
      await expect(submit('RemoveProfile', { identifier: 'x' })).rejects.toThrow(/Identifier/);
      await expect(submit('NoSuchThing', {})).rejects.toThrow(/NoSuchThing/);
      expect(await states(device)).toEqual([]);
    });

    it('keep a PIN only sealed', async () => {
      const device = await new SpecDevice(harness).enroll();
      await harness.rooms.rpc.commands.submit({
        requestId: randomUUID(),
        enrollmentIds: [device.udid],
        command: { requestType: 'DeviceLock', arguments: { PIN: '918273' }, raw: false },
        priority: 0,
        push: false,
        createdBy: 'spec',
        onInactive: 'refuse' as const,
      });
      for (const table of ['command', 'queued_command', 'outbox'])
        expect(JSON.stringify(await harness.db.query(`SELECT * FROM {${table}}`))).not.toContain('918273');
      expect((await device.report('Idle')).command?.command['PIN']).toBe('918273');
    });

    it('can be cancelled until the device has them', async () => {
      const device = await new SpecDevice(harness).enroll();
      const [first] = await harness.submit([device]);
      const [second] = await harness.submit([device]);
      await device.next();
      await expect(harness.rooms.rpc.commands.cancel(first as string)).rejects.toMatchObject({
        code: 'ESP_MDM_COMMAND_NOT_CANCELLABLE',
      });
      expect((await harness.rooms.rpc.commands.cancel(second as string)).state).toBe('cancelled');
      expect((await harness.rooms.rpc.commands.cancel(second as string)).state).toBe('cancelled');
      expect((await device.report('Acknowledged', first)).command).toBeUndefined();
    });

    it('page newest first', async () => {
      const device = await new SpecDevice(harness).enroll();
      const ids: string[] = [];
      for (let n = 0; n < 5; n += 1) ids.push(...(await harness.submit([device])));
      const one = await harness.rooms.rpc.commands.list(device.udid, 3, undefined);
      const two = await harness.rooms.rpc.commands.list(device.udid, 3, one.nextCursor);
      expect([...one.items, ...two.items].map((item) => item.id)).toEqual(ids.reverse());
      expect(two.nextCursor).toBeUndefined();
    });

    it('are pruned when they are old and done, with their results', async () => {
      const device = await new SpecDevice(harness).enroll();
      const [done] = await harness.submit([device]);
      await harness.submit([device]);
      await device.next();
      await device.report('Acknowledged', done);
      harness.now = new Date(Date.now() + 31 * 86_400_000);
      await harness.rooms.retention.run();
      expect(await states(device)).toHaveLength(1);
      expect(await harness.db.query('SELECT * FROM {command_result}')).toHaveLength(0);
      expect(await harness.db.query('SELECT id FROM {command}')).toHaveLength(1);
    });
  });

  it('lists by pages and filters', async () => {
    const devices = await Promise.all(Array.from({ length: 5 }, () => new SpecDevice(harness).enroll()));
    const one = await harness.rooms.rpc.enrollments.list({}, 3, undefined);
    const two = await harness.rooms.rpc.enrollments.list({}, 3, one.next);
    expect([...one.rows, ...two.rows].map((row) => row.id)).toEqual(
      devices.map((device) => device.udid).sort(),
    );
    const found = await harness.rooms.rpc.enrollments.list(
      { serialNumber: `S${devices[0]?.udid.slice(0, 9) ?? ''}` },
      3,
      undefined,
    );
    expect(found.rows.map((row) => row.id)).toEqual([devices[0]?.udid]);
  });

  it('migrates back and forward with data in it', async () => {
    const device = await new SpecDevice(harness).enroll();
    await harness.submit([device]);
    await harness.rooms.rpc.inventory.request({
      enrollmentIds: [device.udid],
      kinds: ['profiles'],
      createdBy: 'spec',
      push: true,
    });
    const declaration = { type: 'com.apple.asset.data', identifier: 'a', serverToken: 's', payload: {} };
    await harness.rooms.rpc.declarations.set({
      requestId: randomUUID(),
      enrollmentIds: [device.udid],
      declarations: [declaration],
      createdBy: 'spec',
      onInactive: 'refuse',
    });
    // The newest alone: what an older version keeps is still there, and what waits goes out.
    await harness.db.revert(1);
    await harness.db.migrate();
    expect(await states(device)).toEqual(['queued', 'queued', 'queued']);
    expect((await device.report('Idle')).command?.requestType).toBe('DeviceInformation');
    await harness.db.revert(mdmMigrations.length);
    await harness.db.migrate();
    expect(await harness.db.pendingMigrations()).toEqual([]);
  });
});

describe('mdm on SQL Server', () => {
  it('makes the tables that the golden file shows', async () => {
    await expectMssqlDdl(mdmMigrations, { spec: import.meta.url, file: 'mdm.mssql.sql', schema: 'mdm' });
  });
});
