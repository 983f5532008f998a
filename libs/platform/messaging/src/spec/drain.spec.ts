import { setTimeout as delay } from 'node:timers/promises';

import { startNatsServer, type NatsServer } from '@espalier/testing';

import { attachMessaging, type MessagingHost } from '../attach-messaging.js';
import { eventMessage } from '../events/event-message.js';
import { Clients, enrolled, lookUp, mdm, numbers, policy, Probe, removed, sweep } from './bus.fixture.js';

describe('shutdown', () => {
  let server: NatsServer;
  let clients: Clients;
  beforeEach(async () => {
    server = await startNatsServer();
    clients = new Clients(server.url);
  });
  afterEach(async () => {
    await clients.closeAll();
    await server.stop();
  });

  it('answers all of 50 requests in flight whose handlers take 400 ms, and takes no new one', async () => {
    const [host, caller] = await Promise.all([clients.ready(mdm), clients.ready(policy)]);
    const begun = new Probe<string>();
    // Fewer places than requests: those that wait in the queue must be answered too.
    await host.serve(
      lookUp,
      async ({ id }) => {
        begun.add(id);
        await delay(400);
        return { id, by: 'old' };
      },
      { concurrency: 25 },
    ).active;
    const answers = numbers(50).map((n) => caller.call(lookUp, { id: `${n}` }));
    await begun.count(25);
    const startedAt = performance.now();
    const drained = host.drain(10_000);
    const heir = await clients.ready(mdm);
    await heir.serve(lookUp, ({ id }) => ({ id, by: 'new' })).active;
    const during = await caller.call(lookUp, { id: 'during' });
    const results = await Promise.all(answers);
    await drained;
    expect(results.map(({ id }) => Number(id))).toEqual(numbers(50));
    expect(new Set(results.map(({ by }) => by))).toEqual(new Set(['old']));
    expect(during.by).toBe('new');
    // As long as the work takes, not a fixed grace time.
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  it('finishes the messages in flight, gives back the rest at once, and may still call meanwhile', async () => {
    const [host, publisher] = await Promise.all([clients.ready(policy), clients.ready(mdm)]);
    publisher.serve(lookUp, ({ id }) => ({ id, by: 'mdm' }));
    const begun = new Probe<number>();
    const done = new Probe<string>();
    host.consume([enrolled, removed], {
      durable: 'projection',
      concurrency: 5,
      handler: async ({ payload }, { delivery }) => {
        begun.add(payload.n);
        await delay(300);
        await host.call(lookUp, { id: 'x' });
        done.add(`${payload.n}.${delivery}`);
      },
    });
    for (const n of numbers(20)) await publisher.publishOutboxMessage(eventMessage(enrolled, { n }));
    await begun.count(5);
    await host.drain(10_000);
    expect(done.values).toHaveLength(begun.values.length);
    const heir = await clients.ready(policy);
    heir.consume([enrolled, removed], {
      durable: 'projection',
      handler: async ({ payload }, { delivery }) => done.add(`${payload.n}.${delivery}`),
    });
    await done.count(20);
    const handled = done.values.map((value) => Number(value.split('.')[0])).toSorted((a, b) => a - b);
    expect(handled).toEqual(numbers(20));
  });

  it('does not wait for ever: at the deadline handlers are told, and the message goes to another', async () => {
    const [host, giver] = await Promise.all([clients.ready(mdm), clients.ready(policy)]);
    const begun = new Probe<number>();
    host.work(sweep, async ({ n }, { signal }) => {
      begun.add(n);
      await new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      );
    });
    await giver.enqueue(sweep, { n: 1 }, { messageId: 'a' });
    await begun.count(1);
    const startedAt = performance.now();
    await host.drain(200);
    expect(performance.now() - startedAt).toBeLessThan(900);
    const heir = await clients.ready(mdm);
    const taken = new Probe<number>();
    heir.work(sweep, async ({ n }) => taken.add(n));
    await taken.count(1);
    // Well before the ack wait of the first replica's delivery would have run out.
    expect(performance.now() - startedAt).toBeLessThan(sweep.ackWaitMs);
  });

  it('ends also while NATS is away', async () => {
    const host = await clients.ready(mdm);
    host.serve(lookUp, ({ id }) => ({ id, by: 'mdm' }));
    await server.kill();
    const startedAt = performance.now();
    await host.drain(5_000);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    const never = clients.connect(policy);
    await never.drain(1_000);
  });

  it("follows the service kit's phases and readiness", async () => {
    const messaging = await clients.ready(mdm);
    const steps = new Map<string, (deadline: AbortSignal) => Promise<void>>();
    const checks = new Map<string, () => void>();
    const kit: MessagingHost = {
      health: { addCheck: (name, run) => checks.set(name, run) },
      lifecycle: { onShutdown: (phase, _, run) => steps.set(phase, run) },
    };
    attachMessaging(kit, messaging);
    checks.get('nats')?.();
    for (const phase of ['intake', 'work', 'connections'])
      await steps.get(phase)?.(AbortSignal.timeout(1_000));
    expect(() => checks.get('nats')?.()).toThrow(/not reachable/);
  });
});
