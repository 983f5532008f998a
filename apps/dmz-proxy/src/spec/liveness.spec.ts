import { defaultTimings } from '@espalier/link';
import { FaultRelay } from '@espalier/testing';
import { Edge, until } from './edge.fixture.js';
import { end, forkInside } from './processes.fixture.js';

const timings = { helloMs: 5_000, pingIntervalMs: 200, pingTimeoutMs: 400 };

describe('a peer that is there but does not answer', () => {
  it('is noticed within 15 s as shipped', () => {
    expect(defaultTimings.pingIntervalMs + defaultTimings.pingTimeoutMs).toBeLessThanOrEqual(15_000);
  });

  it('an inside process that is stopped: its link goes, the others answer all the time, it comes back', async () => {
    const edge = await Edge.start({ timings });
    const child = forkInside(edge.files, edge.proxy.linkPort, 'stopped');
    try {
      edge.inside({ replica: 'well' });
      await edge.up(2);
      child.kill('SIGSTOP');
      const stoppedAt = performance.now();
      const statuses: number[] = [];
      while (edge.proxy.registry.links.size === 2)
        statuses.push((await edge.device('/mdm/small', { headers: {} })).status);
      expect(performance.now() - stoppedAt).toBeLessThan(5_000);
      expect([...edge.proxy.registry.links].map((link) => link.hello.replica)).toEqual(['well']);
      expect(statuses.every((status) => status === 200)).toBe(true);
      expect(await edge.metric('link_reconnects_total', { reason: 'timeout' })).toBe(1);
      child.kill('SIGCONT');
      await edge.up(2);
    } finally {
      await end(child);
      await edge.stop();
    }
  });

  it('a network that swallows everything: both ends notice, and the inside dials again', async () => {
    const edge = await Edge.start({ timings });
    const relay = await FaultRelay.start({ host: '127.0.0.1', port: edge.proxy.linkPort });
    try {
      const link = edge.inside({ port: relay.port, timings });
      await edge.up();
      relay.freeze(true);
      await edge.up(0);
      await until(() => link.state().targets[0]?.up === 0);
      expect(link.state().healthy).toBe(false);
      relay.cut('rst');
      relay.freeze(false);
      await edge.up();
      expect((await edge.device('/mdm/small')).status).toBe(200);
    } finally {
      await edge.stop();
      await relay.close();
    }
  });
});
