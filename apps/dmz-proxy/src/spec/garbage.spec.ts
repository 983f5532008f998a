import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { Edge } from './edge.fixture.js';
import { rawRequest, rawText } from './raw.fixture.js';

describe('garbage on the device port', () => {
  let edge: Edge;
  beforeAll(async () => {
    edge = await Edge.start();
    edge.inside();
    await edge.up();
  });
  afterEach(async () => {
    const { status } = await edge.device('/mdm/small');
    if (status !== 200 || edge.proxy.registry.links.size !== 1) throw new Error('the edge did not survive');
  });
  afterAll(() => edge.stop());

  it('bytes that are no TLS: counted, closed', async () => {
    for (let round = 0; round < 20; round += 1) {
      const socket = connect(edge.proxy.devicePort, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.end(randomBytes(round * 40));
      socket.resume();
      await once(socket, 'close');
    }
    expect(await edge.metric('device_handshakes_total', { result: 'failed' })).toBeGreaterThanOrEqual(19);
  });

  it('bytes that are no HTTP: 400 with a clear body, never 401', async () => {
    for (let round = 0; round < 20; round += 1) {
      const { status, text } = await rawRequest(
        edge,
        Buffer.concat([Buffer.from([0x80 + round]), randomBytes(200)]),
      );
      expect(status).toBe(400);
      expect(text).toContain('It is not HTTP/1.1.');
    }
  });

  it('bodies that are garbage reach the handler as they are', async () => {
    for (const body of [
      randomBytes(5_000),
      Buffer.from('<plist><dict><key>'),
      Buffer.from('<a>'.repeat(20_000)),
    ]) {
      const reply = await edge.device('/mdm/echo/x', { method: 'PUT', body });
      expect(reply.status).toBe(200);
      expect(reply.body.equals(body)).toBe(true);
    }
  });

  it('a chunked body with a broken chunk: 400, the handler never sees it', async () => {
    const { status } = await rawRequest(
      edge,
      rawText('PUT /mdm/echo/x HTTP/1.1', ['Transfer-Encoding: chunked'], '5\r\nhello\r\nzz\r\n'),
    );
    expect(status).toBe(400);
  });

  it('a body that stops short of its length: the handler never sees it', async () => {
    const { status } = await rawRequest(
      edge,
      rawText('PUT /mdm/echo/x HTTP/1.1', ['Content-Length: 100'], 'short'),
      { waitMs: 200 },
    );
    expect(status).toBe(0);
    expect(await edge.metric('link_streams')).toBe(0);
  });

  it.each([
    ['declared', { 'content-length': String(100 * 1024 * 1024) }],
    ['chunked', { 'transfer-encoding': 'chunked' }],
  ])('100 MB, %s, where 1 MB is allowed: 413 with a clear body, memory flat', async (_kind, headers) => {
    const chunk = Buffer.alloc(1024 * 1024);
    const before = process.memoryUsage().rss;
    let most = before;
    async function* hundredMegabytes(): AsyncGenerator<Buffer> {
      for (let index = 0; index < 100; index += 1) {
        most = Math.max(most, process.memoryUsage().rss);
        yield chunk;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const reply = await edge.device('/mdm/echo/x', {
      method: 'PUT',
      headers,
      body: Readable.from(hundredMegabytes()),
    });
    expect(reply.status).toBe(413);
    expect(JSON.parse(reply.body.toString())).toMatchObject({ code: 'ESP_DMZ_TOO_LARGE' });
    expect(most - before).toBeLessThan(80 * 1024 * 1024);
  });

  it('a client that waits for 100 Continue is told before it sends anything', async () => {
    const refused = await rawRequest(
      edge,
      rawText('PUT /mdm/echo/x HTTP/1.1', ['Content-Length: 2000000', 'Expect: 100-continue']),
    );
    expect(refused.status).toBe(413);
    const taken = await rawRequest(
      edge,
      rawText('PUT /mdm/echo/x HTTP/1.1', ['Content-Length: 3', 'Expect: 100-continue'], 'abc'),
    );
    expect(taken.text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
  });
});
