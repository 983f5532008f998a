import { randomUUID } from 'node:crypto';
import {
  getEnrollment,
  listEnrollments,
  submitCommand,
  type CommandInput,
  type PlistJson,
} from '@espalier/contracts';
import { buildCheckin, buildReport, type EnrollmentIds } from '@espalier/mdm-protocol';
import { createCertificate, createSelfSigned, fingerprint, type ExtensionsInput } from '@espalier/x509';
import { describeOnEachDatabase } from '@espalier/testing';
import { deviceKey, MdmHarness, scepCa, SpecDevice, TOPIC, type Answer } from './mdm.fixture.js';
import { mdmMigrations } from './migrations/index.js';

/** What enrolled devices, consoles and strangers could send to harm the others. */
describeOnEachDatabase('mdm under attack', { migrations: mdmMigrations }, (open) => {
  let harness: MdmHarness;
  beforeEach(async () => {
    harness = new MdmHarness(await open());
  });

  const submit = (
    device: SpecDevice,
    requestType: string,
    args: CommandInput['arguments'],
    raw = true,
  ): Promise<unknown> =>
    harness.rooms.rpc.commands.submit({
      requestId: randomUUID(),
      enrollmentIds: [device.udid],
      command: { requestType, arguments: args, raw },
      priority: 0,
      push: true,
      createdBy: 'spec',
      onInactive: 'refuse' as const,
    });

  const enrollment = async (id: string): Promise<string | undefined> =>
    (await harness.rooms.rpc.enrollments.get(id))?.enrollment.state;

  const events = async (subject: string): Promise<Record<string, unknown>[]> =>
    (await harness.events()).filter((event) => event.subject === subject).map((event) => event.payload);

  describe('user channels', () => {
    const user = { userId: 'U1', userShortName: 'zoe' };
    const tokenUpdate = (device: SpecDevice, ids: EnrollmentIds): Promise<Answer> =>
      device.checkin(
        buildCheckin({
          messageType: 'TokenUpdate',
          enrollment: ids,
          topic: TOPIC,
          pushMagic: 'm',
          token: Buffer.alloc(32, 2),
        }),
      );

    it('are refused where another device speaks for one', async () => {
      const victim = await new SpecDevice(harness).enroll();
      const attacker = await new SpecDevice(harness).enroll();
      const ids = { udid: victim.udid, ...user };
      expect(await tokenUpdate(attacker, ids)).toMatchObject({ code: 'ESP_MDM_IDENTITY_NOT_PINNED' });
      await tokenUpdate(victim, ids);
      const idle = buildReport({ enrollment: ids, status: 'Idle' });
      expect((await victim.put('/mdm/connect', idle)).status).toBe(200);
      expect(await attacker.put('/mdm/connect', idle)).toMatchObject({ code: 'ESP_MDM_IDENTITY_NOT_PINNED' });
    });

    it('do not come back after their device has checked out', async () => {
      const device = await new SpecDevice(harness).enroll();
      const ids = { udid: device.udid, ...user };
      await tokenUpdate(device, ids);
      await device.checkOut();
      expect(await tokenUpdate(device, ids)).toMatchObject({ code: 'ESP_MDM_IDENTITY_NOT_PINNED' });
      expect(await enrollment(`${device.udid}:U1`)).toBe('removed');
    });

    it('end with a new Authenticate of their device, which is told, once', async () => {
      const device = await new SpecDevice(harness).enroll();
      await tokenUpdate(device, { udid: device.udid, ...user });
      await device.authenticate();
      const removedAt = harness.now.getTime();
      harness.now = new Date(removedAt + 60_000);
      await device.authenticate();
      const id = `${device.udid}:U1`;
      expect(await events('enrollment.removed')).toEqual([{ id, at: removedAt }]);
      expect((await harness.rooms.rpc.enrollments.get(id))?.enrollment.removedAt).toBe(removedAt);
    });
  });

  it('pushes no device that has checked out, and forgets how', async () => {
    const device = await new SpecDevice(harness).enroll();
    await device.checkOut();
    await expect(harness.rooms.rpc.push.pushNow(device.udid)).rejects.toMatchObject({
      code: 'ESP_MDM_ENROLLMENT_NOT_ACTIVE',
    });
    const [row] = await harness.db.query('SELECT token_sealed, magic_sealed FROM {push_token}');
    expect(row).toEqual({ token_sealed: null, magic_sealed: null });
  });

  describe('certificates', () => {
    const hour = 3_600_000;
    const times = { notBefore: new Date(Date.now() - hour), notAfter: new Date(Date.now() + hour) };
    const by = (extensions: ExtensionsInput): Buffer =>
      createCertificate({
        subject: { CN: 'attacker' },
        issuer: scepCa.certificate,
        publicKey: deviceKey.publicKey,
        signingKey: scepCa.key,
        ...times,
        extensions,
      });

    it.each<[string, () => Buffer]>([
      ['of the same CA without the use', () => by({})],
      ['of the same CA for servers', () => by({ extendedKeyUsage: ['serverAuth'] })],
      [
        'of the same CA that are CAs',
        () => by({ basicConstraints: { ca: true }, extendedKeyUsage: ['clientAuth'] }),
      ],
      [
        'that name the CA and are not signed by it',
        () =>
          createCertificate({
            subject: { CN: 'attacker' },
            issuer: scepCa.certificate,
            publicKey: deviceKey.publicKey,
            signingKey: deviceKey.privateKey,
            ...times,
            extensions: { extendedKeyUsage: ['clientAuth'] },
          }),
      ],
      [
        'that signed themselves',
        () =>
          createSelfSigned({
            subject: { CN: 'attacker' },
            key: deviceKey.privateKey,
            ...times,
            extensions: { extendedKeyUsage: ['clientAuth'] },
          }),
      ],
    ])('%s are no identity', async (_name, certificate) => {
      const device = new SpecDevice(harness, undefined, { certificate: certificate() });
      expect(await device.authenticate()).toMatchObject({ status: 400, code: 'ESP_MDM_IDENTITY_INVALID' });
    });

    it('that nobody uses any more are forgotten; those that devices speak with stay', async () => {
      const device = await new SpecDevice(harness).enroll();
      for (const [serial, print] of [
        ['1', fingerprint(device.certificate)],
        ['2', 'f'.repeat(64)],
      ] as const)
        await harness.db.execute(
          `INSERT INTO {identity_certificate} (serial, fingerprint, subject, not_before, not_after, issued_at,
             transaction_id, public_key_hash, challenge_hash, certificate)
           VALUES (:serial, :print, '', 0, 1, 0, '', '', '', :bytes)`,
          { serial, print, bytes: Buffer.alloc(1) },
        );
      await harness.rooms.retention.run();
      expect(await harness.db.query('SELECT serial FROM {identity_certificate}')).toEqual([{ serial: '1' }]);
    });
  });

  describe('reports', () => {
    it('with endless words make an event that fits into a message, and a short log line', async () => {
      const device = await new SpecDevice(harness).enroll();
      const [id] = await harness.submit([device]);
      await device.next();
      const long = 'é'.repeat(100_000);
      const body = buildReport({
        enrollment: { udid: device.udid },
        status: 'Error',
        commandUuid: id as string,
        errorChain: Array.from({ length: 3 }, () => ({ code: 1, domain: long, description: long })),
      });
      expect((await device.put('/mdm/connect', body)).status).toBe(200);
      const [completed] = await events('command.completed');
      expect(Buffer.byteLength(JSON.stringify(completed))).toBeLessThan(100_000);
    });

    it('with numbers that JSON does not know can be read', async () => {
      const device = await new SpecDevice(harness).enroll();
      const [id] = await harness.submit([device]);
      await device.next();
      await device.report('Acknowledged', id, { Real: NaN, Endless: -Infinity });
      const { result } = await harness.rooms.rpc.commands.get(id as string);
      expect(result).toEqual({ Real: 'NaN', Endless: '-Infinity' });
    });
  });

  describe('commands that no device could be given', () => {
    const nested = (levels: number): PlistJson => (levels === 0 ? [] : [nested(levels - 1)]);
    it.each<[string, string, CommandInput['arguments'], boolean]>([
      ['nested as deep as a property list goes', 'Custom', { A: nested(63) }, true],
      [
        'with more elements than can be read',
        'Custom',
        { A: Array.from({ length: 500_000 }, () => true) },
        true,
      ],
      ['with a NUL, raw', 'Custom', { A: 'a\0b' }, true],
      ['with a NUL, checked', 'DeviceLock', { PIN: '123456', Message: 'a\0b' }, false],
    ])('%s are refused, and block nothing', async (_name, requestType, args, raw) => {
      const device = await new SpecDevice(harness).enroll();
      await expect(submit(device, requestType, args, raw)).rejects.toMatchObject({
        code: 'ESP_MDM_COMMAND_INVALID',
      });
      const [id] = await harness.submit([device]);
      expect(await device.next()).toBe(id);
    });

    it('go out as they were made where they are deep and odd', async () => {
      const device = await new SpecDevice(harness).enroll();
      const args = { A: nested(40), __proto__x: { $data: 'AA==', more: 1 }, RequestType: 'Other', '': 1e300 };
      await submit(device, 'Custom', args);
      const { command } = await device.report('Idle');
      expect(command?.command).toMatchObject({
        RequestType: 'Custom',
        __proto__x: { $data: 'AA==', more: 1 },
        '': 1e300,
      });
    });
  });

  it('stores nothing from which a PIN can be guessed', async () => {
    const device = await new SpecDevice(harness).enroll();
    await submit(device, 'DeviceLock', { PIN: '918273' }, false);
    const [row] = await harness.db.query('SELECT * FROM {command}');
    // A hash over all that was asked is known but for the PIN: a million tries.
    for (const value of Object.values(row ?? {})) expect(String(value)).not.toMatch(/^[0-9a-f]{64}$/);
  });

  it('lists past a device with the longest ids there are', async () => {
    const device = await new SpecDevice(harness, 'A'.repeat(128)).enroll();
    const longest = { udid: device.udid, userId: '漢'.repeat(255) };
    await device.checkin(
      buildCheckin({
        messageType: 'TokenUpdate',
        enrollment: longest,
        topic: TOPIC,
        pushMagic: 'm',
        token: Buffer.alloc(32, 2),
      }),
    );
    await new SpecDevice(harness, 'B').enroll();
    const { rows, next } = await harness.rooms.rpc.enrollments.list({}, 2, undefined);
    expect(listEnrollments.response.safeParse({ items: rows, nextCursor: next }).success).toBe(true);
    expect((await harness.rooms.rpc.enrollments.list({}, 2, next)).rows.map((row) => row.id)).toEqual(['B']);
  });

  it('answers 400 and stores nothing for identifiers that cannot be', async () => {
    const device = await new SpecDevice(harness).enroll();
    for (const ids of [{ udid: `${device.udid}:U1` }, { udid: 'x'.repeat(129) }, { udid: 'a b' }])
      expect((await device.checkin(buildCheckin({ messageType: 'CheckOut', enrollment: ids }))).status).toBe(
        400,
      );
    expect(await enrollment(device.udid)).toBe('enrolled');
  });

  it('refuses NUL before it reaches a database', () => {
    expect(getEnrollment.request.safeParse({ id: 'a\0' }).success).toBe(false);
    const { requestId, createdBy } = submitCommand.request.shape;
    expect(requestId.safeParse('12345678\0').success).toBe(false);
    expect(createdBy.safeParse('Zoë Ω').success).toBe(true);
  });
});
