import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Controller, Get, Module, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { startNest } from './index.js';
import { held, Orchard, OrchardModule } from './orchard.fixture.js';

@Controller()
class BackDoorController {
  @Get('/back-door')
  open(@Req() _request: FastifyRequest): string {
    return 'come in';
  }
}
@Module({ controllers: [BackDoorController] })
// oxlint-disable-next-line typescript/no-extraneous-class -- Nest knows a module by its class.
class BackDoorModule {}

describe('an endpoint', () => {
  let orchard: Orchard;
  beforeAll(async () => {
    orchard = await new Orchard().start({
      rewriteUrl: (url) => (/^\/+graft/i.test(url) ? '/graft' : url),
    });
  });
  afterAll(() => orchard.stop());

  it('is found by a path that no router could read, which the log has as it was sent', async () => {
    for (const path of ['/graft', '//GRAFT/%ZZ(1)', "/Graft('a/b')?x=secret"]) {
      const { status, json, headers } = await orchard.send('GET', path);
      expect([status, json]).toEqual([404, { trouble: { status: 404, code: 'ESP_NOT_FOUND' } }]);
      expect(headers['content-type']).toBe('application/json');
    }
    const paths = orchard.lines.filter(({ msg }) => msg === 'request').map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['//GRAFT/%ZZ(1)', "/Graft('a/b')"]));
  });

  it('gives its handler what its schemas let through, with defaults', async () => {
    const answer = await orchard.pick({ kind: 'Boskoop' });
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({ id: '0189f7ea-7b6c-7a0a-8b5e-3a0d8f3f3c11', basket: 1, kind: 'Boskoop' });
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('names every field that is wrong or unknown, wherever it stands', async () => {
    const body = { kind: 'x', tree: { row: 1, hidden: true }, colour: 'red' };
    const answer = await orchard.pick(body, '/orchards/7/apples?basket=none&bag=1');
    expect(answer.status).toBe(400);
    expect(answer.json.code).toBe('ESP_BAD_REQUEST');
    expect(Object.keys(answer.json.fields ?? {}).toSorted()).toEqual([
      'bag',
      'basket',
      'colour',
      'id',
      'kind',
      'tree.hidden',
    ]);
    expect(answer.json.fields).toMatchObject({
      bag: 'is not known here',
      basket: 'must be a number',
      id: expect.stringMatching(/^must /),
    });
    expect(answer.json.detail).toMatch(/^id must be a UUID, .* colour is not known here\.$/);
  });

  it('asks the gate before it reads a body', async () => {
    const answer = await orchard.send(
      'POST',
      '/orchards/1/apples',
      { 'content-type': 'application/json' },
      '{broken',
    );
    expect(answer.json.code).toBe('ESP_NOT_FOUND');
    expect(orchard.gate.bodiesRead).toBe(0);
  });

  it('refuses a body that is too large, too deep, no JSON, or of another type', async () => {
    expect((await orchard.pick({ kind: 'x'.repeat(5_000) })).json).toMatchObject({
      status: 413,
      code: 'ESP_TOO_LARGE',
    });
    const deep = `{"kind":"Boskoop","notes":${'['.repeat(1_900)}${']'.repeat(1_900)}}`;
    expect((await orchard.pick(deep)).json).toMatchObject({
      status: 400,
      detail: expect.stringContaining('nested'),
    });
    expect((await orchard.pick('{"kind":')).json).toMatchObject({
      status: 400,
      code: 'ESP_BAD_REQUEST',
      detail: expect.stringContaining('JSON'),
    });
    expect((await orchard.pick('{"__proto__":{"kind":1}}')).json).toMatchObject({ status: 400 });
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'text/xml'])
      expect((await orchard.pick('kind=x', undefined, type)).json).toMatchObject({
        status: 415,
        code: 'ESP_HTTP_UNSUPPORTED_MEDIA_TYPE',
      });
  });

  it('tells an unknown path from a method that the path does not answer to', async () => {
    expect((await orchard.send('GET', '/nowhere')).json).toMatchObject({
      status: 404,
      code: 'ESP_HTTP_ROUTE_UNKNOWN',
    });
    const wrong = await orchard.send('DELETE', '/orchards/1/apples?x=1');
    expect(wrong.json).toMatchObject({ status: 405, code: 'ESP_HTTP_METHOD_NOT_ALLOWED' });
    expect(wrong.headers['allow']).toBe('POST');
    expect((await orchard.send('GET', '/fail/%zz')).json).toMatchObject({ status: 400 });
  });

  it('answers an error on purpose with its code, mend and Retry-After', async () => {
    const answer = await orchard.send('GET', '/fail/known', { 'x-request-id': 'trace-me-12345' });
    expect(answer.status).toBe(503);
    expect(answer.headers).toMatchObject({ 'content-type': 'application/problem+json', 'retry-after': '2' });
    expect(answer.json).toEqual({
      type: 'urn:espalier:error:ESP_SERVICE_UNAVAILABLE',
      title: 'The service is not reachable.',
      status: 503,
      detail: 'No orchard.',
      code: 'ESP_SERVICE_UNAVAILABLE',
      mend: expect.stringContaining('Try again'),
      retryable: true,
      instance: 'urn:espalier:request:trace-me-12345',
    });
  });

  it('shows of an unexpected error only an id, under which the log has the cause', async () => {
    const answer = await orchard.send('GET', '/fail/unknown');
    expect(answer.json).toMatchObject({ status: 500, code: 'ESP_INTERNAL', errorId: expect.any(String) });
    expect(JSON.stringify(answer.json)).not.toContain('canary');
    const line = orchard.lines.find(({ errorId }) => errorId === answer.json.errorId);
    expect(line).toMatchObject({ level: 'error', err: { message: 'canary: the password is hunter2' } });
  });

  it('breaks the connection rather than let half an answer look whole', async () => {
    const response = await orchard.open('GET', '/drip');
    await expect(text(response)).rejects.toThrow('aborted');
  });

  it('takes no request id that could forge a log line', async () => {
    const answer = await orchard.send('GET', '/nowhere', { 'x-request-id': 'a b {"level":"fatal"}' });
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('answers problem+json to what is not HTTP', async () => {
    const socket = connect(orchard.port, '127.0.0.1');
    socket.end('HELO orchard\r\n\r\n');
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*application\/problem\+json[^]*"code":"ESP_BAD_REQUEST"/);
  });

  it('is logged without its query and timed by its route', async () => {
    await orchard.pick({ kind: 'Boskoop' }, '/orchards/1/apples?basket=canary');
    expect(JSON.stringify(orchard.lines)).not.toContain('basket=canary');
    expect(orchard.lines).toContainEqual(
      expect.objectContaining({ msg: 'request', method: 'POST', path: '/orchards/1/apples', status: 400 }),
    );
    expect(await orchard.metrics.metrics()).toContain('route="/orchards/:id/apples",status="201"');
  });
});

