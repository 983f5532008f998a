import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { DmzSession, InsideSession, type LinkHello, type RouteAdvertisement } from '@espalier/link';
import { LinkRegistry } from './link-registry.js';

const route = (prefix: string, more: Partial<RouteAdvertisement> = {}): RouteAdvertisement => ({
  id: `route${prefix.replaceAll('/', '-')}`,
  prefix,
  methods: ['GET'],
  auth: 'none',
  maxBody: 0,
  timeoutMs: 1_000,
  retry: 'safe',
  ...more,
});

describe('the registry of links', () => {
  let server: Server;
  const insides: InsideSession[] = [];

  beforeAll(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    await Promise.all(insides.splice(0).map((inside) => inside.close()));
  });
  afterAll(() => void server.close());

  /** A real link over a real socket, taken into service. */
  async function link(
    registry: LinkRegistry,
    replica: string,
    routes: RouteAdvertisement[],
    maxStreams = 100,
  ) {
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const hello: LinkHello = {
      linkId: replica,
      service: 'mdm',
      site: 'S01',
      replica,
      slot: 0,
      build: '1',
      maxStreams,
      routes,
    };
    const inside = InsideSession.open(socket, { hello, onRequest: () => undefined });
    const [accepting] = await accepted;
    const session = await DmzSession.accept(accepting, { dmzId: 'dmz', judge: () => undefined });
    insides.push(await inside);
    registry.add(session);
    return session;
  }

  const registry = (random?: () => number): LinkRegistry =>
    new LinkRegistry({
      maxStreamsPerLink: 100,
      queueLength: 2,
      queueWaitMs: 50,
      ...(random !== undefined && { random }),
    });

  function entry(of: LinkRegistry, path: string) {
    const match = of.match('GET', path);
    if (match.kind !== 'route') throw new Error(`no route for ${path}`);
    return match.route;
  }

  const request = (session: DmzSession): void => {
    session
      .request({ ':path': '/x' }, { endStream: true, waitForTrailers: false })
      .on('error', () => undefined);
  };

  it('chooses the one of two with fewer requests in flight', async () => {
    const numbers = [0, 0.9];
    let turn = 0;
    const all = registry(() => numbers[turn++ % 2] as number);
    const [a, b] = [await link(all, 'a', [route('/x/')]), await link(all, 'b', [route('/x/')])];
    request(a);
    expect(await all.acquire(entry(all, '/x/1'))).toBe(b);
    request(b);
    request(b);
    expect(await all.acquire(entry(all, '/x/1'))).toBe(a);
    expect(await all.acquire(entry(all, '/x/1'), a)).toBe(b);
  });

  it('gives nobody more than its cap, and nothing where all are full', async () => {
    const all = registry();
    const a = await link(all, 'a', [route('/x/')], 1);
    request(a);
    expect(await all.acquire(entry(all, '/x/1'))).toBeUndefined();
  });

  it('sends nothing to a link that drains', async () => {
    const all = registry();
    const a = await link(all, 'a', [route('/x/')]);
    const b = await link(all, 'b', [route('/x/')]);
    const gone = insides[0]?.drain(1_000);
    await a.closed;
    await gone;
    expect(await all.acquire(entry(all, '/x/1'))).toBe(b);
    expect(all.links.size).toBe(1);
  });

  it('keeps routes known while a service is away, and forgets those that its next version lacks', async () => {
    const all = registry();
    const old = await link(all, 'a', [route('/x/'), route('/old/')]);
    await old.close();
    expect(all.match('GET', '/old/1').kind).toBe('route');
    expect(await all.acquire(entry(all, '/old/1'))).toBeUndefined();
    expect(all.serves('/old/')).toBe(false);
    await link(all, 'b', [route('/x/', { maxBody: 7 })]);
    expect(all.match('GET', '/old/1').kind).toBe('none');
    expect(entry(all, '/x/1').route.maxBody).toBe(7);
    expect(all.serves('/x/')).toBe(true);
  });

  it('serves with old and new replicas what each of them knows', async () => {
    const all = registry();
    const old = await link(all, 'a', [route('/x/')]);
    const young = await link(all, 'b', [route('/x/'), route('/new/')]);
    expect(await all.acquire(entry(all, '/new/1'))).toBe(young);
    expect(await all.acquire(entry(all, '/x/1'), young)).toBe(old);
  });

  it('queues as many as it may, in order, and wakes them when there is room', async () => {
    const all = registry();
    const a = await link(all, 'a', [route('/x/')], 1);
    request(a);
    const { route: known } = { route: entry(all, '/x/1') };
    const waiting = [all.acquire(known), all.acquire(known)];
    expect(all.queueDepth).toBe(2);
    expect(await all.acquire(known)).toBeUndefined();
    const b = await link(all, 'b', [route('/x/')]);
    expect(await Promise.all(waiting.map((link) => Promise.resolve(link)))).toEqual([b, b]);
    expect(all.queueDepth).toBe(0);
  });
});
