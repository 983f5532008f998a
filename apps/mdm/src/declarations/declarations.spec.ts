import { randomUUID } from 'node:crypto';
import { submitCommand, type Declaration } from '@espalier/contracts';
import {
  buildCheckin,
  buildStatusReport,
  parseDeclaration,
  parseDeclarationItems,
  parseSyncTokens,
} from '@espalier/mdm-protocol';
import type { Database } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import { MdmHarness, SpecDevice, TOPIC, type Answer } from '../mdm.fixture.js';
import { mdmMigrations } from '../migrations/index.js';
import { advertised, declaration, setOn, state, statusEvents } from './declarations.fixture.js';

describeOnEachDatabase('declarations', { migrations: mdmMigrations }, (open) => {
  let harness: MdmHarness;
  let db: Database;
  beforeEach(async () => {
    db = await open();
    harness = new MdmHarness(db);
  });

  const set = (
    devices: readonly SpecDevice[],
    declarations: readonly Declaration[],
    over?: object,
  ): ReturnType<typeof setOn> => setOn(harness, devices, declarations, over);

  const tokenOf = async (device: SpecDevice): Promise<string> =>
    parseSyncTokens((await device.declarative('tokens')).body).declarationsToken;

  const fetch = (device: SpecDevice, identifier: string, kind = 'configuration'): Promise<Answer> =>
    device.declarative(`declaration/${kind}/${identifier}`);

  const reports = (): Promise<Record<string, unknown>[]> => statusEvents(harness);

  describe('reach a device', () => {
    it('by a command with the tokens, the manifest, and each by itself', async () => {
      const device = await new SpecDevice(harness).enroll();
      const activation = {
        identifier: 'act',
        type: 'com.apple.activation.simple',
        serverToken: 'act-v1',
        payload: { StandardConfigurations: ['pass'] },
      };
      const { declarationsToken, commands } = await set([device], [declaration('pass'), activation]);
      const { command } = await device.report('Idle');
      expect(commands).toEqual([{ enrollmentId: device.udid, id: command?.commandUuid }]);
      expect(command?.requestType).toBe('DeclarativeManagement');
      const data = command?.command['Data'] as Buffer;
      expect(parseSyncTokens(data).declarationsToken).toBe(declarationsToken);
      expect((await device.declarative('tokens')).body).toEqual(data);
      const items = await device.declarative('declaration-items');
      expect(JSON.parse(items.body.toString())).toEqual({
        Declarations: {
          Activations: [{ Identifier: 'act', ServerToken: 'act-v1' }],
          Assets: [],
          Configurations: [{ Identifier: 'pass', ServerToken: 'pass-v1' }],
          Management: [],
        },
        DeclarationsToken: declarationsToken,
      });
      expect(parseDeclaration((await fetch(device, 'pass')).body)).toEqual(declaration('pass'));
      expect(parseDeclaration((await fetch(device, 'act', 'activation')).body)).toEqual(activation);
    });

    it('on its user channel apart from its device channel', async () => {
      const device = await new SpecDevice(harness).enroll();
      const enrollment = { udid: device.udid, userId: 'U1' };
      const pushMagic = 'm';
      const token = Buffer.alloc(32, 2);
      const tokenUpdate = { messageType: 'TokenUpdate', enrollment, topic: TOPIC, pushMagic, token } as const;
      await device.checkin(buildCheckin(tokenUpdate));
      const user = `${device.udid}:U1`;
      await set([], [declaration('theirs')], { enrollmentIds: [user] });
      const endpoint = 'declaration-items';
      const message = { messageType: 'DeclarativeManagement', enrollment, endpoint } as const;
      const answer = await device.checkin(buildCheckin(message));
      expect(parseDeclarationItems(answer.body).declarations).toHaveLength(1);
      expect(await advertised(device)).toEqual([]);
    });

    it('as none where nothing was ever set, without a command', async () => {
      const device = await new SpecDevice(harness).enroll();
      expect(await advertised(device)).toEqual([]);
      const { declarationsToken, commands } = await set([device], []);
      expect(commands).toEqual([]);
      expect(await tokenOf(device)).toBe(declarationsToken);
    });

    it('never in the clear from the database', async () => {
      const device = await new SpecDevice(harness).enroll();
      await set([device], [declaration('wifi', 1, { Password: 'canary-secret' })]);
      await advertised(device);
      for (const table of ['declaration', 'command', 'queued_command', 'outbox', 'enrollment_declarations'])
        expect(JSON.stringify(await db.query(`SELECT * FROM {${table}}`))).not.toContain('canary');
      expect((await fetch(device, 'wifi')).body.toString()).toContain('canary-secret');
    });
  });

  describe('are told of', () => {
    it('by one command to those whose set changed, whatever the order of what is in it', async () => {
      const [one, two] = [await new SpecDevice(harness).enroll(), await new SpecDevice(harness).enroll()];
      const both = [declaration('a', 1, { x: 1, y: { p: 1, q: 2 } }), declaration('b')];
      const first = await set([one], both);
      const again = [declaration('b'), declaration('a', 1, { y: { q: 2, p: 1 }, x: 1 })];
      const second = await set([one, two], again);
      expect(second.declarationsToken).toBe(first.declarationsToken);
      expect(second.commands.map((command) => command.enrollmentId)).toEqual([two.udid]);
      expect((await db.query('SELECT id FROM {declaration_set}')).length).toBe(1);
    });

    it('by the command that waits already, which then says what is newest', async () => {
      const device = await new SpecDevice(harness).enroll();
      const first = await set([device], [declaration('a')]);
      const second = await set([device], [declaration('a', 2)]);
      expect(second.commands).toEqual(first.commands);
      const { command } = await device.report('Idle');
      expect(parseSyncTokens(command?.command['Data'] as Buffer).declarationsToken).toBe(
        second.declarationsToken,
      );
      // It has that one: whether it has synchronised yet, nobody knows.
      const third = await set([device], []);
      expect(third.commands).toHaveLength(1);
      expect(third.commands[0]?.id).not.toBe(command?.commandUuid);
      expect((await device.report('Acknowledged', command?.commandUuid)).command?.commandUuid).toBe(
        third.commands[0]?.id,
      );
      expect((await harness.events()).filter((event) => event.subject === 'command.queued')).toHaveLength(2);
    });

    it('anew where they are to compare: by one command and a token that they have not seen, the set being the same', async () => {
      const [one, two] = [await new SpecDevice(harness).enroll(), await new SpecDevice(harness).enroll()];
      const given = await set([one, two], [declaration('a')]);
      for (const device of [one, two]) {
        const { command } = await device.report('Idle');
        await device.report('Acknowledged', command?.commandUuid);
      }
      const request = { requestId: randomUUID(), resync: true };
      const again = await set([one], [declaration('a')], request);
      expect(again.declarationsToken).not.toBe(given.declarationsToken);
      expect(again.commands.map((command) => command.enrollmentId)).toEqual([one.udid]);
      // The answer was lost, and the same is asked once more.
      expect(await set([one], [declaration('a')], request)).toEqual(again);
      const { command } = await one.report('Idle');
      expect(parseSyncTokens(command?.command['Data'] as Buffer).declarationsToken).toBe(
        again.declarationsToken,
      );
      expect(await tokenOf(one)).toBe(again.declarationsToken);
      const manifest = parseDeclarationItems((await one.declarative('declaration-items')).body);
      expect(manifest.declarationsToken).toBe(again.declarationsToken);
      expect(await advertised(one)).toEqual(['configuration/a a-v1']);
      expect((await harness.rooms.rpc.declarations.get(one.udid)).declarationsToken).toBe(
        again.declarationsToken,
      );
      expect(await tokenOf(two)).toBe(given.declarationsToken);
      // Another set ends it; and so does the same one, which changes nothing.
      expect((await set([one], [declaration('a')])).commands).toEqual([]);
      expect(await tokenOf(one)).toBe(again.declarationsToken);
      const other = await set([one], [declaration('b')]);
      expect(await tokenOf(one)).toBe(other.declarationsToken);
    });

    it('anew where one has another server token: that one alone, its payload the same, for that enrolment alone', async () => {
      const [one, two] = [await new SpecDevice(harness).enroll(), await new SpecDevice(harness).enroll()];
      const both = [declaration('a'), declaration('b')];
      await set([one, two], both);
      const renewed = { ...declaration('a'), serverToken: 'a-v1-renewed' };
      await set([one], [renewed, declaration('b')], { resync: true });
      expect((await advertised(one)).sort()).toEqual([
        'configuration/a a-v1-renewed',
        'configuration/b b-v1',
      ]);
      expect(parseDeclaration((await fetch(one, 'a')).body)).toEqual(renewed);
      expect((await advertised(two)).sort()).toEqual(['configuration/a a-v1', 'configuration/b b-v1']);
      expect(parseDeclaration((await fetch(two, 'a')).body)).toEqual(declaration('a'));
    });

    it('also by hand, by a command like any other', async () => {
      const device = await new SpecDevice(harness).enroll();
      const command = { requestType: 'DeclarativeManagement' };
      await harness.rooms.rpc.commands.submit(
        submitCommand.request.parse({
          requestId: randomUUID(),
          enrollmentIds: [device.udid],
          command,
          createdBy: 'spec',
        }),
      );
      expect((await device.report('Idle')).command?.command).toMatchObject({
        RequestType: 'DeclarativeManagement',
      });
    });

    it('once for a repeated request, which answers the same', async () => {
      const device = await new SpecDevice(harness).enroll();
      const over = { requestId: randomUUID(), onInactive: 'skip', enrollmentIds: [device.udid, 'nobody'] };
      const [first, twin] = await Promise.all([
        set([], [declaration('a')], over),
        set([], [declaration('a')], over),
      ]);
      expect(first.skipped).toEqual(['nobody']);
      expect(twin).toEqual(first);
      expect(await set([], [declaration('a')], over)).toEqual(first);
      await expect(set([], [declaration('a', 2)], over)).rejects.toMatchObject({
        code: 'ESP_MDM_REQUEST_ID_REUSED',
      });
      expect(await tokenOf(device)).toBe(first.declarationsToken);
    });

    it('to a thousand by a handful of statements, as one set', async () => {
      await db.execute(
        `INSERT INTO {enrollment} (id, kind, device_id, state, authenticated_at)
         VALUES ('D0', 'device', 'D0', 'enrolled', 1)`,
      );
      for (let n = 1; n < 1_000; n *= 2)
        await db.execute(
          `INSERT INTO {enrollment} (id, kind, device_id, state, authenticated_at)
           SELECT CONCAT(id, '-', '${n}'), 'device', CONCAT(id, '-', '${n}'), 'enrolled', 1 FROM {enrollment}`,
        );
      const rows = await db.query<{ id: string }>('SELECT id FROM {enrollment} ORDER BY id');
      const enrollmentIds = rows.slice(0, 1_000).map((row) => row.id);
      const { commands } = await set([], [declaration('a')], { enrollmentIds });
      expect(commands).toHaveLength(1_000);
      expect(await db.query('SELECT id FROM {declaration}')).toHaveLength(1);
      expect(await db.query('SELECT id FROM {command}')).toHaveLength(1);
    });
  });

  describe('stay consistent while a device synchronises', () => {
    it('as they were advertised, until they are advertised anew', async () => {
      const device = await new SpecDevice(harness).enroll();
      await set([device], [declaration('kept'), declaration('changed'), declaration('gone')]);
      await advertised(device);
      await set([device], [declaration('kept'), declaration('changed', 2), declaration('new')]);
      const serverToken = async (identifier: string): Promise<string> =>
        parseDeclaration((await fetch(device, identifier)).body).serverToken;
      expect(await serverToken('kept')).toBe('kept-v1');
      expect(await serverToken('changed')).toBe('changed-v1');
      expect(await serverToken('new')).toBe('new-v1');
      // Not even a device that was told of it gets what it is no longer to have.
      expect((await fetch(device, 'gone')).status).toBe(404);
      expect(await advertised(device)).toContain('configuration/changed changed-v2');
      expect(await serverToken('changed')).toBe('changed-v2');
    });

    it('with a token that no failure changes', async () => {
      const device = await new SpecDevice(harness).enroll();
      await set([device], [declaration('a')]);
      const before = (await device.declarative('tokens')).body;
      await fetch(device, 'nothing');
      await device.declarative('status', Buffer.from('{'));
      await device.declarative('status', buildStatusReport({ full: true, declarations: [] }));
      harness.now = new Date(Date.now() + 60_000);
      await set([device], [declaration('a')]);
      expect((await device.declarative('tokens')).body).toEqual(before);
    });
  });

  describe('belong to an enrolment', () => {
    it('and end with it: a device that enrols anew has none, and has said nothing', async () => {
      const device = await new SpecDevice(harness).enroll();
      await set([device], [declaration('a')]);
      await device.declarative('status', buildStatusReport({ full: true, declarations: [state('a')] }));
      await device.enroll();
      expect(await harness.rooms.rpc.declarations.get(device.udid)).toEqual({
        declarations: [],
        declarationsToken: null,
        status: [],
        statusAt: null,
      });
      expect((await fetch(device, 'a')).status).toBe(404);
      const { commands } = await set([device], [declaration('a')]);
      expect(commands).toHaveLength(1);
    });

    it('so that nobody else gets them', async () => {
      const [one, two] = [await new SpecDevice(harness).enroll(), await new SpecDevice(harness).enroll()];
      await set([one], [declaration('a')]);
      await set([two], [declaration('b')]);
      expect(await fetch(two, 'a')).toMatchObject({ status: 404, code: 'ESP_MDM_DECLARATION_UNKNOWN' });
      const spoof = new SpecDevice(harness, one.udid, { certificate: two.certificate });
      const report = buildStatusReport({ full: true, declarations: [] });
      for (const answer of [
        await spoof.declarative('tokens'),
        await spoof.declarative('declaration-items'),
        await fetch(spoof, 'a'),
        await spoof.declarative('status', report),
      ])
        expect(answer).toMatchObject({ status: 400, code: 'ESP_MDM_IDENTITY_NOT_PINNED' });
      expect(await reports()).toEqual([]);
    });

    it('that is complete and not over', async () => {
      const pending = new SpecDevice(harness);
      await pending.authenticate();
      const gone = await new SpecDevice(harness).enroll();
      await gone.checkOut();
      const stranger = new SpecDevice(harness);
      const report = buildStatusReport({ full: true, declarations: [state('a')] });
      for (const device of [pending, gone, stranger])
        for (const answer of [
          await device.declarative('declaration-items'),
          await device.declarative('status', report),
        ])
          expect(answer).toMatchObject({ status: 400, code: 'ESP_MDM_IDENTITY_NOT_PINNED' });
      await expect(set([gone], [declaration('a')])).rejects.toMatchObject({
        code: 'ESP_MDM_ENROLLMENT_NOT_ACTIVE',
      });
      await expect(harness.rooms.rpc.declarations.get(stranger.udid)).rejects.toMatchObject({
        code: 'ESP_MDM_ENROLLMENT_UNKNOWN',
      });
      expect(await db.query('SELECT * FROM {enrollment_declarations}')).toEqual([]);
    });
  });

  it.each([
    ['an unknown endpoint', 'tokens/x', undefined],
    ['an unknown kind', 'declaration/profile/a', undefined],
    ['the kind in full', 'declaration/com.apple.configuration.passcode.settings/a', undefined],
    ['a status without data', 'status', undefined],
    ['a status that is no JSON', 'status', Buffer.from('{"StatusItems":')],
    ['a status that is no object', 'status', Buffer.from('[]')],
    ['a status without items', 'status', Buffer.from('{}')],
    ['a status of too many', 'status', manyStates()],
  ])('answer 400 to %s, and store nothing', async (_, endpoint, data) => {
    const device = await new SpecDevice(harness).enroll();
    await set([device], [declaration('a')]);
    const before = await db.query('SELECT * FROM {enrollment_declarations}');
    expect(await device.declarative(endpoint, data)).toMatchObject({
      status: 400,
      code: 'ESP_MDM_CHECKIN_INVALID',
    });
    expect(await db.query('SELECT * FROM {enrollment_declarations}')).toEqual(before);
    expect(await reports()).toEqual([]);
  });

  function manyStates(): Buffer {
    const declarations = Array.from({ length: 1_001 }, (_, n) => state(`d${n}`));
    return buildStatusReport({ full: true, declarations });
  }

  it.each([
    ['two of one name', [declaration('a'), declaration('a', 2)], 'ESP_MDM_DECLARATIONS_INVALID'],
    [
      'an identifier of more octets than characters',
      [declaration('ä'.repeat(40))],
      'ESP_MDM_DECLARATIONS_INVALID',
    ],
    [
      'another payload under the same token',
      [declaration('a', 1, { x: 2 })],
      'ESP_MDM_DECLARATION_TOKEN_REUSED',
    ],
  ])('refuse %s, and change nothing', async (_, declarations, code) => {
    const device = await new SpecDevice(harness).enroll();
    await set([device], [declaration('a')]);
    const token = await tokenOf(device);
    await expect(set([device], declarations)).rejects.toMatchObject({ code });
    expect(await tokenOf(device)).toBe(token);
  });

  it('are pruned when no enrolment has had them for long, and not before', async () => {
    const notAfter = new Date(Date.now() + 100 * 86_400_000);
    const device = await new SpecDevice(harness, undefined, { notAfter }).enroll();
    await set([device], [declaration('old'), declaration('kept')]);
    await advertised(device);
    await set([device], [declaration('kept')]);
    const left = async (): Promise<string[]> =>
      (
        await db.query<{ identifier: string }>('SELECT identifier FROM {declaration} ORDER BY identifier')
      ).map((row) => row.identifier);
    harness.now = new Date(Date.now() + 31 * 86_400_000);
    await harness.rooms.retention.run();
    // The device was told of the old set, and may still fetch by it.
    expect(await left()).toEqual(['kept', 'old']);
    await advertised(device);
    await harness.rooms.retention.run();
    expect(await left()).toEqual(['kept']);
    expect((await fetch(device, 'kept')).status).toBe(200);
    // What a process remembers is no proof that it is stored.
    await set([device], [declaration('old')]);
    const restarted = new SpecDevice(new MdmHarness(db), device.udid, { certificate: device.certificate });
    expect((await fetch(restarted, 'old')).status).toBe(200);
  });
});
