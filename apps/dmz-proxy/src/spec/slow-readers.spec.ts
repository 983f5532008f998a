import { Agent } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import { Edge, until } from './edge.fixture.js';

const READERS = 100;

/** A device that asks for 16 MB and reads nothing of it. */
function slowReader(edge: Edge): TLSSocket {
  const socket = connect({
    host: '127.0.0.1',
    port: edge.proxy.devicePort,
    ca: edge.files.ids.device.certificate,
  });
  socket.on('error', () => undefined);
  socket.write('GET /mdm/large HTTP/1.1\r\nHost: a\r\n\r\n');
  return socket;
}

describe('devices that do not read their answers', () => {
  it(`${READERS} of them hold up nobody else, and cost a bounded amount of memory`, async () => {
    const edge = await Edge.start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const sockets: TLSSocket[] = [];
    const slowest = async (): Promise<number> => {
      const times: number[] = [];
      for (let turn = 0; turn < 50; turn += 1) {
        const start = performance.now();
        expect((await edge.device('/mdm/small', { agent })).status).toBe(200);
        times.push(performance.now() - start);
      }
      return times.sort((a, b) => a - b)[45] as number;
    };
    try {
      edge.inside({ slots: 2 });
      await edge.up(2);
      const quiet = await slowest();
      const before = process.memoryUsage().rss;
      for (let index = 0; index < READERS; index += 1) sockets.push(slowReader(edge));
      await until(async () => (await edge.metric('link_streams')) === READERS, 'all streams');
      let moved = -1;
      await until(
        async () => {
          const last = moved;
          await new Promise((resolve) => setTimeout(resolve, 200));
          moved = await edge.metric('link_bytes_total');
          return moved === last;
        },
        'all windows full',
        60,
      );
      const busy = await slowest();
      const grown = process.memoryUsage().rss - before;
      // Both ends and the devices are in this process: a window at each end, and the sockets' own buffers.
      expect(grown).toBeLessThan(READERS * 1.5 * 1024 * 1024);
      expect(busy).toBeLessThan(Math.max(quiet * 4, 100));
    } finally {
      for (const socket of sockets) socket.destroy();
      await until(async () => (await edge.metric('link_streams')) === 0, 'the end of all streams');
      agent.destroy();
      await edge.stop();
    }
  }, 120_000);

  it('are cut after a while, and their streams with them', async () => {
    const edge = await Edge.start({ env: { ESPALIER_DMZ_STALL_SECONDS: '0.3' } });
    try {
      edge.inside();
      await edge.up();
      const socket = slowReader(edge);
      await until(async () => (await edge.metric('link_streams')) === 1);
      await until(async () => (await edge.metric('link_streams')) === 0);
      await until(async () => (await edge.metric('device_connections')) === 0);
      expect((await edge.device('/mdm/small')).status).toBe(200);
      socket.destroy();
    } finally {
      await edge.stop();
    }
  });
});
