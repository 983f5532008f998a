import { connect, type ClientHttp2Session, type OutgoingHttpHeaders } from 'node:http2';

import { startAppleSim, type AppleSim } from '../apple-sim.js';
import { createDevCa, type PemPair } from '../pki/dev-pki.js';

const TOPIC = 'com.apple.mgmt.External.6b1f6c1e-3d5a-4a8e-8f0e-6f1f0e2d3c4b';
const BODY = '{"mdm":"magic"}';

let sim: AppleSim;
let pair: PemPair;
let session: ClientHttp2Session;

interface Reply {
  readonly status: number | undefined;
  readonly id: string | undefined;
  readonly body: string;
}

function dial(to: AppleSim, credentials?: PemPair): ClientHttp2Session {
  const client = connect(to.apnsUrl, {
    ca: to.ca,
    ...(credentials && { cert: credentials.certificate, key: credentials.key }),
  });
  client.on('error', () => undefined);
  return client;
}

function post(headers: OutgoingHttpHeaders, body: string | Buffer = BODY, over = session): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const stream = over.request({ ':method': 'POST', ...headers });
    let reply: Omit<Reply, 'body'> = { status: undefined, id: undefined };
    let text = '';
    stream.on('response', (answer) => {
      reply = { status: answer[':status'], id: answer['apns-id']?.toString() };
    });
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    stream.on('error', reject);
    stream.on('close', () => resolve({ ...reply, body: text }));
    stream.end(body);
  });
}

const reasonOf = async (reply: Promise<Reply>): Promise<string> => {
  const { status, body } = await reply;
  return `${status} ${(JSON.parse(body) as { reason: string }).reason}`;
};

beforeAll(async () => {
  sim = await startAppleSim();
  pair = sim.issuePushCertificate(TOPIC);
  session = dial(sim, pair);
});

afterAll(async () => {
  session.close();
  await sim.close();
});

describe('what the APNs stand-in refuses', () => {
  const token = 'ab'.repeat(32);
  const path = { ':path': `/3/device/${token}` };
  const cases: [string, OutgoingHttpHeaders, (string | Buffer)?][] = [
    ['405 MethodNotAllowed', { ...path, ':method': 'PUT' }],
    ['404 BadPath', { ':path': '/2/device/ab' }],
    ['400 MissingDeviceToken', { ':path': '/3/device/' }],
    ['400 BadDeviceToken', path],
    ['400 BadDeviceToken', { ':path': '/3/device/zz' }],
    ['400 BadDeviceToken', { ':path': `/3/device/${token}ab` }],
    ['400 BadTopic', { ...path, 'apns-topic': 'com.apple.mgmt.External.other' }],
    ['400 InvalidPushType', { ...path, 'apns-push-type': 'alert' }],
    ['400 BadPriority', { ...path, 'apns-priority': '7' }],
    ['400 BadExpirationDate', { ...path, 'apns-expiration': 'tomorrow' }],
    ['400 BadMessageId', { ...path, 'apns-id': '1' }],
    ['400 BadCollapseId', { ...path, 'apns-collapse-id': 'x'.repeat(65) }],
    ['400 PayloadEmpty', path, ''],
    ['400 PayloadEmpty', path, '{"aps":{}}'],
    ['400 PayloadEmpty', path, '{"mdm":"x","aps":{}}'],
    ['413 PayloadTooLarge', path, JSON.stringify({ mdm: 'x'.repeat(4096) })],
    ['413 PayloadTooLarge', path, Buffer.alloc(40_000, 'x')],
  ];

  it.each(cases)('%s (%j)', async (...[expected, headers, body]) => {
    expect(await reasonOf(post(headers, body))).toBe(expected);
  });

  it('403 without a client certificate, and with one of a stranger or one that has expired', async () => {
    const elsewhere = await startAppleSim({ ca: createDevCa(new Date()) });
    const bad: [string, PemPair | undefined][] = [
      ['403 MissingProviderToken', undefined],
      ['403 BadCertificate', elsewhere.issuePushCertificate(TOPIC)],
    ];
    await elsewhere.close();
    const old = await startAppleSim({
      ca: createDevCa(new Date(Date.now() - 40 * 24 * 3600_000)),
      serverCertificate: sim.issuePushCertificate('unused'),
      now: () => new Date(Date.now() - 30 * 24 * 3600_000),
    });
    const judge = await startAppleSim({ clientCa: old.ca });
    const expired = old.issuePushCertificate(TOPIC, 1);
    await old.close();
    for (const [expected, credentials] of bad) {
      const client = dial(sim, credentials);
      expect(await reasonOf(post(path, BODY, client))).toBe(expected);
      client.close();
    }
    const late = dial(judge, expired);
    expect(await reasonOf(post(path, BODY, late))).toBe('403 BadCertificate');
    late.close();
    await judge.close();
  });

  it('410 with the time for an unregistered token, until it is registered again', async () => {
    const device = sim.apns.issueToken(TOPIC);
    sim.apns.unregister(device, new Date(1_700_000_000_000));
    const reply = await post({ ':path': `/3/device/${device}` });
    expect(reply).toMatchObject({ status: 410 });
    expect(JSON.parse(reply.body)).toEqual({ reason: 'Unregistered', timestamp: 1_700_000_000_000 });
    await fetch(`${sim.deviceUrl}/devices/tokens`, {
      method: 'POST',
      body: JSON.stringify({ topic: TOPIC, token: device }),
    });
    expect(await post({ ':path': `/3/device/${device}` })).toMatchObject({ status: 200 });
  });
});