describe('startNest', () => {
  it('refuses a route that no @Endpoint declares, and one that needs a gate where there is none', async () => {
    await expect(new Orchard().start({}, BackDoorModule)).rejects.toThrow(
      '/back-door is not declared with @Endpoint',
    );
    const gateless = new Orchard();
    await expect(
      startNest(gateless, OrchardModule, { name: 'orchard', host: '127.0.0.1', port: 0 }),
    ).rejects.toThrow('/orchards/:id/apples needs a gate');
  });

  it('fails where the port is taken', async () => {
    const first = await new Orchard().start();
    const second = new Orchard();
    await expect(second.start({ port: first.port })).rejects.toThrow('EADDRINUSE');
    await Promise.all([first.stop(), second.stop()]);
  });

  it('answers what is in flight at shutdown, and takes nothing new', async () => {
    const orchard = await new Orchard().start();
    const inFlight = orchard.send('GET', '/slow');
    await held.arrived.promise;
    const stopped = orchard.lifecycle.shutdown('spec');
    const late = connect(orchard.port, '127.0.0.1');
    await expect(once(late, 'connect')).rejects.toThrow('ECONNREFUSED');
    held.release.resolve();
    const answer = await inFlight;
    expect(answer.json).toEqual({ done: true });
    expect(answer.headers['connection']).toBe('close');
    await stopped;
    orchard.agent.destroy();
  });
});
