import type { AuditRecord } from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import type { AuditSite } from './audit.fixture.js';
import { openAuditDoor, startAuditServer, type AuditDoor, type AuditServer } from './audit-server.fixture.js';
import { SignInMemory } from './sign-in.memory.js';

describe('the hooks that record requests', () => {
  let door: AuditDoor;
  let db: Database;
  let site: AuditSite;
  let server: AuditServer;
  beforeEach(async () => {
    door = await openAuditDoor();
    ({ db, site, server } = door);
  });
  afterEach(() => door.stop());

  interface Options {
    readonly as?: string;
    readonly body?: unknown;
    readonly type?: string;
  }
  async function send(method: string, path: string, { as = 'jane', body, type }: Options = {}) {
    const response = await fetch(server.url + path, {
      method,
      headers: {
        connection: 'close',
        ...(as !== '' && { authorization: `Bearer ${as}` }),
        ...(body !== undefined && { 'content-type': type ?? 'application/json' }),
      },
      ...(body !== undefined && { body: type === undefined ? JSON.stringify(body) : (body as string) }),
    });
    return { status: response.status, text: await response.text(), id: response.headers.get('x-request-id') };
  }
  const all = async (): Promise<AuditRecord[]> =>
    (await site.rooms.reader.list({ limit: 100, orderBy: 'sequence' })).rows;
  /** Without those of who was let in. */
  const records = async (): Promise<AuditRecord[]> =>
    (await all()).filter(({ action }) => action !== 'access.granted');
  const install = { enrollmentIds: ['E-1', 'E-2'], command: { requestType: 'DeviceLock', pin: '123456' } };

  it('record what is done before it is done, and how it ended before the caller knows', async () => {
    let inside: AuditRecord[] = [];
    server.doings.look = async () => {
      inside = await records();
    };
    const { id, status } = await send('POST', '/api/v1/commands', { body: { ...install, reason: 'lost' } });
    expect(status).toBe(202);
    expect(inside).toMatchObject([{ sequence: 2, outcome: 'begun' }]);
    const [begun, ended] = await records();
    const jane = { type: 'person', id: 'jane', name: 'jane!', ip: '127.0.0.1', auth: 'token' };
    expect(begun).toMatchObject({
      action: 'submitCommands',
      actor: jane,
      credentialId: 'spec',
      address: '127.0.0.1',
      requestId: id,
      targets: [
        { type: 'enrollment', id: 'E-1' },
        { type: 'enrollment', id: 'E-2' },
      ],
      details: { requestType: 'DeviceLock', reason: 'lost' },
    });
    expect(ended).toMatchObject({
      outcome: 'succeeded',
      actor: jane,
      requestId: id,
      targets: [{ id: 'E-1' }, { id: 'E-2' }, { type: 'command', id: 'C-1' }],
      details: { requestType: 'DeviceLock', reason: 'lost', status: 202 },
    });
    expect(JSON.stringify(await records())).not.toContain('123456');
  });

  it('name the approval that an action waits for', async () => {
    const command = { requestType: 'EraseDevice' };
    await send('POST', '/api/v1/commands', { body: { ...install, command } });
    expect((await records()).map(({ approvalId }) => approvalId)).toEqual([null, 'A-1']);
    expect(
      (await site.rooms.reader.list({ limit: 9, target: { type: 'approval', id: 'A-1' } })).rows,
    ).toHaveLength(1);
  });

  it('name what was made where only the body of the answer does, and nothing else of it', async () => {
    const body = { name: 'for reports', scopes: ['devices:read', 'status:read'] };
    await send('POST', '/api/v1/tokens', { body });
    expect((await records())[1]).toMatchObject({
      action: 'createToken',
      targets: [{ type: 'api-token', id: 'T-1' }],
      details: { name: 'for reports', scopes: 'devices:read status:read', status: 201 },
    });
    expect(JSON.stringify(await records())).not.toContain('canary');
  });

  it('record how it failed, with the targets of the path', async () => {
    await send('DELETE', '/api/v1/devices/unknown/users/7');
    await send('DELETE', '/api/v1/devices/broken/users/7');
    await send('POST', '/api/v1/commands', { body: { enrollmentIds: [{ a: 1 }, 'E-1'], command: 5 } });
    await send('POST', '/door/SMS_Collection(%27ESP00014%27)?secret=canary');
    const ended = (await records()).filter(({ outcome }) => outcome !== 'begun');
    expect(ended).toMatchObject([
      {
        outcome: 'refused',
        errorCode: 'ESP_NOT_FOUND',
        targets: [
          { type: 'device', id: 'unknown' },
          { type: 'user', id: '7' },
        ],
        details: { status: 404 },
      },
      { outcome: 'failed', errorCode: 'ESP_INTERNAL', details: { status: 500 } },
      { outcome: 'refused', errorCode: 'ESP_BAD_REQUEST', targets: [{ id: 'E-1' }] },
      {
        outcome: 'refused',
        action: 'knock',
        errorCode: 'ESP_BAD_REQUEST',
        details: { path: '/door/SMS_Collection(%27ESP00014%27)', status: 400 },
      },
    ]);
    expect(JSON.stringify(await records())).not.toContain('canary');
  });

  it('do nothing that cannot be recorded', async () => {
    await db.execute('UPDATE {audit_head} SET id = 2');
    for (const [method, path, options] of [
      ['POST', '/api/v1/commands', { body: install }],
      ['DELETE', '/api/v1/devices/1/users/2', {}],
      ['GET', '/api/v1/devices/1/recovery-key', {}],
      ['PUT', '/api/v1/content/1', { body: 'bytes', type: 'application/octet-stream' }],
    ] as const) {
      const answer = await send(method, path, options);
      expect(answer.status).toBe(503);
      expect(JSON.parse(answer.text)).toMatchObject({ code: 'ESP_AUDIT_UNAVAILABLE', retryable: true });
    }
    expect(server.doings.done).toEqual([]);
    expect((await send('GET', '/api/v1/devices/1')).status).toBe(200);
    await db.execute('UPDATE {audit_head} SET id = 1');
    expect(await all()).toEqual([]);
    await send('PUT', '/api/v1/content/1', { body: 'bytes', type: 'application/octet-stream' });
    expect(server.doings.done).toEqual(['took 5']);
    expect((await all()).map(({ action }) => action)).toEqual(['access.granted', 'upload', 'upload']);
  });

  it('give the caller the answer also where its end cannot be recorded any more', async () => {
    server.doings.look = async () => {
      await db.execute('UPDATE {audit_head} SET id = 2');
    };
    expect((await send('POST', '/api/v1/commands', { body: install })).status).toBe(202);
    expect((await records()).map(({ outcome }) => outcome)).toEqual(['begun']);
    await db.execute('UPDATE {audit_head} SET id = 1');
  });

  it('record reads of secrets and of the log itself, but not of anything else', async () => {
    await send('GET', '/api/v1/devices/9');
    await send('GET', '/api/v1/audit');
    expect(await records()).toEqual([]);
    await send('GET', '/api/v1/devices/9/recovery-key');
    await send('GET', '/api/v1/audit/export');
    expect((await records()).map(({ action, outcome }) => [action, outcome])).toEqual([
      ['readKey', 'begun'],
      ['readKey', 'succeeded'],
      ['exportAudit', 'begun'],
      ['exportAudit', 'succeeded'],
    ]);
    expect(JSON.stringify(await records())).not.toContain('canary');
  });

  it('record who is refused at the door, whatever they wanted', async () => {
    await send('GET', '/api/v1/devices/1', { as: '' });
    await send('POST', '/api/v1/commands', { as: 'esp_guess', body: install });
    await send('GET', '/api/v1/devices/1/recovery-key', { as: 'reader' });
    await send('GET', '/api/v1/devices/forbidden');
    await send('DELETE', '/api/v1/devices/hidden/users/1');
    await send('GET', '/api/v1/devices/hidden');
    expect(await records()).toMatchObject([
      {
        action: 'access.refused',
        outcome: 'refused',
        actor: null,
        errorCode: 'ESP_AUTH_TOKEN_MISSING',
        details: { kind: 'readDevice', method: 'GET', path: '/api/v1/devices/:id', status: 401 },
      },
      { action: 'access.refused', errorCode: 'ESP_AUTH_TOKEN_INVALID' },
      {
        action: 'readKey',
        outcome: 'refused',
        actor: { id: 'reader' },
        errorCode: 'ESP_AUTH_SCOPE_MISSING',
        targets: [{ type: 'device', id: '1' }],
      },
      { action: 'readDevice', actor: { id: 'jane' }, targets: [{ id: 'forbidden' }] },
      { action: 'deleteDevice', outcome: 'refused', targets: [{ id: 'hidden' }, { id: '1' }] },
    ]);
    expect(JSON.stringify(await records())).not.toContain('esp_guess');
  });

  it('record who was let in, once an hour from each address', async () => {
    for (let n = 0; n < 3; n += 1) await send('GET', '/api/v1/devices/1');
    await send('GET', '/api/v1/devices/1', { as: '' });
    expect(await all()).toMatchObject([
      {
        action: 'access.granted',
        outcome: 'succeeded',
        actor: { id: 'jane', auth: 'token' },
        address: '127.0.0.1',
      },
      { action: 'access.refused' },
    ]);
    let time = 5 * 3_600_000;
    const memory = new SignInMemory(() => new Date(time));
    const asked = ['a', 'a', 'b'].map((address) => memory.isNew('jane', address));
    expect(asked).toEqual([true, false, true]);
    time += 3_600_000;
    expect(memory.isNew('jane', 'a')).toBe(true);
    for (let n = 0; n < 20_000; n += 1) memory.isNew('jane', String(n));
    expect(memory.isNew('jane', 'one more')).toBe(false);
  });

  it('count a flood of bad tokens instead of recording each', async () => {
    for (let n = 0; n < 200; n += 1) await send('GET', '/api/v1/devices/1', { as: `esp_${n}` });
    await site.rooms.stop();
    const found = await records();
    expect(found).toHaveLength(11);
    const counted = found.reduce((sum, { details }) => sum + Number(details['count'] ?? 1), 0);
    expect(counted).toBe(200);
  });

  it('know every route by its operation, and refuse to start with one that they do not know', async () => {
    const hooks = site.rooms.hooks({ endpoints: [], callerOf: () => undefined });
    await expect(startAuditServer({ rooms: { ...site.rooms, hooks: () => hooks } })).rejects.toThrow(
      'not among the endpoints that are audited',
    );
  });

  it('keep the chain whole through all of it', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, n) => send('DELETE', `/api/v1/devices/${n}/users/1`)));
    expect(await site.rooms.verifier.verify()).toMatchObject({ checked: 41, findings: [] });
  });
});
