import { startNatsServer, type NatsServer } from '@espalier/testing';
import type { Messaging } from '../messaging.types.js';
import { Clients, enrolled, mdm, numbers, policy, Probe, removed, SqliteBoxes } from '../spec/bus.fixture.js';

const both = [enrolled, removed];

async function publish(publisher: Messaging, from: number, to: number): Promise<void> {
  await Promise.all(
    numbers(to - from).map((offset) =>
      publisher.publishOutboxMessage({
        subject: enrolled.subject,
        messageId: `event-${from + offset}`,
        payload: JSON.stringify({ n: from + offset }),
      }),
    ),
  );
}

describe('events in batches', () => {
  let server: NatsServer;
  let clients: Clients;
  let publisher: Messaging;

  beforeEach(async () => {
    server = await startNatsServer();
    clients = new Clients(server.url);
    publisher = await clients.ready(mdm);
  });

  afterEach(async () => {
    await clients.closeAll();
    await server.stop();
  });

  it('handles what arrives during a transaction together in the next one, each event once', async () => {
    const boxes = new SqliteBoxes();
    const service = await clients.ready(policy);
    const sizes = new Probe<number>();
    const first = Promise.withResolvers<void>();
    await publish(publisher, 0, 500);
    service.consumeBatches(both, {
      durable: 'projection',
      max: 100,
      inbox: { store: boxes, transaction: boxes.transaction },
      handleBatch: async (events, tx) => {
        if (sizes.values.length === 0) await first.promise;
        for (const { event } of events) tx.prepare('INSERT INTO effect VALUES (?)').run(event.payload.n);
        sizes.add(events.length);
      },
    });
    // The rest gathers behind the first transaction.
    first.resolve();
    await sizes.until((values) => values.reduce((sum, size) => sum + size, 0) >= 500);
    await service.drain(5_000);
    expect(boxes.effects().toSorted((a, b) => a - b)).toEqual(numbers(500));
    expect(Math.max(...sizes.values)).toBeGreaterThan(20);
    expect(Math.max(...sizes.values)).toBeLessThanOrEqual(100);
  });

  it('rolls a failing batch back and finds the one event that cannot be handled', async () => {
    const boxes = new SqliteBoxes();
    const service = await clients.ready(policy);
    const done = new Probe<number>();
    await publish(publisher, 0, 20);
    service.consumeBatches(both, {
      durable: 'projection',
      maxDeliver: 2,
      retry: { baseMs: 10 },
      inbox: { store: boxes, transaction: boxes.transaction },
      handleBatch: async (events, tx) => {
        for (const { event } of events) tx.prepare('INSERT INTO effect VALUES (?)').run(event.payload.n);
        if (events.some(({ event }) => event.payload.n === 7)) throw new Error('seven is broken');
        done.add(events.length);
      },
    });
    await done.until((values) => values.reduce((sum, size) => sum + size, 0) >= 19);
    const letters = await untilLetters(service);
    expect(boxes.effects().toSorted((a, b) => a - b)).toEqual(numbers(20).filter((n) => n !== 7));
    expect(letters).toMatchObject([{ source: 'projection', error: 'seven is broken', deliveries: 2 }]);
  });

  it('leaves out what was handled before, and a repeat inside one batch', async () => {
    const boxes = new SqliteBoxes();
    await boxes.claim(boxes.database, 'projection', 'event-3');
    const service = await clients.ready(policy);
    const done = new Probe<number>();
    await publish(publisher, 0, 6);
    service.consumeBatches(both, {
      durable: 'projection',
      inbox: { store: boxes, transaction: boxes.transaction },
      handleBatch: async (events, tx) => {
        for (const { event } of events) tx.prepare('INSERT INTO effect VALUES (?)').run(event.payload.n);
        done.add(events.length);
      },
    });
    await done.until((values) => values.reduce((sum, size) => sum + size, 0) >= 5);
    await service.drain(5_000);
    expect(boxes.effects().toSorted((a, b) => a - b)).toEqual([0, 1, 2, 4, 5]);
  });
});

async function untilLetters(service: Messaging): Promise<readonly object[]> {
  for (;;) {
    const { items } = await service.deadLetters.list();
    if (items.length > 0) return items;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
