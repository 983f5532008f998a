import { testCertificate } from '@espalier/testing';
import { Edge } from './edge.fixture.js';
import { rawRequest, rawText, type RawReply } from './raw.fixture.js';

interface Seen {
  readonly headers: Record<string, string>;
  readonly query: [string, string][];
  readonly certificate?: string;
  readonly verify: string;
  readonly remote: string;
}

const get = (fields: string[]): string => rawText('GET /mdm/seen HTTP/1.1', fields);

function seenBy(reply: RawReply): Seen {
  expect(reply.status).toBe(200);
  return JSON.parse(reply.text.slice(reply.text.indexOf('\r\n\r\n') + 4)) as Seen;
}

describe('what a device sends', () => {
  let edge: Edge;
  const mac = testCertificate('mac');

  beforeAll(async () => {
    edge = await Edge.start();
    edge.inside();
    await edge.up();
  });
  afterAll(() => edge.stop());

  it('cannot pose as a header that the edge sets', async () => {
    const forged = [
      'Client-Cert: :Zm9yZ2Vk:',
      'client-cert: :Zm9yZ2Vk:',
      'Client_Cert: :Zm9yZ2Vk:',
      'Client-Cert-Chain: :Zm9yZ2Vk:',
      'X-Client-Cert: forged',
      'X-SSL-Client-Cert: forged',
      'X-Forwarded-For: 6.6.6.6',
      'X-Forwarded-Proto: forged',
      'Forwarded: for=6.6.6.6',
      'X-Real-IP: 6.6.6.6',
      'PMM-Client-Verify: ok',
      'pmm-request-id: forged',
      'pmm-anything: forged',
      'Cookie: forged=1',
      'TE: gzip',
      'Upgrade: forged',
      'Proxy-Authorization: forged',
    ];
    const without = seenBy(await rawRequest(edge, get(forged)));
    expect(without.certificate).toBeUndefined();
    expect(without.verify).toBe('none');
    expect(without.remote).toBe('127.0.0.1');
    expect(JSON.stringify(without)).not.toMatch(/forged|6\.6\.6\.6|Zm9yZ2Vk/);
    const names = Object.keys(without.headers).sort();
    expect(names).toEqual(
      [
        ':authority',
        ':method',
        ':path',
        ':scheme',
        'pmm-client-verify',
        'pmm-request-id',
        'x-forwarded-for',
      ].sort(),
    );

    const withOwn = seenBy(await rawRequest(edge, get(forged), { identity: mac }));
    expect(withOwn.certificate).toBe(mac.der.toString('base64'));
    expect(withOwn.verify).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(JSON.stringify(withOwn)).not.toMatch(/forged|6\.6\.6\.6|Zm9yZ2Vk/);
  });

  it('reaches the inside where it is meant to, untouched', async () => {
    const { headers, query } = seenBy(
      await rawRequest(
        edge,
        rawText('GET /mdm/seen?a=1&b=%2f%20x&a=2 HTTP/1.1', [
          'User-Agent: MDM/1.0 (Mac)',
          'Mdm-Signature: MIIabc+/=',
          'If-None-Match: "x, y"',
          'Accept-Language: de',
        ]),
      ),
    );
    expect(headers).toMatchObject({
      'user-agent': 'MDM/1.0 (Mac)',
      'mdm-signature': 'MIIabc+/=',
      'if-none-match': '"x, y"',
      'accept-language': 'de',
    });
    expect(query).toEqual([
      ['a', '1'],
      ['b', '/ x'],
      ['a', '2'],
    ]);
  });

  it('loses what Connection names, whatever it is', async () => {
    const { headers } = seenBy(
      await rawRequest(
        edge,
        get(['Connection: close, mdm-signature, x-forwarded-for, host', 'Mdm-Signature: MII']),
      ),
    );
    expect(headers['mdm-signature']).toBeUndefined();
    expect(headers['x-forwarded-for']).toBe('127.0.0.1');
  });

  it.each<[string, string]>([
    ['two hosts', get(['Host: a', 'Host: b'])],
    ['no host', 'GET /mdm/seen HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['a header twice that counts', get(['Mdm-Signature: a', 'Mdm-Signature: b'])],
    ['bytes outside ASCII', get(['User-Agent: \xe9'])],
    [
      'both lengths',
      rawText('PUT /mdm/echo/x HTTP/1.1', ['Content-Length: 3', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
    ],
    ['two lengths', rawText('PUT /mdm/echo/x HTTP/1.1', ['Content-Length: 3', 'Content-Length: 4'], 'abc')],
    ['a length that is no number', rawText('PUT /mdm/echo/x HTTP/1.1', ['Content-Length: 3x'], 'abc')],
    [
      'another transfer-encoding',
      rawText('PUT /mdm/echo/x HTTP/1.1', ['Transfer-Encoding: xchunked'], 'abc'),
    ],
    [
      'a list of transfer-encodings',
      rawText('PUT /mdm/echo/x HTTP/1.1', ['Transfer-Encoding: gzip, chunked'], '0\r\n\r\n'),
    ],
    ['a folded header', get(['User-Agent: a', ' Client-Cert: :AA==:'])],
    ['a space before the colon', get(['Client-Cert : :AA==:'])],
    ['a bare line feed', 'GET /mdm/seen HTTP/1.1\nHost: a\n\n'],
    ['an absolute target', rawText('GET https://other/mdm/seen HTTP/1.1')],
    ['an asterisk', rawText('OPTIONS * HTTP/1.1')],
    ['a fragment', rawText('GET /mdm/seen#x HTTP/1.1')],
    ['a double slash', rawText('GET //mdm/seen HTTP/1.1')],
    ['a dot segment', rawText('GET /mdm/x/../seen HTTP/1.1')],
    ['an escaped dot segment', rawText('GET /mdm/%2e%2e/seen HTTP/1.1')],
    ['an escaped slash', rawText('GET /mdm%2fseen HTTP/1.1')],
    ['an escaped backslash', rawText('GET /mdm%5cseen HTTP/1.1')],
    ['an escaped NUL', rawText('GET /mdm/seen%00 HTTP/1.1')],
    ['an escape of an escape', rawText('GET /mdm/%252e%252e/seen HTTP/1.1')],
    ['a path parameter', rawText('GET /mdm/..;/seen HTTP/1.1')],
    ['half an escape', rawText('GET /mdm/seen%2 HTTP/1.1')],
  ])('is refused with 400 where it has %s', async (_what, bytes) => {
    const { status, text } = await rawRequest(edge, bytes);
    expect(status).toBe(400);
    expect(text).toMatch(/pmm-error-source: dmz/i);
    expect(text).toContain('"code":"ESP_DMZ_BAD_REQUEST"');
  });

  it.each<[string, string, number]>([
    ['an unknown path', rawText('GET /nothing HTTP/1.1'), 404],
    ['a path beside a known one', rawText('GET /mdm/seen/more HTTP/1.1'), 404],
    ['the path in other letters', rawText('GET /MDM/seen HTTP/1.1'), 404],
    ['the path escaped', rawText('GET /%6ddm/seen HTTP/1.1'), 404],
    ["the link's own paths", rawText('POST /.link/v1/hello HTTP/1.1', ['Content-Length: 0']), 404],
    ['a service that is not connected', rawText('GET /ibcm/x HTTP/1.1'), 503],
    ['another method', rawText('PUT /mdm/seen HTTP/1.1', ['Content-Length: 0']), 405],
    ['HTTP/1.0, whose answers can be cut unseen', rawText('GET /mdm/seen HTTP/1.0'), 505],
    ['too large headers', get([`User-Agent: ${'x'.repeat(20_000)}`]), 431],
    [
      'a body above the limit of the route',
      rawText('PUT /mdm/echo/x HTTP/1.1', ['Content-Length: 2000000']),
      413,
    ],
    ['a route that needs a certificate, without one', rawText('GET /mdm/certificate-only HTTP/1.1'), 403],
  ])('%s: the edge answers for itself, marked', async (_what, bytes, expected) => {
    const { status, text } = await rawRequest(edge, bytes);
    expect(status).toBe(expected);
    expect(text).toMatch(/pmm-error-source: dmz/i);
    expect(/retry-after/i.test(text)).toBe(expected === 503);
  });

  it('more than 100 headers are refused, and the link stays', async () => {
    const { status } = await rawRequest(edge, get(Array.from({ length: 120 }, (_, n) => `X-${n}: 1`)));
    expect(status).toBe(400);
    expect(edge.proxy.registry.links.size).toBe(1);
  });

  it('a request behind another in one packet is a request of its own, not part of the first', async () => {
    const { text } = await rawRequest(edge, [
      `GET /mdm/small HTTP/1.1\r\nHost: a\r\n\r\n${rawText('GET /nothing HTTP/1.1')}`,
    ]);
    expect(text.match(/HTTP\/1\.1 (\d+)/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404']);
  });
});

describe('what the inside answers', () => {
  let edge: Edge;
  beforeAll(async () => {
    edge = await Edge.start();
    edge.inside();
    await edge.up();
  });
  afterAll(() => edge.stop());

  it('never reaches a device as 401', async () => {
    const reply = await edge.device('/mdm/unauthorized');
    expect(reply.status).toBe(403);
    expect(reply.complete).toBe(true);
  });

  it('has only headers that devices need, and cannot pose as the edge', async () => {
    const { headers } = await edge.device('/mdm/seen');
    expect(headers['pmm-error-source']).toBeUndefined();
    expect(headers['x-hidden']).toBeUndefined();
    expect(headers['content-type']).toBe('application/json');
  });

  it('shows an errorId and nothing else of an unexpected error', async () => {
    const reply = await edge.device('/mdm/throws');
    expect(reply.status).toBe(500);
    expect(reply.body.toString()).not.toContain('secret');
    expect(JSON.parse(reply.body.toString())).toMatchObject({
      code: 'ESP_INTERNAL',
      errorId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });
  });

  it('is 504 from the edge where it does not come', async () => {
    const reply = await edge.device('/mdm/never');
    expect(reply.status).toBe(504);
    expect(reply.headers['pmm-error-source']).toBe('dmz');
  });

  it('has no body for HEAD, and the length that GET would have', async () => {
    const reply = await edge.device('/mdm/small', { method: 'HEAD' });
    expect(reply).toMatchObject({ status: 200, complete: true });
    expect(reply.body.length).toBe(0);
    expect(reply.headers['content-length']).toBe('512');
  });

  it('comes whole, however large, both ways', async () => {
    const body = Buffer.alloc(5_000_000, 'abc');
    const chunked = { 'transfer-encoding': 'chunked' };
    for (const headers of [{ 'content-length': String(body.length) }, chunked]) {
      const reply = await edge.device('/mdm/mirror/x', { method: 'PUT', headers, body });
      expect(reply.complete).toBe(true);
      expect(reply.body.equals(body)).toBe(true);
    }
    expect((await edge.device('/mdm/large')).body.length).toBe(256 * 64 * 1024);
  });
});
