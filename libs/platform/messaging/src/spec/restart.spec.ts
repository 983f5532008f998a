import { setImmediate as nextTurn } from 'node:timers/promises';

import { isEspalierError } from '@espalier/contracts';
import { startNatsServer } from '@espalier/testing';

import { eventMessage } from '../events/event-message.js';
import { OutboxRelay } from '../outbox/outbox-relay.js';
import {
  Clients,
  enrolled,
  lookUp,
  mdm,
  MemoryLogger,
  numbers,
  policy,
  Probe,
  removed,
  SqliteBoxes,
  sweep,
} from './bus.fixture.js';

describe('a nats-server that goes and comes', () => {
  it('may be away at the start: clients say so at once, then connect and work', async () => {
    const server = await startNatsServer();
    await server.kill();
    const clients = new Clients(server.url);
    try {
      const host = clients.connect(mdm);
      const caller = clients.connect(policy);
      const serving = host.serve(lookUp, ({ id }) => ({ id, by: 'mdm' }));
      const startedAt = performance.now();
      const unavailable = { code: 'ESP_MESSAGING_UNAVAILABLE', status: 503 };
      await expect(caller.call(lookUp, { id: 'a' })).rejects.toMatchObject(unavailable);
      await expect(caller.enqueue(sweep, { n: 1 }, { messageId: 'x' })).rejects.toMatchObject(unavailable);
      expect(performance.now() - startedAt).toBeLessThan(500);
      expect(caller.ready()).toBe(false);
      expect(() => caller.check()).toThrow(/not reachable/);
      await server.restart();
      await Promise.all([host.whenReady(10_000), caller.whenReady(10_000), serving.active]);
      caller.check();
      await expect(caller.call(lookUp, { id: 'a' })).resolves.toMatchObject({ by: 'mdm' });
    } finally {
      await clients.closeAll();
      await server.stop();
    }
  });

  it('may be killed in the middle of everything: calls fail fast and recover, each event and job counts once', async () => {
    const server = await startNatsServer();
    const clients = new Clients(server.url);
    const boxes = new SqliteBoxes();
    const jobs = new Probe<number>();
    const effects = new Probe<number>();
    try {
      const [host, caller] = await Promise.all([clients.ready(mdm), clients.ready(policy)]);
      host.serve(lookUp, async ({ id }) => ({ id, by: 'mdm' }));
      host.work(sweep, async ({ n }) => jobs.add(n), { concurrency: 4 });
      caller.consume([enrolled, removed], {
        durable: 'projection',
        concurrency: 4,
        ackWaitMs: 1_000,
        inbox: { store: boxes, transaction: boxes.transaction },
        handler: async ({ payload }, _, tx) => {
          tx.prepare('INSERT INTO effect VALUES (?)').run(payload.n);
          effects.add(payload.n);
        },
      });
      const outbox = new SqliteBoxes();
      await outbox.transaction(async (tx) => {
        for (const n of numbers(1_500)) await outbox.append(tx, eventMessage(enrolled, { n }));
      });
      const relay = new OutboxRelay({
        messaging: host,
        store: outbox,
        logger: new MemoryLogger(),
        batchSize: 64,
      });
      relay.start();

      const codes = new Set<string>();
      let answered = 0;
      const stop = new AbortController();
      const call = async (id: string): Promise<void> => {
        const startedAt = performance.now();
        await caller.call(lookUp, { id }, { timeoutMs: 5_000 }).then(
          () => (answered += 1),
          (error: unknown) => codes.add(isEspalierError(error) ? error.code : String(error)),
        );
        // None waits out its time-out: a lost connection ends it.
        expect(performance.now() - startedAt).toBeLessThan(4_000);
      };
      const calling = numbers(16).map(async (n) => {
        // A call without a connection fails in the same turn: let others have theirs.
        for (; !stop.signal.aborted; await nextTurn()) await call(`${n}`);
      });
      const enqueued = numbers(40).map(async (n) => {
        for (;;) {
          try {
            return await caller.enqueue(sweep, { n }, { messageId: `job-${n}` });
          } catch (error) {
            if (!isEspalierError(error) || !error.retryable) throw error;
            await caller.whenReady(10_000);
          }
        }
      });

      await effects.count(100);
      await server.kill();
      const before = answered;
      await server.restart();
      await effects.until(() => new Set(effects.values).size === 1_500);
      await Promise.all(enqueued);
      await jobs.until((done) => new Set(done).size === 40);
      stop.abort();
      await Promise.all(calling);
      await relay.stop();
      expect(before).toBeGreaterThan(0);
      expect(answered).toBeGreaterThan(before);
      expect([...codes].filter((code) => !TRANSIENT.has(code))).toEqual([]);
      expect(boxes.effects().toSorted((a, b) => a - b)).toEqual(numbers(1_500));
      expect(await outbox.depth()).toBe(0);
    } finally {
      await clients.closeAll();
      await server.stop();
    }
  });
});

const TRANSIENT = new Set(['ESP_MESSAGING_UNAVAILABLE', 'ESP_SERVICE_UNAVAILABLE']);
