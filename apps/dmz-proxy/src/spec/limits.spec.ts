import { connect } from 'node:tls';
import { once } from 'node:events';
import { Edge, until } from './edge.fixture.js';
import { rawRequest } from './raw.fixture.js';

async function withEdge(env: Record<string, string>, use: (edge: Edge) => Promise<void>): Promise<void> {
  const edge = await Edge.start({ env });
  try {
    edge.inside();
    await edge.up();
    await use(edge);
  } finally {
    await edge.stop();
  }
}

describe('limits of the edge', () => {
  it('requests above what the links take wait in a queue, and get 503 with Retry-After when it is full or slow', () =>
    withEdge(
      {
        ESPALIER_DMZ_MAX_STREAMS_PER_LINK: '1',
        ESPALIER_DMZ_QUEUE_LENGTH: '1',
        ESPALIER_DMZ_QUEUE_SECONDS: '0.6',
      },
      async (edge) => {
        const first = edge.device('/mdm/slow?ms=300');
        await until(async () => (await edge.metric('link_streams')) === 1);
        const waiting = edge.device('/mdm/slow?ms=1000');
        await until(async () => (await edge.metric('queue_depth')) === 1);
        const refused = await edge.device('/mdm/small');
        expect(refused).toMatchObject({ status: 503, complete: true });
        expect(refused.headers['retry-after']).toBeDefined();
        expect(refused.headers['pmm-error-source']).toBe('dmz');
        expect((await first).status).toBe(200);
        const late = await edge.device('/mdm/small');
        expect(late.status).toBe(503);
        expect((await waiting).status).toBe(200);
      },
    ));

  it('a request that comes while the link is away is answered when it is back', () =>
    withEdge({}, async (edge) => {
      for (const link of edge.proxy.registry.links) link.probe();
      const [link] = edge.proxy.registry.links;
      await link?.close();
      expect((await edge.device('/mdm/small')).status).toBe(200);
    }));

  it('a service without any link: 503 after the queue, and not ready', () =>
    withEdge(
      { ESPALIER_DMZ_QUEUE_SECONDS: '0.1', ESPALIER_DMZ_REQUIRED_PREFIXES: '/mdm/,/ibcm/' },
      async (edge) => {
        const report = await edge.health.report();
        expect(report).toMatchObject({
          ready: false,
          checks: { routes: { detail: 'no link serves /ibcm/' } },
        });
        expect((await edge.device('/ibcm/anything')).status).toBe(503);
      },
    ));

  it('too many connections from one address are refused before TLS', () =>
    withEdge({ ESPALIER_DMZ_MAX_CONNECTIONS_PER_ADDRESS: '2' }, async (edge) => {
      const dial = () =>
        connect({ host: '127.0.0.1', port: edge.proxy.devicePort, ca: edge.files.ids.device.certificate }).on(
          'error',
          () => undefined,
        );
      const held = [dial(), dial()];
      await Promise.all(held.map((socket) => once(socket, 'secureConnect')));
      const third = dial();
      let secured = false;
      third.once('secureConnect', () => (secured = true));
      await until(() => third.closed);
      expect(secured).toBe(false);
      expect(await edge.metric('device_refusals_total', { reason: 'connections' })).toBe(1);
      for (const socket of held) socket.destroy();
      await until(async () => (await edge.metric('device_connections')) === 0);
      expect((await edge.device('/mdm/small')).status).toBe(200);
    }));

  it('a connection with too many requests at once is closed', () =>
    withEdge({}, async (edge) => {
      const one = 'GET /mdm/slow?ms=100 HTTP/1.1\r\nHost: a\r\n\r\n';
      const { text } = await rawRequest(edge, one.repeat(50));
      expect(text.match(/HTTP\/1\.1 200/g)?.length ?? 0).toBeLessThan(50);
      expect((await edge.device('/mdm/small')).status).toBe(200);
      await until(async () => (await edge.metric('link_streams')) === 0);
    }));

  it('requests that are broken off by the hundred leave nothing behind', () =>
    withEdge({}, async (edge) => {
      for (let round = 0; round < 20; round += 1)
        await Promise.all(
          Array.from({ length: 25 }, async () => {
            const socket = connect({
              host: '127.0.0.1',
              port: edge.proxy.devicePort,
              ca: edge.files.ids.device.certificate,
            });
            socket.on('error', () => undefined);
            await once(socket, 'secureConnect');
            socket.write('GET /mdm/large HTTP/1.1\r\nHost: a\r\n\r\n');
            await once(socket, 'data');
            // With data unread, TCP sends a RST.
            socket.destroy();
          }),
        );
      await until(async () => (await edge.metric('link_streams')) === 0);
      await until(async () => (await edge.metric('device_connections')) === 0);
      expect(edge.proxy.registry.links.size).toBe(1);
      expect((await edge.device('/mdm/small')).status).toBe(200);
    }));
});
