import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  allApiScopes,
  type Approval,
  type ClientOperation,
  type Collection,
  type Job,
} from '@espalier/contracts';
import { eventMessage } from '@espalier/messaging';
import { startNatsServer, type NatsServer } from '@espalier/testing';
import { ConsoleHarness, MdmPeer, type Answer } from '../config-proxy.fixture.js';
import { mobileconfig } from '../library/library.fixture.js';
import { device, enrolled } from '../resources/resource.fixture.js';

const MACS = 8;
const FIRST = 16_777_219;
const why = { 'approval-reason': 'The yearly rollout.' };
const all = { kind: 'query', name: 'all', query: 'select * from SMS_R_System' };

interface Body extends Omit<Approval, 'version'>, Pick<Collection, 'memberCount'> {
  readonly code: string;
  readonly version: number;
  readonly item: { readonly id: string; readonly revision: number; readonly identifier: string };
  readonly ApprovalId: string;
  readonly error: { readonly innererror: { readonly code: string } };
  readonly rules: readonly { readonly kind: string }[];
}

/** The whole service: every road on which one person could reach many devices, with a small policy. */
describe('one person over HTTP', () => {
  let nats: NatsServer;
  let peer: MdmPeer;
  let harness: ConsoleHarness;
  let anna: string;
  let bert: string;
  let everybody: string;
  let lab: string;
  let wifi: Body['item'];

  beforeAll(async () => {
    nats = await startNatsServer();
    peer = new MdmPeer(nats.url);
    await peer.serve();
    harness = await new ConsoleHarness(nats).start({
      ESPALIER_APPROVALS: 'required',
      ESPALIER_APPROVER_REST_HOURS: '0',
    });
    [anna, bert] = [await hire('anna'), await hire('bert')];
    for (let n = 0; n < MACS; n += 1) {
      const mac = { udid: `UDID-${n}`, serial: `C02AA${n}`, name: `Mac ${n}` };
      for (const { contract, payload } of [enrolled(mac, 1_000), device(mac, 3_000)])
        await peer.messaging.publishOutboxMessage(eventMessage(contract, payload));
    }
    const settings = { required: true, threshold: 2, aloneCap: 5, hourlyCap: 1_000, expiryHours: 1 };
    await approved(await send('PUT', '/api/v1/approval-policies/large-deployment', settings));
    const made = await send('POST', '/api/v1/configuration-items', {
      content: { kind: 'profile', profile: mobileconfig().toString('base64') },
    });
    wifi = made.json.item;
    everybody = await collection('Everybody', { rules: [all] }, MACS);
    lab = await collection('Lab', { directResourceIds: [FIRST, FIRST + 1] }, 2);
  });
  afterAll(async () => {
    await harness.stop();
    await peer.messaging.drain(2_000);
    await nats.stop();
  });

  async function hire(name: string): Promise<string> {
    const { json } = await harness.admin<{ id: string }>('POST', '/api/v1/administrators', { name });
    const assignments = [{ roleId: 'full-administrator', collectionIds: null }];
    await harness.admin('PUT', `/api/v1/administrators/${json.id}/assignments`, { assignments });
    const token = { name, scopes: allApiScopes, administratorId: json.id };
    const first = await harness.admin<{ secret: string }>('POST', '/api/v1/tokens', token);
    return ownToken(first.json.secret, name);
  }
  async function ownToken(token: string, name: string): Promise<string> {
    const body = { name, scopes: allApiScopes };
    return (await harness.send<{ secret: string }>('POST', '/api/v1/tokens', { token, body })).json.secret;
  }
  const send = (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = why,
    token = anna,
  ): Promise<Answer<Body>> =>
    harness.send<Body>(method, path, { token, headers, ...(body !== undefined && { body }) });
  async function collection(name: string, definition: object, members: number): Promise<string> {
    const body = { kind: 'device', name, limitingId: 'SMS00001', ...definition };
    const { id } = (await send('POST', '/api/v1/collections', body)).json;
    const signal = AbortSignal.timeout(20_000);
    while ((await send('GET', `/api/v1/collections/${id}`)).json.memberCount !== members)
      await delay(50, undefined, { signal });
    return id;
  }
  /** Bert says yes; gives what came of it. */
  async function approved({ status, json }: Answer<Body>): Promise<Body> {
    expect(status).toBe(202);
    await send('POST', `/api/v1/approvals/${json.id}/approve`, {}, {}, bert);
    const signal = AbortSignal.timeout(10_000);
    for (;;) {
      const now = await send('GET', `/api/v1/approvals/${json.id}`);
      if (['completed', 'failed'].includes(now.json.state)) return now.json;
      await delay(10, undefined, { signal });
    }
  }
  const deploy = (thingKind: string, thingId: string, collectionId: string, token = anna) =>
    send('POST', '/api/v1/deployments', { thingKind, thingId, collectionId, intent: 'required' }, why, token);
  const held = (deviceCount: number) => ({ kind: 'large-deployment', state: 'needs-approval', deviceCount });
  const profile = (text: string) => mobileconfig({ identifier: wifi.identifier, text });

  it('deploys to few, with whatever token, and has all else wait', async () => {
    expect((await deploy('configuration-item', wifi.id, lab)).status).toBe(201);
    expect((await deploy('configuration-item', wifi.id, lab)).status).toBe(201);
    const third = await deploy('configuration-item', wifi.id, lab, await ownToken(anna, 'another of anna'));
    expect(third.status).toBe(202);
    expect(third.json).toMatchObject(held(2));
    expect(third.headers['location']).toBe(`/api/v1/approvals/${third.json.id}`);
    const large = await deploy('configuration-item', wifi.id, everybody);
    expect(large.json).toMatchObject(held(MACS));
    const { resultIds } = await approved(large);
    const path = `/api/v1/deployments/${resultIds[0]}`;
    for (const [method, body] of [
      ['PATCH', { priority: 2 }],
      ['PATCH', { enabled: false }],
      ['DELETE', undefined],
    ] as const)
      expect((await send(method, path, body)).json).toMatchObject(held(MACS));
    expect((await send('GET', path)).json).toMatchObject({ priority: 1, enabled: true, version: 1 });
  });

  it('changes nothing that is deployed to all: profiles, baselines, packages', async () => {
    const path = `/api/v1/configuration-items/${wifi.id}`;
    const change = { content: { kind: 'profile', profile: profile('evil').toString('base64') } };
    const without = await send('PATCH', path, change, {});
    expect(without.json).toMatchObject({ code: 'ESP_APPROVAL_REASON_MISSING' });
    const repeated = { ...why, 'idempotency-key': randomUUID(), 'if-match': '"1"' };
    const [first, again] = [
      await send('PATCH', path, change, repeated),
      await send('PATCH', path, change, repeated),
    ];
    // To everybody, and twice to the laboratory, which is a part of them.
    expect(first.json).toMatchObject(held(MACS));
    expect(again.json.id).toBe(first.json.id);
    expect(first.text).not.toContain('evil');
    const file = await harness.open('POST', `${path}/revisions/import`, {
      token: anna,
      headers: { ...why, 'content-type': 'application/x-apple-aspen-config' },
      body: profile('worse').toString(),
    });
    expect(file.statusCode).toBe(202);
    file.resume();
    expect((await send('PATCH', path, change, { ...why, 'if-match': '"9"' })).status).toBe(412);
    expect((await send('GET', path)).json.item.revision).toBe(1);
    expect(await approved(first)).toMatchObject({ state: 'completed', resultIds: [wifi.id] });
    expect((await send('GET', path)).json.item.revision).toBe(2);

    const members = [{ ciId: wifi.id, revision: null }];
    const { item } = (await send('POST', '/api/v1/baselines', { name: 'Standard', members })).json;
    await approved(await deploy('baseline', item.id, everybody));
    const pinned = { members: [{ ciId: wifi.id, revision: 1 }] };
    expect((await send('PATCH', `/api/v1/baselines/${item.id}`, pinned)).json).toMatchObject(held(MACS));

    const program = {
      name: 'Install',
      commandLine: 'installer -pkg installer.pkg -target /',
      runAs: 'root',
      minimumOsVersion: null,
      maximumMinutes: 10,
    };
    const definition = {
      publisher: 'Example',
      softwareVersion: '1',
      contentId: null,
      platforms: ['mac'],
      programs: [program],
    };
    const tools = await send('POST', '/api/v1/packages', { name: 'Tools', definition });
    expect(tools.status).toBe(201);
    await approved(await deploy('package', tools.json.item.id, everybody));
    const next = { definition: { ...definition, softwareVersion: '2' } };
    expect((await send('PATCH', `/api/v1/packages/${tools.json.item.id}`, next)).json).toMatchObject(
      held(MACS),
    );
    // A name, and what nobody has, is anybody's to change.
    expect((await send('PATCH', `/api/v1/packages/${tools.json.item.id}`, { name: 'Tools 2' })).status).toBe(
      200,
    );
  });

  it('runs a script on no devices that join the collection after a second person has looked at it', async () => {
    const settings = { required: true, threshold: 1, aloneCap: 5, hourlyCap: 100, expiryHours: 1 };
    await approved(await send('PUT', '/api/v1/approval-policies/run-script', settings));
    const script = await send('POST', '/api/v1/scripts', { name: 'x', language: 'zsh', text: 'echo x' });
    await send('POST', `/api/v1/scripts/${script.json.id}/approve`, {}, {}, bert);
    const few = await collection('Few', { directResourceIds: [FIRST, FIRST + 1] }, 2);
    const run = { collectionId: few };
    const asked = await send('POST', `/api/v1/scripts/${script.json.id}/run`, run);
    expect(asked.json).toMatchObject({ kind: 'run-script', state: 'needs-approval', deviceCount: 2 });
    // Nothing is deployed to it: nobody is asked when it grows.
    expect((await send('POST', `/api/v1/collections/${few}/rules`, all)).status).toBe(200);
    const { resultIds } = await approved(asked);
    const path = `/api/v1/client-operations/${resultIds[0]}`;
    const { jobId } = (await send('GET', path)).json as unknown as { jobId: string };
    const signal = AbortSignal.timeout(10_000);
    let job = (await send('GET', `/api/v1/jobs/${jobId}`)).json as unknown as Job;
    while (job.state !== 'succeeded') {
      await delay(20, undefined, { signal });
      job = (await send('GET', `/api/v1/jobs/${jobId}`)).json as unknown as Job;
    }
    expect(job.messages).toEqual([expect.stringContaining('was changed')]);
    const { tasks } = (await send('GET', path)).json as unknown as ClientOperation;
    expect(Object.values(tasks).reduce((sum, count) => sum + count, 0)).toBe(0);
  });

  it('does not grow what is deployed to few, on either door', async () => {
    const path = `/api/v1/collections/${lab}`;
    const { version } = (await send('GET', path)).json;
    const many = { resourceIds: Array.from({ length: 5 }, (_, n) => FIRST + 2 + n) };
    const definition = { name: 'Lab', limitingId: 'SMS00001', rules: [all] };
    expect((await send('PUT', path, definition)).json).toMatchObject(held(MACS - 2));
    expect((await send('POST', `${path}/rules`, all)).json).toMatchObject(held(MACS - 2));
    expect((await send('POST', `${path}/direct-rules`, many)).json).toMatchObject(held(5));
    const include = { kind: 'include', collectionId: everybody };
    expect((await send('POST', `${path}/rules`, include)).json).toMatchObject(held(MACS - 2));

    const wmi = `/AdminService/wmi/SMS_Collection('${lab}')`;
    const rule = {
      '@odata.type': '#AdminService.SMS_CollectionRuleQuery',
      RuleName: 'all',
      QueryExpression: all.query,
    };
    const add = `${wmi}/AdminService.AddMembershipRule`;
    const refused = await send('POST', add, { collectionRule: rule }, {});
    expect(refused.status).toBe(400);
    expect(refused.json.error.innererror.code).toBe('ESP_APPROVAL_REASON_MISSING');
    const asked = await send('POST', add, { collectionRule: rule });
    expect(asked.status).toBe(202);
    expect(asked.headers['location']).toBe(`/api/v1/approvals/${asked.json.ApprovalId}`);
    const patched = await send('PATCH', wmi, { CollectionRules: [rule] });
    expect(patched.status).toBe(202);
    expect((await send('GET', path)).json).toMatchObject({ version, rules: [], memberCount: 2 });
    // Ending what one has, and deleting it, is no way around either.
    expect((await send('DELETE', path)).json.code).toBe('ESP_COLLECTION_IN_USE');
    const done = await approved({ ...asked, json: { ...asked.json, id: asked.json.ApprovalId } });
    expect(done).toMatchObject({ state: 'completed', resultIds: [lab] });
    expect((await send('GET', path)).json.rules).toMatchObject([{ kind: 'query' }]);
  });
});