describe('what it accepts', () => {
  it('answers 200 without a body and returns the sender’s apns-id', async () => {
    const path = `/3/device/${sim.apns.issueToken(TOPIC).toUpperCase()}`;
    const id = '0D1F2E3C-4B5A-4978-8796-A5B4C3D2E1F0';
    const headers = { ':path': path, 'apns-topic': TOPIC, 'apns-push-type': 'mdm' };
    expect(await post({ ...headers, 'apns-id': id })).toEqual({ status: 200, id, body: '' });
    expect((await post(headers)).id).toMatch(/^[0-9A-F-]{36}$/);
  });
});

describe('faults over the admin API', () => {
  const admin = async (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${sim.adminUrl}${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });

  it('hits the pushes of one token, as often as asked', async () => {
    const [target, bystander] = [sim.apns.issueToken(TOPIC), sim.apns.issueToken(TOPIC)];
    const action = { kind: 'answer', status: 429, reason: 'TooManyRequests' };
    expect((await admin('POST', '/apns/faults', { token: target, count: 2, action })).status).toBe(200);
    const statuses = [];
    for (const token of [bystander, target, target, target]) {
      statuses.push((await post({ ':path': `/3/device/${token}` })).status);
    }
    expect(statuses).toEqual([200, 429, 429, 200]);
    expect(await (await admin('GET', '/apns/faults')).json()).toEqual([]);
  });

  it('refuses a fault that makes no sense, and can take one back', async () => {
    const bad = await admin('POST', '/apns/faults', { action: { kind: 'answer', status: 200, reason: 'x' } });
    expect(bad.status).toBe(400);
    expect(await bad.text()).toContain('action.status');
    const set = await admin('POST', '/apns/faults', { count: 'always', action: { kind: 'stall' } });
    const { id } = (await set.json()) as { id: number };
    expect((await admin('DELETE', `/apns/faults/${id}`)).status).toBe(200);
    expect((await admin('DELETE', `/apns/faults/${id}`)).status).toBe(404);
    expect((await admin('GET', '/nowhere')).status).toBe(404);
    expect((await admin('DELETE', '/apns/status')).status).toBe(405);
  });

  it('says goodbye with a JSON reason on every connection', async () => {
    const client = dial(sim, pair);
    expect(await post({ ':path': '/3/device/' }, BODY, client)).toMatchObject({ status: 400 });
    const goodbye = new Promise((resolve) => {
      client.on('goaway', (code, _last, data) =>
        resolve({ code, data: data && Buffer.from(data).toString() }),
      );
    });
    await admin('POST', '/apns/goaway', { reason: 'Shutdown' });
    expect(await goodbye).toEqual({ code: 0, data: '{"reason":"Shutdown"}' });
    session.close();
    session = dial(sim, pair);
  });

  it('issues a push certificate that works', async () => {
    const issued = (await (await admin('POST', '/push-certificates', { topic: TOPIC })).json()) as PemPair;
    const client = dial(sim, issued);
    const path = `/3/device/${sim.apns.issueToken(TOPIC)}`;
    expect(await post({ ':path': path }, BODY, client)).toMatchObject({ status: 200 });
    client.close();
    expect(await (await admin('GET', '/ca.pem')).text()).toBe(sim.ca);
  });
});
