import { randomUUID } from 'node:crypto';
import { disruptiveRequestTypes } from '@espalier/contracts';
import { commandMetadata } from '@espalier/mdm-protocol';
import { startNatsServer, type NatsServer } from '@espalier/testing';
import { ConsoleHarness, MdmPeer, type Answer } from '../config-proxy.fixture.js';
import { isDestructive } from './destructive.js';

interface Submitted {
  readonly commandId: string;
  readonly commands: readonly { readonly id: string; readonly enrollmentId: string }[];
}

describe('commands', () => {
  let nats: NatsServer;
  let peer: MdmPeer;
  let harness: ConsoleHarness;
  let writer: { id: string; secret: string };
  beforeAll(async () => {
    nats = await startNatsServer();
    peer = new MdmPeer(nats.url);
    await peer.serve();
    harness = await new ConsoleHarness(nats).start();
    writer = await harness.issue(['commands:write'], 'helpdesk');
  });
  afterAll(async () => {
    await harness.stop();
    await peer.messaging.drain(2_000);
    await nats.stop();
  });

  const submit = (requestType: string, more: { key?: string; token?: string; body?: object } = {}) =>
    harness.send<Submitted>('POST', '/api/v1/enrollments/DEVICE-0/commands', {
      token: more.token ?? writer.secret,
      body: { command: { requestType }, ...more.body },
      headers: more.key === undefined ? {} : { 'idempotency-key': more.key },
    });
  const code = (answer: Answer<unknown>): unknown => (answer.json as { code?: unknown }).code;

  it('go out in the name of the token, and can be found again', async () => {
    const answer = await submit('ProfileList');
    expect(answer.status).toBe(202);
    const [command] = answer.json.commands;
    expect(answer.headers['location']).toBe(`/api/v1/commands/${command?.id ?? ''}`);
    expect(answer.headers['idempotency-key']).toEqual(expect.any(String));
    expect(peer.actors.at(-1)).toEqual({
      type: 'api-token',
      id: writer.id,
      name: 'helpdesk',
      ip: '127.0.0.1',
      auth: 'token',
    });
    expect(peer.createdBy.at(-1)).toBe(`helpdesk (API token ${writer.id})`);
    const found = await harness.admin('GET', answer.headers['location'] ?? '');
    expect(found.json).toMatchObject({
      command: { id: command?.id, state: 'queued' },
      result: { Status: 'x' },
    });
  });

  it('are made once for one Idempotency-Key, and once more for that of another token', async () => {
    const key = randomUUID();
    const [a, b] = [await submit('ProfileList', { key }), await submit('ProfileList', { key })];
    expect(b.json).toEqual(a.json);
    const other = await harness.issue(['commands:write']);
    const c = await submit('ProfileList', { key, token: other.secret });
    expect(c.json.commandId).not.toBe(a.json.commandId);
    const bad = await submit('ProfileList', { key: 'two words' });
    expect(bad.json).toMatchObject({ status: 400, fields: { 'idempotency-key': expect.any(String) } });
  });

  it('that are destructive need a scope of their own, known or not, raw or not', async () => {
    const before = peer.commands.size;
    for (const requestType of ['EraseDevice', 'DeviceLock', 'RestartDevice', 'RemoveProfile', 'NoSuchThing'])
      for (const raw of [false, true]) {
        const answer = await submit('x', { body: { command: { requestType, raw } } });
        expect(answer.json).toMatchObject({ status: 403, detail: 'Needed: commands:destructive.' });
      }
    expect(peer.commands.size).toBe(before);
    const trusted = await harness.issue(['commands:write', 'commands:destructive']);
    expect((await submit('EraseDevice', { token: trusted.secret })).status).toBe(202);
    expect(['EraseDevice', 'ClearPasscode', 'ShutDownDevice', 'eraseDevice'].every(isDestructive)).toBe(true);
    expect(['DeviceInformation', 'ProfileList', 'SecurityInfo'].some(isDestructive)).toBe(false);
    expect(disruptiveRequestTypes.filter((type) => !commandMetadata(type).known)).toEqual([]);
    expect(disruptiveRequestTypes.filter((type) => !isDestructive(type))).toEqual([]);
  });

  it.each([
    [
      'brings software, and restarts',
      'ScheduleOSUpdate',
      { Updates: [{ InstallAction: 'InstallForceRestart' }] },
    ],
    ['makes an administrator of the device', 'AccountConfiguration', { AutoSetupAdminAccounts: [] }],
    ['switches off computers of others', 'LOMDeviceRequest', { RequestList: [] }],
    ['shows the screen elsewhere', 'RequestMirroring', {}],
    ['opens a way in', 'EnableRemoteDesktop', {}],
    ['changes settings', 'Settings', { Settings: [{ Item: 'Bluetooth', Enabled: false }] }],
    ['gives a lost device free', 'DisableLostMode', {}],
    ['tries passwords', 'VerifyRecoveryLock', { Password: 'guess' }],
  ])('are not for everybody who may ask devices something: one that %s (%s)', async (_what, type, args) => {
    const command = { requestType: type, arguments: args };
    const answer = await submit('x', { body: { command } });
    expect(answer.json).toMatchObject({ status: 403, detail: 'Needed: commands:destructive.' });
    const all = await harness.send('POST', '/api/v1/collections/SMS00001/commands', {
      token: writer.secret,
      body: { command },
    });
    expect(all.json).toMatchObject({ status: 400, code: 'ESP_COMMANDS_NOT_FOR_COLLECTIONS' });
  });

  it('cannot smuggle a request type in through their arguments', async () => {
    const command = { requestType: 'ProfileList', raw: true, arguments: { RequestType: 'EraseDevice' } };
    const answer = await submit('x', { body: { command } });
    expect(answer.json).toMatchObject({ status: 400, fields: { 'command.arguments': expect.any(String) } });
  });

  it('are refused by the name of every key that is not known', async () => {
    const answer = await submit('x', {
      body: { command: { requestType: 'ProfileList', args: {} }, prio: 1 },
    });
    expect(answer.json).toMatchObject({
      status: 400,
      fields: { 'command.args': 'is not known here', prio: 'is not known here' },
    });
  });

  it('get the answer of the service that refuses them', async () => {
    const answer = await harness.send('POST', '/api/v1/commands', {
      token: writer.secret,
      body: { enrollmentIds: ['DEVICE-0', 'NOBODY'], command: { requestType: 'ProfileList' } },
    });
    expect(answer.json).toMatchObject({ status: 404, code: 'ESP_MDM_ENROLLMENT_UNKNOWN', detail: 'NOBODY' });
  });

  it('survive a restart of nats-server without anybody noticing, and are made once', async () => {
    const key = randomUUID();
    await nats.kill();
    const answer = submit('ProfileList', { key });
    await nats.restart();
    const { status, json } = await answer;
    expect(status).toBe(202);
    const again = await submit('ProfileList', { key });
    expect(again.json).toEqual(json);
    await peer.messaging.whenReady(10_000);
  });

  it('are answered with 503 and Retry-After while NATS is away, and work again after', async () => {
    await nats.kill();
    const devices = await harness.admin('GET', '/api/v1/enrollments');
    expect(devices.json).toMatchObject({ status: 503, code: 'ESP_MESSAGING_UNAVAILABLE', retryable: true });
    expect(Number(devices.headers['retry-after'])).toBeGreaterThan(0);
    const refused = await submit('ProfileList');
    expect(refused.status).toBe(503);
    expect(code(refused)).toBe('ESP_MESSAGING_UNAVAILABLE');
    expect(refused.headers['idempotency-key']).toEqual(expect.any(String));
    expect((await harness.health.report()).checks['nats']?.state).toBe('failed');
    await nats.restart();
    await peer.messaging.whenReady(10_000);
    const repeated = await submit('ProfileList', { key: String(refused.headers['idempotency-key']) });
    expect(repeated.status).toBe(202);
  });
});
