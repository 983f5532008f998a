import { once } from 'node:events';
import { Readable } from 'node:stream';
import { commonErrors, EspalierError } from '@espalier/contracts';
import { dmzHeaders, encodeClientCert, type DmzSession } from '@espalier/link';
import { testCertificate } from '@espalier/testing';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { DeviceRequest, DeviceResponse, DeviceRoute } from './dispatch/device-route.js';
import { DmzLink, type DmzLinkOptions } from './dmz-link.js';
import { BareDmz, dmzIdentity, ourIdentity, send } from './dmz.fixture.js';

const lines: Record<string, unknown>[] = [];
const logger = pino(
  { level: 'info' },
  { write: (line: string) => void lines.push(JSON.parse(line) as never) },
);

let handle: (request: DeviceRequest) => Promise<DeviceResponse>;
const route = (prefix: string, more: Partial<DeviceRoute> = {}): DeviceRoute => ({
  id: `route${prefix.replaceAll('/', '-')}`,
  prefix,
  methods: ['GET', 'HEAD', 'PUT'],
  auth: 'none',
  maxBody: 1_000,
  timeoutMs: 1_000,
  retry: 'never',
  handle: (request) => handle(request),
  ...more,
});

function makeLink(port: number, options: Partial<DmzLinkOptions> = {}): DmzLink {
  return new DmzLink({
    targets: [{ id: 'dmz-0', host: '127.0.0.1', port }],
    identity: ourIdentity,
    peerPins: [{ certificate: dmzIdentity.certificate, status: 'active' }],
    service: 'mdm',
    site: 'S01',
    replica: 'mdm-0',
    slots: 1,
    routes: [route('/x/'), route('/cert', { auth: 'cert' })],
    logger,
    random: () => 0.01,
    ...options,
  });
}

describe('the inside end of the link', () => {
  let dmz: BareDmz;
  let link: DmzLink;
  let session: DmzSession;
  const metrics = new Registry();

  beforeAll(async () => {
    dmz = await BareDmz.start();
    link = makeLink(dmz.port, { metrics });
    link.start();
    session = await dmz.session();
  });
  beforeEach(() => {
    lines.length = 0;
  });
  afterAll(async () => {
    await link.close();
    dmz.stop();
  });

  const ask = (headers: Record<string, string>, body?: string) =>
    send(session, { ':method': 'PUT', ':path': '/x/1', ...headers }, body).reply;

  it('gives handlers what the DMZ knows of a request', async () => {
    const mac = testCertificate('mac');
    let seen: DeviceRequest | undefined;
    handle = async (request) => {
      seen = request;
      return {
        status: 200,
        headers: { 'Content-Type': 'text/plain' },
        body: (await request.body()).toString('hex'),
      };
    };
    const reply = await ask(
      {
        ':path': '/x/a%20b?q=1&q=2',
        'content-length': '3',
        [dmzHeaders.clientCert]: encodeClientCert(mac.der),
        [dmzHeaders.clientVerify]: 'ok',
        [dmzHeaders.forwardedFor]: '192.0.2.7',
        [dmzHeaders.requestId]: 'abc',
      },
      'xyz',
    );
    expect(reply).toMatchObject({ status: 200, body: '78797a', headers: { 'content-type': 'text/plain' } });
    expect(seen).toMatchObject({
      method: 'PUT',
      path: '/x/a%20b',
      clientVerify: 'ok',
      remoteAddress: '192.0.2.7',
      requestId: 'abc',
    });
    expect(seen?.query.getAll('q')).toEqual(['1', '2']);
    expect(seen?.clientCertificate?.equals(mac.der)).toBe(true);
    expect(seen?.headers['content-length']).toBe('3');
  });

  it.each<[string, DeviceResponse, Record<string, unknown>]>([
    [
      'a string',
      { status: 200, body: 'grün' },
      { status: 200, body: 'grün', headers: { 'content-length': '5' } },
    ],
    ['bytes', { status: 201, body: Buffer.from('abc') }, { status: 201, body: 'abc' }],
    ['nothing', { status: 200 }, { status: 200, body: '', headers: { 'content-length': '0' } }],
    ['204', { status: 204 }, { status: 204, body: '' }],
    ['a stream', { status: 200, body: Readable.from(['a', Buffer.from('b')]) }, { status: 200, body: 'ab' }],
    ['401, on which a Mac unenrols', { status: 401, body: 'no' }, { status: 403, body: 'no' }],
  ])('sends what a handler answers: %s', async (_what, answer, expected) => {
    handle = () => Promise.resolve(answer);
    expect(await send(session, { ':method': 'GET', ':path': '/x/1' }).reply).toMatchObject(expected);
  });

  it.each<[string, () => Error, number, string]>([
    [
      'an error of ours',
      () => commonErrors.ESP_NOT_FOUND({ detail: 'no such enrolment' }),
      404,
      'ESP_NOT_FOUND',
    ],
    [
      'an error of ours that would be 401',
      () => new EspalierError('ESP_X', { status: 401, level: 'info', title: 'x' }),
      403,
      'ESP_X',
    ],
    ['any other error', () => new Error('the password is hunter2'), 500, 'ESP_INTERNAL'],
    ['a mistake in a header', () => new TypeError('x'), 500, 'ESP_INTERNAL'],
  ])('maps what a handler throws: %s', async (_what, make, status, code) => {
    handle = () => Promise.reject(make());
    const reply = await ask({ 'content-length': '0' }, '');
    expect(reply.status).toBe(status);
    const body = JSON.parse(reply.body) as Record<string, unknown>;
    expect(body).toMatchObject({ code, status });
    expect(reply.body).not.toContain('hunter2');
    if (status === 500) expect(lines).toContainEqual(expect.objectContaining({ errorId: body['errorId'] }));
  });

  it('does not send a header that would be dropped on the way, or end the link', async () => {
    for (const headers of [{ 'x-a': 'a\r\nb: c' }, { 'x-a': 'x'.repeat(40_000) }]) {
      handle = () => Promise.resolve({ status: 200, headers });
      expect((await ask({ 'content-length': '0' }, '')).status).toBe(500);
    }
    expect(link.state().healthy).toBe(true);
  });

  it('holds to its limits whatever the DMZ lets through', async () => {
    handle = async (request) => ({ status: 200, body: await request.body() });
    const large = 'x'.repeat(2_000);
    expect((await ask({ 'content-length': '2000' }, large)).status).toBe(413);
    expect(await ask({}, large)).toMatchObject({ status: 413 });
    expect((await ask({ ':path': '/cert', 'content-length': '0' }, '')).status).toBe(403);
    expect((await ask({ ':path': '/other', 'content-length': '0' }, '')).status).toBe(404);
    const method = await ask({ ':method': 'DELETE', 'content-length': '0' }, '');
    expect(method).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD, PUT' } });
    handle = (request) => Promise.resolve({ status: 200, body: String(request.clientCertificate) });
    expect((await ask({ [dmzHeaders.clientCert]: 'nonsense', 'content-length': '0' }, '')).status).toBe(400);
  });

  it('a body without length or trailer is not whole: 400', async () => {
    handle = async (request) => ({ status: 200, body: await request.body() });
    expect((await ask({}, 'abc')).status).toBe(400);
  });

  it('tells a handler that its device is gone', async () => {
    const aborted = Promise.withResolvers<unknown>();
    const started = Promise.withResolvers<void>();
    handle = (request) => {
      request.signal.addEventListener('abort', () => aborted.resolve(request.signal.reason));
      started.resolve();
      return new Promise(() => undefined);
    };
    const { stream, reply } = send(session, { ':method': 'GET', ':path': '/x/1' });
    reply.catch(() => undefined);
    await started.promise;
    stream.destroy(new Error('gone'));
    expect(await aborted.promise).toMatchObject({ message: 'the device is gone' });
  });

  it('does not tell so after an answer', async () => {
    let signal: AbortSignal | undefined;
    handle = (request) => {
      ({ signal } = request);
      return Promise.resolve({ status: 200, body: 'ok' });
    };
    const { stream, reply } = send(session, { ':method': 'GET', ':path': '/x/1' });
    await reply;
    if (!stream.closed) await once(stream, 'close');
    expect(signal?.aborted).toBe(false);
  });

  it('counts', async () => {
    const text = await metrics.metrics();
    expect(text).toContain('link_up{dmz="dmz-0"} 1');
    expect(text).toMatch(/device_request_seconds_count\{route="route-x-",status="2xx"\} \d/);
    expect(text).toMatch(/pin_expiry_seconds 8\d{4}/);
  });

  it('dials again when a link is lost', async () => {
    const lost = session;
    const next = dmz.session();
    await lost.close();
    session = await next;
    handle = () => Promise.resolve({ status: 200, body: 'back' });
    expect((await send(session, { ':method': 'GET', ':path': '/x/1' }).reply).body).toBe('back');
    expect(await metrics.getSingleMetricAsString('link_reconnects_total')).toContain('reason="closed"');
  });
});

