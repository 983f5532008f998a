import { Agent } from 'node:https';
import { deviceRequest, type DeviceReply } from './device.fixture.js';
import { Edge, until, writeEdgeFiles } from './edge.fixture.js';
import { end, forkEdge, forkInside } from './processes.fixture.js';

/** Devices that ask without pause until told to stop; what they got. */
function load(
  request: (agent: Agent, turn: number) => Promise<DeviceReply>,
  devices = 8,
): { stop(): Promise<DeviceReply[]>; count(): number } {
  const replies: DeviceReply[] = [];
  const stopping = new AbortController();
  const device = async (): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let turn = 0; !stopping.signal.aborted; turn += 1) replies.push(await request(agent, turn));
    agent.destroy();
  };
  const all = Promise.all(Array.from({ length: devices }, device));
  return {
    count: () => replies.length,
    stop: async () => {
      stopping.abort();
      await all;
      return replies;
    },
  };
}

const failures = (replies: DeviceReply[]): string[] =>
  replies
    .filter((reply) => reply.status !== 200 || !reply.complete)
    .map((reply) => `${reply.status} ${reply.error ?? reply.body.toString()}`);

describe('SIGTERM under load', () => {
  it('inside replicas, one after the other: no request is lost, neither GET nor PUT', async () => {
    const edge = await Edge.start();
    const first = forkInside(edge.files, edge.proxy.linkPort, 'first');
    let second = first;
    try {
      await edge.up(1);
      const devices = load((agent, turn) =>
        turn % 2 === 0
          ? edge.device('/mdm/slow?ms=30', { agent })
          : edge.device('/mdm/echo/x', { agent, method: 'PUT', body: `turn ${turn}` }),
      );
      second = forkInside(edge.files, edge.proxy.linkPort, 'second');
      await edge.up(2);
      expect(await end(first, 'SIGTERM')).toBe(0);
      await edge.up(1);
      const later = devices.count() + 20;
      await until(() => devices.count() > later);
      const replies = await devices.stop();
      expect(failures(replies)).toEqual([]);
    } finally {
      await end(first);
      await end(second);
      await edge.stop();
    }
  });

  it('an edge replica, behind a balancer that looks at /readyz: no request is lost', async () => {
    const files = await writeEdgeFiles();
    const ready = {
      ESPALIER_LOG_LEVEL: 'info',
      ESPALIER_DMZ_REQUIRED_PREFIXES: '/mdm/',
      ESPALIER_DMZ_DRAIN_DELAY_SECONDS: '1',
    };
    const edges = await Promise.all([forkEdge(files, ready), forkEdge(files, ready)]);
    const insides = edges.map((edge) => forkInside(files, edge.linkPort));
    const isReady = async (port: number): Promise<boolean> =>
      (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.status === 200;
    try {
      const [leaving, staying] = edges;
      if (leaving === undefined || staying === undefined) throw new Error('two edges were started');
      for (const edge of edges) await until(() => isReady(edge.managementPort), 'readiness');
      let chosen = leaving;
      const devices = load((agent, turn) =>
        deviceRequest({
          port: chosen.devicePort,
          ca: files.ids.device.certificate,
          agent,
          ...(turn % 2 === 0
            ? { path: '/mdm/slow?ms=30' }
            : { path: '/mdm/echo/x', method: 'PUT', body: `turn ${turn}` }),
        }),
      );
      await until(() => devices.count() > 20);
      const gone = end(leaving.child, 'SIGTERM');
      await until(async () => !(await isReady(leaving.managementPort)), 'the end of readiness');
      chosen = staying;
      expect(await gone).toBe(0);
      const replies = await devices.stop();
      expect(failures(replies)).toEqual([]);
    } finally {
      await Promise.all([...edges.map(({ child }) => end(child)), ...insides.map((child) => end(child))]);
    }
  });

  it('an answer that takes long is finished before the process ends', async () => {
    const edge = await Edge.start();
    const child = forkInside(edge.files, edge.proxy.linkPort);
    try {
      await edge.up();
      const reply = edge.device('/mdm/slow?ms=700');
      await until(async () => (await edge.metric('link_streams')) === 1);
      expect(await end(child, 'SIGTERM')).toBe(0);
      expect((await reply).body.toString()).toBe('late');
    } finally {
      await edge.stop();
    }
  });
});
