import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { startNatsServer, type NatsServer } from '@espalier/testing';
import { SITE_ADMINISTRATOR_ID } from '../administrators/administrator.rows.js';
import { ConsoleHarness, MdmPeer } from '../config-proxy.fixture.js';

const run = promisify(execFile);
const madeUp = (): string => `esp_${randomBytes(32).toString('base64url')}`;

describe('access to the console port', () => {
  let nats: NatsServer;
  let peer: MdmPeer;
  let harness: ConsoleHarness;
  beforeAll(async () => {
    nats = await startNatsServer();
    peer = new MdmPeer(nats.url);
    await peer.serve();
    harness = await new ConsoleHarness(nats).start();
  });
  afterAll(async () => {
    await harness.stop();
    await peer.messaging.drain(2_000);
    await nats.stop();
  });

  const whoami = (token: string | undefined, headers = {}) =>
    harness.send('GET', '/api/v1/whoami', { token, headers });

  it('says who a token is', async () => {
    const { id, secret } = await harness.issue(['devices:read'], 'reader');
    expect((await whoami(secret)).json).toEqual({
      type: 'api-token',
      id,
      name: 'reader',
      method: 'token',
      administrator: { id: SITE_ADMINISTRATOR_ID, name: 'site' },
      roles: [{ roleId: 'full-administrator', collectionIds: null }],
      scopes: ['devices:read'],
      reach: { 'devices:read': null },
      approvals: 'off',
      expiresAt: expect.any(Number),
    });
  });

  it('serves curl, which checks the certificate and follows events line by line', async () => {
    const base = [
      '-sS',
      '--cacert',
      harness.place.certFile,
      '-H',
      `Authorization: Bearer ${harness.place.adminToken}`,
    ];
    const url = `https://localhost:${harness.ports.console}/api/v1`;
    const { stdout } = await run('curl', [...base, `${url}/enrollments?limit=2`]);
    expect(JSON.parse(stdout)).toMatchObject({
      items: [{ id: 'DEVICE-0' }, { id: 'DEVICE-1' }],
      nextCursor: '2',
    });
    const head = await run('curl', [...base, '-I', `${url}/events`]);
    expect(head.stdout).toMatch(/^HTTP\/1\.1 200 OK[^]*content-type: text\/event-stream/);

    const curl = spawn('curl', [...base, '-N', `${url}/events`]);
    const lines = createInterface({ input: curl.stdout })[Symbol.asyncIterator]();
    while ((await lines.next()).value !== ': listening');
    await peer.publishCompleted('ProfileList');
    const event: string[] = [];
    for (let line = ''; !line.startsWith('data:'); event.push(line))
      line = String((await lines.next()).value);
    expect(event.slice(-3)).toEqual([
      expect.stringMatching(/^id: \d+$/),
      'event: command.completed',
      expect.stringContaining('"requestType":"ProfileList"'),
    ]);
    curl.kill();
    await once(curl, 'exit');
  });

  it('ends with the token: a revoked one gets 401 with the next request', async () => {
    const { id, secret } = await harness.issue(['devices:read']);
    expect((await whoami(secret)).status).toBe(200);
    expect((await harness.admin('DELETE', `/api/v1/tokens/${id}`)).status).toBe(204);
    const answer = await whoami(secret);
    expect(answer.json).toMatchObject({
      status: 401,
      code: 'ESP_AUTH_TOKEN_INVALID',
      mend: expect.any(String),
    });
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="espalier", error="invalid_token"');
  });

  it('takes tokens from the Authorization header only', async () => {
    const { adminToken } = harness.place;
    const basic = `Basic ${Buffer.from(`admin:${adminToken}`).toString('base64')}`;
    for (const [headers, code] of [
      [{ cookie: `token=${adminToken}` }, 'ESP_AUTH_TOKEN_MISSING'],
      [{ authorization: 'Bearer' }, 'ESP_AUTH_TOKEN_MISSING'],
      [{ authorization: basic }, 'ESP_SIGN_IN_BASIC'],
      [{ authorization: 'NTLM TlRMTVNTUAABAAAA' }, 'ESP_SIGN_IN_NTLM'],
      [{ authorization: 'Negotiate TlRMTVNTUAABAAAA' }, 'ESP_SIGN_IN_NTLM'],
    ] as const) {
      const { json, headers: answered } = await whoami(undefined, headers);
      expect(json).toMatchObject({ status: 401, code, mend: expect.any(String) });
      expect(answered['www-authenticate']).toContain('Bearer realm="espalier"');
    }
    expect((await harness.send('GET', `/api/v1/whoami?access_token=${adminToken}`)).status).toBe(401);
    expect((await whoami(undefined, { authorization: `bearer ${adminToken}` })).status).toBe(200);
  });

  it('slows an address that keeps guessing, but no good token from there', async () => {
    const answers = [];
    for (let n = 0; n < 25; n += 1) answers.push(await whoami(madeUp()));
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 401).length + refused.length).toBe(25);
    expect(refused.length).toBeGreaterThan(3);
    expect(refused[0]?.json).toMatchObject({ code: 'ESP_AUTH_TOO_MANY_FAILURES', retryable: true });
    expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(0);
    const { secret } = await harness.issue(['devices:read']);
    expect((await whoami(secret)).status).toBe(200);
  });
});
