import { defineEvent, defineServiceInterface } from '@espalier/contracts';
import { startNatsServer, type NatsServer } from '@espalier/testing';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { z } from 'zod';

import { EVENT_STREAM } from '../jetstream/stream.definitions.js';
import { PermanentFailure } from '../jetstream/permanent-failure.js';
import type { Messaging } from '../messaging.types.js';
import {
  Clients,
  configProxy,
  enrolled,
  mdm,
  numbers,
  policy,
  Probe,
  pushed,
  removed,
  SqliteBoxes,
} from '../spec/bus.fixture.js';
import { crashReplicaMidMessage } from '../spec/crash.fixture.js';
import { eventMessage } from './event-message.js';

async function publish(from: Messaging, values: readonly number[], contract = enrolled): Promise<void> {
  await Promise.all(values.map((n) => from.publishOutboxMessage(eventMessage(contract, { n }))));
}

const both = [enrolled, removed] as const;

describe('events over a real nats-server', () => {
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

  it('delivers each event once to each durable, also what came while the service was down', async () => {
    await publish(publisher, [0]);
    const first = await clients.ready(policy);
    const seen = new Probe<number>();
    first.consume(both, {
      durable: 'projection',
      handler: async ({ payload }) => seen.add(payload.n),
    });
    await seen.count(1);
    await first.drain(1_000);
    await publish(publisher, [1, 2]);
    const second = await clients.ready(policy);
    second.consume(both, { durable: 'projection', handler: async ({ payload }) => seen.add(payload.n) });
    const other = new Probe<string>();
    const proxy = await clients.ready(configProxy);
    proxy.consume(both, {
      durable: 'inventory',
      handler: async ({ event, payload }) => other.add(`${event} ${payload.n}`),
    });
    await publish(publisher, [3], removed);
    expect(await seen.count(4)).toEqual([0, 1, 2, 3]);
    expect(await other.count(4)).toEqual(['enrolled 0', 'enrolled 1', 'enrolled 2', 'removed 3']);
  });

  it('is shared by two replicas on one durable, each event going to one of them', async () => {
    const [one, two] = await Promise.all([clients.ready(policy), clients.ready(policy)]);
    const seen = new Probe<readonly [string, number]>();
    for (const [name, replica] of [
      ['one', one],
      ['two', two],
    ] as const)
      await replica.consume(both, {
        durable: 'projection',
        concurrency: 4,
        handler: async ({ payload }) => {
          await new Promise((resolve) => setImmediate(resolve));
          seen.add([name, payload.n]);
        },
      }).active;
    await publish(publisher, numbers(300));
    const handled = await seen.count(300);
    expect(handled.map(([, n]) => n).toSorted((a, b) => a - b)).toEqual(numbers(300));
    expect(new Set(handled.map(([name]) => name))).toEqual(new Set(['one', 'two']));
  });

  it('gives the message of a replica that was killed half-way to another', async () => {
    await publish(publisher, [7]);
    await crashReplicaMidMessage(server.url, 'event');
    const heir = await clients.ready(policy);
    const seen = new Probe<readonly [number, number]>();
    heir.consume(both, {
      durable: 'projection',
      ackWaitMs: 1_000,
      handler: async ({ payload }, { delivery }) => seen.add([payload.n, delivery]),
    });
    expect(await seen.count(1)).toEqual([[7, 2]]);
  });

  it('handles a redelivered event once where there is an inbox', async () => {
    const boxes = new SqliteBoxes();
    const service = await clients.ready(policy);
    const deliveries = new Probe<number>();
    const done = new Probe<string>();
    service.consume(both, {
      durable: 'projection',
      ackWaitMs: 300,
      retry: { baseMs: 10 },
      inbox: {
        store: boxes,
        transaction: async (work) => {
          const result = await boxes.transaction(work);
          // Committed, but the acknowledgement is late: the server has delivered again by then.
          if (deliveries.values.length === 1) await deliveries.until((values) => values.length > 1);
          done.add('committed');
          return result;
        },
      },
      concurrency: 2,
      handler: async ({ payload }, _, tx) => {
        tx.prepare('INSERT INTO effect VALUES (?)').run(payload.n);
      },
    });
    const original = boxes.claim.bind(boxes);
    boxes.claim = async (tx, durable, id) => {
      deliveries.add(1);
      return original(tx, durable, id);
    };
    await publish(publisher, [5]);
    await done.count(2);
    expect(deliveries.values.length).toBe(2);
    expect(boxes.effects()).toEqual([5]);
  });

  it('tries a failing event again and makes a dead letter of it that can be replayed', async () => {
    const service = await clients.ready(policy);
    const attempts = new Probe<number>();
    let broken = true;
    service.consume(both, {
      durable: 'projection',
      maxDeliver: 3,
      retry: { baseMs: 20, maxMs: 40 },
      handler: async ({ payload }, { delivery }) => {
        attempts.add(delivery);
        if (broken && payload.n === 1) throw new Error('the table is missing');
      },
    });
    await publish(publisher, [1, 2]);
    await attempts.count(4);
    const page = await letters(service, 1);
    expect(attempts.values.toSorted((a, b) => a - b)).toEqual([1, 1, 2, 3]);
    expect(page[0]).toMatchObject({
      kind: 'event',
      source: 'projection',
      subject: enrolled.subject,
      reason: 'retries-exhausted',
      error: 'the table is missing',
      deliveries: 3,
    });
    const id = page[0]?.id ?? '';
    expect(JSON.parse((await service.deadLetters.get(id)).payload)).toEqual({ n: 1 });
    await expect(service.deadLetters.replay(id)).rejects.toThrow('the table is missing');
    broken = false;
    await service.deadLetters.replay(id);
    expect((await service.deadLetters.list()).items).toEqual([]);
    await expect(service.deadLetters.get(id)).rejects.toMatchObject({
      code: 'ESP_MESSAGING_DEAD_LETTER_UNKNOWN',
    });
  });

  it('gives up at once on a payload that breaks the contract and on a permanent failure', async () => {
    const service = await clients.ready(policy);
    const handled = new Probe<number>();
    service.consume(both, {
      durable: 'projection',
      handler: async ({ payload }) => {
        handled.add(payload.n);
        throw new PermanentFailure('no such device');
      },
    });
    await publisher.publishOutboxMessage({
      subject: enrolled.subject,
      messageId: 'bad',
      payload: '{"n":"x"}',
    });
    await publish(publisher, [1]);
    const found = await letters(service, 2);
    expect(found.map(({ reason }) => reason)).toEqual(['invalid-payload', 'permanent-failure']);
    expect(found[0]?.messageId).toBe('bad');
    expect(handled.values).toEqual([1]);
  });

  it('goes on where an operator deleted the consumer: the inbox keeps what was handled from counting twice', async () => {
    const boxes = new SqliteBoxes();
    const service = await clients.ready(policy);
    const deliveries = new Probe<string>();
    const claim = boxes.claim.bind(boxes);
    boxes.claim = async (tx, durable, id) => {
      deliveries.add(id);
      return claim(tx, durable, id);
    };
    service.consume(both, {
      durable: 'projection',
      inbox: { store: boxes, transaction: boxes.transaction },
      handler: async ({ payload }, _, tx) => {
        tx.prepare('INSERT INTO effect VALUES (?)').run(payload.n);
      },
    });
    await publish(publisher, [1]);
    await deliveries.count(1);
    const operator = await connect({ servers: server.url });
    try {
      const manager = await jetstreamManager(operator);
      await manager.consumers.delete(EVENT_STREAM, 'mdm-policy_projection');
    } finally {
      await operator.close();
    }
    await publish(publisher, [2]);
    await deliveries.count(3);
    await service.drain(2_000);
    expect(boxes.effects()).toEqual([1, 2]);
  });

  it('keeps the order with a failing event in front where asked to', async () => {
    const service = await clients.ready(policy);
    const seen = new Probe<string>();
    service.consume(both, {
      durable: 'projection',
      ordered: true,
      retry: { baseMs: 50 },
      handler: async ({ payload }, { delivery }) => {
        seen.add(`${payload.n}.${delivery}`);
        if (payload.n === 1 && delivery < 3) throw new Error('not yet');
      },
    });
    await publish(publisher, [1, 2, 3]);
    expect(await seen.count(5)).toEqual(['1.1', '1.2', '1.3', '2.1', '3.1']);
  });

  it("passes over events of the aggregate that it does not know: a later version's", async () => {
    const later = defineEvent({
      owner: 'mdm',
      aggregate: 'enrollment',
      event: 'renamed',
      payload: z.object({ n: z.number() }),
    });
    const newer = await clients.ready(
      defineServiceInterface({ service: 'mdm', publishes: [later, enrolled] }),
    );
    const service = await clients.ready(policy);
    const seen = new Probe<number>();
    service.consume(both, { durable: 'projection', handler: async ({ payload }) => seen.add(payload.n) });
    await newer.publishOutboxMessage(eventMessage(later, { n: 1 }));
    await publish(newer, [2]);
    expect(await seen.count(1)).toEqual([2]);
    expect((await service.deadLetters.list()).items).toEqual([]);
  });

  it('shows live events in order, from now on or from a position, one aggregate or several', async () => {
    await publish(publisher, [0]);
    const service = await clients.ready(policy);
    const live = new Probe<readonly [string, number, number]>();
    const passed = new Probe<number>();
    await service.tail([enrolled, pushed], { onPassed: (sequence) => passed.add(sequence) }, (event, meta) =>
      live.add([event.event, event.payload.n, meta.sequence]),
    ).active;
    await publish(publisher, [1]);
    await publish(publisher, [2], pushed);
    await publish(publisher, [9], removed);
    await publish(publisher, [3]);
    expect(await live.count(3)).toEqual([
      ['enrolled', 1, 2],
      ['sent', 2, 3],
      ['enrolled', 3, 5],
    ]);
    // Also over what nobody asked for.
    expect(await passed.count(4)).toEqual([2, 3, 4, 5]);
    const resumed = new Probe<number>();
    const controller = new AbortController();
    service.tail(enrolled, { afterSequence: 2, signal: controller.signal }, ({ payload }) =>
      resumed.add(payload.n),
    );
    expect(await resumed.count(1)).toEqual([3]);
    controller.abort();
    await publish(publisher, [4]);
    await live.count(4);
    expect(resumed.values).toEqual([3]);
  });

  it('holds no more than a little for a slow reader, and loses nothing over a killed server', async () => {
    const service = await clients.ready(policy);
    const seen = new Probe<number>();
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    await service.tail(enrolled, {}, async ({ payload }) => {
      if (payload.n === 0) await gate;
      seen.add(payload.n);
    }).active;
    await publish(publisher, numbers(500));
    type Consumers = {
      account_details: { stream_detail: { consumer_detail?: { num_pending: number }[] }[] }[];
    };
    const jsz = await server.monitor.get<Consumers>('/jsz?consumers=true');
    const details = jsz.account_details.flatMap(({ stream_detail }) => stream_detail);
    const pending = details.flatMap(({ consumer_detail }) => consumer_detail ?? []).map((c) => c.num_pending);
    expect(pending).toEqual([500 - 64]);
    await server.kill();
    open();
    await server.restart();
    await publisher.whenReady(10_000);
    await publish(publisher, [500]);
    expect(await seen.count(501)).toEqual(numbers(501));
  });
});

async function letters(service: Messaging, count: number): ReturnType<typeof items> {
  const deadline = AbortSignal.timeout(10_000);
  for (;;) {
    const found = await items(service);
    if (found.length >= count) return found;
    deadline.throwIfAborted();
  }
}

const items = async (
  service: Messaging,
): Promise<Awaited<ReturnType<typeof service.deadLetters.list>>['items']> =>
  (await service.deadLetters.list()).items;