describe('a link that cannot work', () => {
  it.each<[string, Partial<DmzLinkOptions>, RegExp]>([
    ['no pin', { peerPins: [] }, /1 to 3 pins/],
    ['a bad certificate', { identity: { certificate: 'x', key: 'y' } }, /our own certificate/],
    ['a route that is no path', { routes: [route('x')] }, /prefix/],
    ['two routes for the same', { routes: [route('/x'), route('/x')] }, /two routes claim GET \/x/],
  ])('is refused where it is made: %s', (_what, options, message) => {
    expect(() => makeLink(1, options)).toThrow(message);
  });

  it('to a DMZ that is not there: not healthy, says why, closes at once', async () => {
    const link = makeLink(1);
    link.start();
    const end = performance.now() + 5_000;
    while (link.state().targets[0]?.lastError === undefined && performance.now() < end)
      await new Promise((done) => setTimeout(done, 5));
    expect(link.state()).toMatchObject({ healthy: false, inFlight: 0, targets: [{ up: 0, wanted: 1 }] });
    expect(link.state().targets[0]?.lastError).toContain('ECONNREFUSED');
    await link.close();
  });

  it('to a DMZ that shows another certificate: counted, no crash', async () => {
    const dmz = await BareDmz.start();
    const metrics = new Registry();
    const stranger = testCertificate('dmz');
    const link = makeLink(dmz.port, {
      metrics,
      peerPins: [{ certificate: stranger.certificate, status: 'active' }],
    });
    link.start();
    const end = performance.now() + 5_000;
    while (link.state().targets[0]?.lastError === undefined && performance.now() < end)
      await new Promise((done) => setTimeout(done, 5));
    expect(await metrics.getSingleMetricAsString('pin_mismatch_total')).toContain(
      'reason="wrong_certificate"',
    );
    await link.close();
    dmz.stop();
    expect(dmz.sessions).toEqual([]);
  });
});
