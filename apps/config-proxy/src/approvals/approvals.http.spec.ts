import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { allApiScopes, approvalSchema, type Approval, type ApprovalPolicy } from '@espalier/contracts';
import { eventMessage } from '@espalier/messaging';
import { startNatsServer, type NatsServer } from '@espalier/testing';
import { ConsoleHarness, MdmPeer, type Answer } from '../config-proxy.fixture.js';
import { device, enrolled, type SpecMac } from '../resources/resource.fixture.js';

const mac: SpecMac = { udid: 'UDID-1', serial: 'C02AAA', name: 'Lab Mac' };
const RESOURCE = 16_777_219;
const why = { 'approval-reason': 'Lost on a train, owner wants it erased.' };

type Body = Approval & { code: string; detail: string; commands: unknown[]; items: Approval[] };

/** The whole service; real NATS, real TLS, real people of the site. */
describe('approvals over HTTP', () => {
  let nats: NatsServer;
  let peer: MdmPeer;
  let harness: ConsoleHarness;
  let anna: { id: string; token: string };
  let bert: { id: string; token: string };

  beforeAll(async () => {
    nats = await startNatsServer();
    peer = new MdmPeer(nats.url);
    await peer.serve();
    harness = await new ConsoleHarness(nats).start({
      ESPALIER_APPROVALS: 'required',
      ESPALIER_APPROVER_REST_HOURS: '0',
    });
    anna = await hire('anna');
    bert = await hire('bert');
    for (const { contract, payload } of [enrolled(mac, 1_000), device(mac, 3_000)])
      await peer.messaging.publishOutboxMessage(eventMessage(contract, payload));
  });
  afterAll(async () => {
    await harness.stop();
    await peer.messaging.drain(2_000);
    await nats.stop();
  });

  /** A new Full Administrator, who has made a token of their own. */
  async function hire(name: string): Promise<{ id: string; token: string }> {
    const { json } = await harness.admin<{ id: string }>('POST', '/api/v1/administrators', { name });
    const assignments = [{ roleId: 'full-administrator', collectionIds: null }];
    await harness.admin('PUT', `/api/v1/administrators/${json.id}/assignments`, { assignments });
    const token = { name, scopes: allApiScopes, administratorId: json.id };
    const first = await harness.admin<{ secret: string }>('POST', '/api/v1/tokens', token);
    return { id: json.id, token: await ownToken(first.json.secret, name) };
  }
  async function ownToken(secret: string, name: string): Promise<string> {
    const own = { token: secret, body: { name, scopes: allApiScopes } };
    return (await harness.send<{ secret: string }>('POST', '/api/v1/tokens', own)).json.secret;
  }

  type Sent = { body?: unknown; headers?: Record<string, string> };
  const send = (
    by: { token: string },
    method: string,
    path: string,
    more: Sent = {},
  ): Promise<Answer<Body>> => harness.send<Body>(method, path, { token: by.token, ...more });
  const erase = (by: { token: string }, headers: Record<string, string> = why, id = 'DEVICE-0') =>
    send(by, 'POST', `/api/v1/enrollments/${id}/commands`, {
      body: { command: { requestType: 'EraseDevice' } },
      headers,
    });
  const decide = (by: { token: string }, id: string, what: string, body: object = {}) =>
    send(by, 'POST', `/api/v1/approvals/${id}/${what}`, { body });
  async function until(id: string, state: string): Promise<Approval> {
    const signal = AbortSignal.timeout(10_000);
    for (;;) {
      const { json } = await send(bert, 'GET', `/api/v1/approvals/${id}`);
      if (json.state === state) return json;
      await delay(10, undefined, { signal });
    }
  }

  it('hold an erase up until a second person says yes, and tell listeners of it', async () => {
    const live = await harness.open('GET', '/api/v1/events?types=approval.changed', {
      token: bert.token,
      agent: false,
    });
    let heard = '';
    live.setEncoding('utf8').on('data', (text: string) => (heard += text));
    const without = await erase(anna, {});
    expect(without.json).toMatchObject({ status: 400, code: 'ESP_APPROVAL_REASON_MISSING' });
    const asked = await erase(anna);
    expect(asked.status).toBe(202);
    expect(approvalSchema.parse(asked.json)).toMatchObject({
      state: 'needs-approval',
      requester: { id: anna.id, name: 'anna' },
      targets: [{ type: 'enrollment', id: 'DEVICE-0', name: expect.any(String) }],
    });
    const { id } = asked.json;
    expect(asked.headers['location']).toBe(`/api/v1/approvals/${id}`);
    expect(peer.commands.size).toBe(0);

    for (const own of [anna.token, await ownToken(anna.token, 'another of anna')])
      expect((await decide({ token: own }, id, 'approve')).json).toMatchObject({
        status: 403,
        code: 'ESP_APPROVAL_OWN',
      });
    // The bootstrap token belongs to the site, which is no person.
    const bootstrap = { token: harness.place.adminToken };
    expect((await decide(bootstrap, id, 'approve')).json.code).toBe('ESP_APPROVAL_NOT_A_PERSON');
    const waiting = await send(bert, 'GET', '/api/v1/approvals?view=waiting');
    expect(waiting.json.items.map((item) => item.id)).toEqual([id]);
    expect((await send(anna, 'GET', '/api/v1/approvals?view=waiting')).json.items).toEqual([]);

    const approved = await decide(bert, id, 'approve', { reason: 'She called me.' });
    expect(approved.json).toMatchObject({ state: 'approved', decisionReason: 'She called me.' });
    const done = await until(id, 'completed');
    expect([...peer.commands.keys()]).toEqual(done.resultIds);
    expect(peer.createdBy.at(-1)).toMatch(/^anna \(API token .*\), approved by bert$/);
    while (!heard.includes('"completed"')) await once(live, 'data');
    expect([...heard.matchAll(/"state":"([a-z-]+)"/g)].map(([, state]) => state)).toEqual([
      'needs-approval',
      'approved',
      'completed',
    ]);
    live.destroy();
    const status = await harness.admin<{ items: { messageId: string }[] }>('GET', '/api/v1/status-messages');
    expect(status.json.items.map(({ messageId }) => messageId)).toContain('approval-completed');

    expect((await decide(bert, id, 'cancel')).json.code).toBe('ESP_APPROVAL_NOT_YOURS');
    expect((await decide(anna, id, 'cancel')).json).toMatchObject({ state: 'cancelled' });
  });

  it('are refused for devices that cannot get commands, and reasons that are none', async () => {
    expect((await erase(anna, why, 'NOBODY')).json.code).toBe('ESP_MDM_ENROLLMENT_UNKNOWN');
    expect((await erase(anna, { 'approval-reason': 'x' })).json.code).toBe('ESP_APPROVAL_REASON_MISSING');
  });

  it('answer a repeated request with the same approval, and 429 beyond the limit', async () => {
    const repeated = { ...why, 'idempotency-key': randomUUID() };
    const [first, again] = [await erase(bert, repeated), await erase(bert, repeated)];
    expect(again.json.id).toBe(first.json.id);
    for (let n = 1; n < 20; n += 1) expect((await erase(bert)).status).toBe(202);
    const over = await erase({ token: await ownToken(bert.token, 'another of bert') });
    expect(over.json).toMatchObject({ status: 429, code: 'ESP_APPROVAL_CAP_REACHED' });
    const seconds = Number(over.headers['retry-after']);
    expect(seconds).toBeGreaterThan(3_500);
    expect(seconds).toBeLessThanOrEqual(3_660);
    expect((await decide(anna, first.json.id, 'reject', { reason: 'Why again?' })).json).toMatchObject({
      state: 'rejected',
      decidedBy: { name: 'anna' },
    });
  });

  it('are not needed to lock one device, but to lock two', async () => {
    const lock = (enrollmentIds: string[]) =>
      send(anna, 'POST', '/api/v1/commands', {
        body: { enrollmentIds, command: { requestType: 'DeviceLock', arguments: { PIN: '483920' } } },
        headers: why,
      });
    expect((await lock(['DEVICE-0'])).json.commands).toHaveLength(1);
    const two = await lock(['DEVICE-0', 'DEVICE-1', 'DEVICE-1']);
    expect(two.json).toMatchObject({ kind: 'disruptive-command', deviceCount: 2 });
    expect(two.text).not.toContain('483920');
  });

  it('hide what others asked for from whoever may not see approvals', async () => {
    const { json } = await erase(anna);
    const { secret: token } = await harness.issue(['commands:write', 'commands:destructive']);
    expect((await send({ token }, 'GET', `/api/v1/approvals/${json.id}`)).status).toBe(404);
    expect((await decide({ token }, json.id, 'cancel')).status).toBe(404);
    expect((await send({ token }, 'GET', '/api/v1/approvals')).json.items).toEqual([]);
    const own = await erase({ token });
    expect((await send({ token }, 'GET', '/api/v1/approvals')).json.items.map(({ id }) => id)).toEqual([
      own.json.id,
    ]);
  });

  it('are not cancelled with a token of theirs that could not have asked', async () => {
    const { json } = await erase(anna);
    const body = { name: 'for reports', scopes: ['devices:read', 'commands:write'] };
    const weak = await harness.send<{ secret: string }>('POST', '/api/v1/tokens', {
      token: anna.token,
      body,
    });
    expect((await decide({ token: weak.json.secret }, json.id, 'cancel')).json).toMatchObject({
      status: 403,
      code: 'ESP_AUTH_SCOPE_MISSING',
    });
    expect((await send(anna, 'GET', `/api/v1/approvals/${json.id}`)).json.state).toBe('needs-approval');
    expect((await decide(anna, json.id, 'cancel')).json.state).toBe('cancelled');
  });

  it('are not given for what was asked for with a token that was revoked since', async () => {
    const stolen = (
      await harness.admin<{ token: { id: string }; secret: string }>('POST', '/api/v1/tokens', {
        name: 'stolen',
        scopes: ['devices:read', 'commands:write', 'commands:destructive'],
        administratorId: anna.id,
      })
    ).json;
    const { json } = await erase({ ...anna, token: stolen.secret });
    expect(json.state).toBe('needs-approval');
    await harness.admin('DELETE', `/api/v1/tokens/${stolen.token.id}`);
    const before = peer.commands.size;
    expect((await decide(bert, json.id, 'approve')).json).toMatchObject({
      status: 409,
      code: 'ESP_APPROVAL_RIGHTS_LOST',
      detail: 'The token of anna that it was asked for with was revoked.',
    });
    expect(peer.commands.size).toBe(before);
  });

  it('are not given for whoever lost the role that they asked with', async () => {
    const dora = await hire('dora');
    const { json } = await erase(dora);
    const assignments = [{ roleId: 'helpdesk', collectionIds: null }];
    await harness.admin('PUT', `/api/v1/administrators/${dora.id}/assignments`, { assignments });
    const before = peer.commands.size;
    expect((await decide(bert, json.id, 'approve')).json).toMatchObject({
      status: 409,
      code: 'ESP_APPROVAL_RIGHTS_LOST',
      detail: 'dora lacks commands:destructive for what was asked.',
    });
    expect((await send(bert, 'GET', `/api/v1/approvals/${json.id}`)).json.state).toBe('needs-approval');
    expect(peer.commands.size).toBe(before);
  });

  it('are needed to decommission a device, and to delete its record', async () => {
    const signal = AbortSignal.timeout(10_000);
    const path = `/api/v1/devices/${RESOURCE}`;
    while ((await send(anna, 'GET', path)).status !== 200) await delay(20, undefined, { signal });
    const utf8 = Buffer.from('Gerät gestohlen').toString('latin1');
    const retire = await send(anna, 'POST', `${path}/decommission`, { headers: { 'approval-reason': utf8 } });
    expect(retire.json.reason).toBe('Gerät gestohlen');
    expect(retire.json).toMatchObject({ kind: 'retire-device', summary: expect.stringContaining('Lab Mac') });
    await decide(bert, retire.json.id, 'approve');
    await until(retire.json.id, 'completed');
    expect((await send(anna, 'GET', path)).json.state).toBe('decommissioned');

    const remove = await send(anna, 'DELETE', path, { headers: { 'approval-reason': 'Gerät verkauft' } });
    expect(remove.json.reason).toBe('Gerät verkauft');
    expect(remove.status).toBe(202);
    expect(remove.json.kind).toBe('delete-device');
    await decide(bert, remove.json.id, 'approve');
    // It is enrolled still, which the record of the approval says.
    expect(await until(remove.json.id, 'failed')).toMatchObject({
      outcome: expect.stringContaining('UDID-1'),
    });
  });

  it('are needed to change what needs them', async () => {
    const policies = await send(anna, 'GET', '/api/v1/approval-policies');
    const { mode, items } = policies.json as unknown as { mode: string; items: ApprovalPolicy[] };
    expect(mode).toBe('required');
    const { required, threshold, expiryHours } = items.find(({ kind }) => kind === 'erase') ?? {};
    const body = { required, threshold, expiryHours, hourlyCap: 5 };
    const put = (kind: string, headers: Record<string, string>) =>
      send(anna, 'PUT', `/api/v1/approval-policies/${kind}`, { body, headers });
    expect((await put('erase', { ...why, 'if-match': '"9"' })).status).toBe(412);
    expect((await put('nonsense', why)).status).toBe(400);
    const asked = await put('erase', why);
    expect(asked.status).toBe(202);
    await decide(bert, asked.json.id, 'approve');
    await until(asked.json.id, 'completed');
    const after = await send(anna, 'GET', '/api/v1/approval-policies');
    expect((after.json as unknown as { items: ApprovalPolicy[] }).items[0]).toMatchObject({
      kind: 'erase',
      hourlyCap: 5,
      version: 1,
    });
  });
});
