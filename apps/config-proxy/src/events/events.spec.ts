import { liveEventSchema } from '@espalier/contracts';
import { startNatsServer, type NatsServer } from '@espalier/testing';
import { ConsoleHarness, MdmPeer } from '../config-proxy.fixture.js';
import { forgetEvents, Listener } from './event-listener.fixture.js';
import { selectEvents } from './event-types.js';

describe('live events', () => {
  let nats: NatsServer;
  let peer: MdmPeer;
  let harness: ConsoleHarness;
  const listeners: Listener[] = [];

  beforeAll(async () => {
    nats = await startNatsServer();
    peer = new MdmPeer(nats.url);
    await peer.serve();
    harness = await new ConsoleHarness(nats).start({
      ESPALIER_CONSOLE_EVENT_LISTENERS: '4',
      ESPALIER_CONSOLE_EVENT_STALL_SECONDS: '1',
    });
  });
  afterEach(() => {
    for (const listener of listeners.splice(0)) listener.close();
  });
  afterAll(async () => {
    await harness.stop();
    await peer.messaging.drain(2_000);
    await nats.stop();
  });

  const listen = async (
    options: { after?: string | undefined; types?: string; token?: string } = {},
  ): Promise<Listener> => {
    const { after, types, token = harness.place.adminToken } = options;
    const response = await harness.open(
      'GET',
      `/api/v1/events${types === undefined ? '' : `?types=${types}`}`,
      {
        token,
        agent: false,
        ...(after !== undefined && { headers: { 'last-event-id': after } }),
      },
    );
    expect(response.statusCode).toBe(200);
    const listener = new Listener(response);
    listeners.push(listener);
    return listener;
  };
  const publish = async (from: number, to: number): Promise<void> => {
    for (let n = from; n < to; n += 1) await peer.publishCompleted(`Command${n}`);
  };
  const names = (from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, index) => `Command${from + index}`);

  it('reach every listener as they happen, with id, type and what happened', async () => {
    const [a, b] = [await listen(), await listen({ types: 'command.*' })];
    expect(a.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-request-id': expect.any(String),
    });
    await publish(0, 3);
    for (const listener of [a, b]) {
      await listener.until(({ types }) => types.length >= 3);
      expect(listener.types).toEqual(names(0, 3));
    }
    const first = a.events.find(({ event }) => event.startsWith('command.'));
    expect(first?.event).toBe('command.completed');
    expect(liveEventSchema.parse(JSON.parse(first?.data ?? ''))).toMatchObject({
      type: 'command.completed',
      payload: { enrollmentId: 'DEVICE-0', state: 'acknowledged' },
    });
    expect(Number(b.events[1]?.id)).toBeGreaterThan(Number(b.events[0]?.id));
  });

  it('go on after Last-Event-ID with nothing lost and nothing twice', async () => {
    const before = await listen();
    await publish(10, 15);
    await before.until(({ types }) => types.length >= 2);
    const after = before.events.filter(({ event }) => event === 'command.completed')[1]?.id;
    before.close();
    await publish(15, 20);
    const again = await listen({ after });
    await publish(20, 23);
    await again.until(({ types }) => types.includes('Command22'));
    expect(again.types).toEqual(names(12, 23));
  });

  it('go on by themselves after nats-server was killed', async () => {
    const listener = await listen();
    await publish(30, 32);
    await listener.until(({ types }) => types.length >= 2);
    await nats.kill();
    await nats.restart();
    await peer.messaging.whenReady(10_000);
    await publish(32, 35);
    await listener.until(({ types }) => types.includes('Command34'));
    expect(listener.types).toEqual(names(30, 35));
  });

  it('are only those that were asked for; types that do not exist are named', async () => {
    const listener = await listen({ types: 'enrollment.enrolled,command.queued' });
    const everything = await listen();
    await publish(40, 41);
    await everything.until(({ types }) => types.length >= 1);
    expect(listener.events).toEqual([]);
    const answer = await harness.admin('GET', '/api/v1/events?types=command.exploded');
    expect(answer.json).toMatchObject({
      status: 400,
      fields: { types: expect.stringContaining('command.queued') },
    });
    expect(
      selectEvents('command.*,command.queued')
        .map(({ event }) => event)
        .toSorted(),
    ).toEqual(['completed', 'deferred', 'queued']);
    for (const id of ['-1', '1.5', 'x', '9'.repeat(30)]) {
      const bad = await harness.send('GET', '/api/v1/events', {
        token: harness.place.adminToken,
        headers: { 'last-event-id': id },
      });
      expect(bad.json).toMatchObject({ status: 400, fields: { 'last-event-id': expect.any(String) } });
    }
  });

  it('end when the token is revoked, saying so', async () => {
    const { id, secret } = await harness.issue(['events:read']);
    const listener = await listen({ token: secret });
    await harness.admin('DELETE', `/api/v1/tokens/${id}`);
    expect(await listener.ended).toBe(true);
    expect(listener.events.at(-1)).toMatchObject({
      event: 'dropped',
      data: expect.stringContaining('ESP_AUTH_TOKEN_INVALID'),
    });
  });

  it('have as many listeners as they may, and nobody more than half of them; places are given back', async () => {
    const hire = async (name: string): Promise<string> => {
      const { id } = (await harness.admin<{ id: string }>('POST', '/api/v1/administrators', { name })).json;
      await harness.admin('PUT', `/api/v1/administrators/${id}/assignments`, {
        assignments: [{ roleId: 'full-administrator', collectionIds: null }],
      });
      const token = { name, scopes: ['events:read'], administratorId: id };
      return (await harness.admin<{ secret: string }>('POST', '/api/v1/tokens', token)).json.secret;
    };
    const [second, third] = [await hire('second'), await hire('third')];
    const refused = (token: string) => harness.send('GET', '/api/v1/events', { token });
    const mine = [await listen(), await listen()];
    const { json, headers } = await refused(harness.place.adminToken);
    expect(json).toMatchObject({ status: 503, code: 'ESP_EVENTS_TOO_MANY_LISTENERS' });
    expect([json.detail, headers['retry-after']]).toEqual([
      expect.stringContaining('has 2 listeners'),
      expect.any(String),
    ]);
    await listen({ token: second });
    await listen({ token: second });
    expect((await refused(third)).json).toMatchObject({ code: 'ESP_EVENTS_TOO_MANY_LISTENERS' });
    mine[0]?.close();
    await harness.waitForListeners(3);
    await listen({ token: third });
  });

  it('drop a listener that does not read, which can go on without loss', async () => {
    const slow = await listen();
    const quick = await listen();
    slow.response.pause();
    const filler = 'x'.repeat(200_000);
    for (let n = 0; n < 80; n += 1) await peer.publishCompleted(`Large${n}`, filler);
    await quick.until(({ types }) => types.includes('Large79'));
    // Nothing is read until the service has given up on the listener, which frees its place.
    await harness.waitForListeners(1);
    slow.response.resume();
    expect(await slow.ended).toBe(true);
    expect(slow.events.at(-1)).toMatchObject({
      event: 'dropped',
      data: expect.stringContaining('ESP_EVENTS_READER_TOO_SLOW'),
    });
    const had = slow.types;
    expect(had.length).toBeLessThan(80);
    const again = await listen({ after: slow.events.at(-2)?.id });
    await again.until(({ types }) => types.includes('Large79'));
    expect([...had, ...again.types]).toEqual(Array.from({ length: 80 }, (_, n) => `Large${n}`));
  }, 40_000);

  it('go on at a replica that was not there when they happened; what is gone for ever is named', async () => {
    const here = await listen({ types: 'command.*' });
    await publish(50, 60);
    await here.until(({ types }) => types.includes('Command59'));
    const ids = here.events.map(({ id }) => Number(id));
    const other = await new ConsoleHarness(nats).start();
    const follow = async (after: number): Promise<Listener> => {
      const response = await other.open('GET', '/api/v1/events?types=command.*', {
        token: other.place.adminToken,
        agent: false,
        headers: { 'last-event-id': String(after) },
      });
      const listener = new Listener(response);
      listeners.push(listener);
      return listener;
    };
    const again = await follow(ids[3] ?? 0);
    await again.until(({ types }) => types.includes('Command59'));
    await publish(60, 65);
    await again.until(({ types }) => types.includes('Command64'));
    expect(again.types).toEqual(names(54, 65));
    expect(again.events.map(({ event }) => event)).not.toContain('gap');

    await forgetEvents(nats.port, ids[8] ?? 0);
    const late = await follow(ids[3] ?? 0);
    await late.until(({ types }) => types.includes('Command64'));
    expect(late.events[0]).toMatchObject({
      event: 'gap',
      data: JSON.stringify({ after: ids[3], oldest: ids[8] }),
    });
    expect(late.types).toEqual(names(58, 65));
    await other.stop();
  });

  it('end cleanly at shutdown', async () => {
    const other = await new ConsoleHarness(nats).start();
    const response = await other.open('GET', '/api/v1/events', {
      token: other.place.adminToken,
      agent: false,
    });
    const listener = new Listener(response);
    await listener.until(({ comments }) => comments.includes('listening'));
    const [ended] = await Promise.all([listener.ended, other.stop()]);
    expect(ended).toBe(true);
    expect(listener.comments.at(-1)).toContain('shutting down');
  });
});
