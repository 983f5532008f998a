import { startNatsServer, type NatsServer } from '@espalier/testing';
import { Registry } from 'prom-client';

import { eventMessage } from '../events/event-message.js';
import type { Messaging } from '../messaging.types.js';
import {
  Clients,
  enrolled,
  mdm,
  MemoryLogger,
  numbers,
  policy,
  Probe,
  SqliteBoxes,
} from '../spec/bus.fixture.js';
import { OutboxRelay } from './outbox-relay.js';

describe('the outbox relay over a real nats-server', () => {
  let server: NatsServer;
  let clients: Clients;
  let boxes: SqliteBoxes;
  const relays: OutboxRelay[] = [];
  beforeEach(async () => {
    server = await startNatsServer();
    clients = new Clients(server.url);
    boxes = new SqliteBoxes();
  });
  afterEach(async () => {
    await Promise.all(relays.splice(0).map((relay) => relay.stop()));
    await clients.closeAll();
    await server.stop();
  });

  function relayOf(messaging: Messaging, metrics?: Registry): OutboxRelay {
    const options = { messaging, store: boxes, logger: new MemoryLogger(), batchSize: 50, pollMs: 50 };
    const relay = new OutboxRelay({ ...options, ...(metrics !== undefined && { metrics }) });
    relays.push(relay);
    relay.start();
    return relay;
  }

  const append = (values: readonly number[]): Promise<void> =>
    boxes.transaction(async (tx) => {
      for (const n of values) await boxes.append(tx, eventMessage(enrolled, { n }));
    });

  async function stored(): Promise<Probe<number>> {
    const reader = await clients.ready(policy);
    const seen = new Probe<number>();
    reader.tail(enrolled, { afterSequence: 0 }, ({ payload }) => seen.add(payload.n));
    return seen;
  }

  it('publishes what was committed, in order, and nothing of what was rolled back', async () => {
    const metrics = new Registry();
    const relay = relayOf(await clients.ready(mdm), metrics);
    await append(numbers(120));
    const failing = boxes.transaction(async (tx) => {
      await boxes.append(tx, eventMessage(enrolled, { n: 999 }));
      throw new Error('constraint');
    });
    await expect(failing).rejects.toThrow('constraint');
    await append([120]);
    relay.nudge();
    const seen = await stored();
    expect(await seen.count(121)).toEqual(numbers(121));
    await relay.stop();
    expect(await boxes.depth()).toBe(0);
    expect(await metrics.getSingleMetricAsString('espalier_outbox_depth')).toMatch(
      /espalier_outbox_depth 0$/,
    );
  });

  it('finds by polling what no nudge announced', async () => {
    relayOf(await clients.ready(mdm));
    const seen = await stored();
    await append([1]);
    expect(await seen.count(1)).toEqual([1]);
  });

  it('keeps everything while NATS is away, and loses and doubles nothing when it is killed midway', async () => {
    const publisher = await clients.ready(mdm);
    const relay = relayOf(publisher);
    const seen = await stored();
    await append(numbers(2_000));
    relay.nudge();
    await seen.count(200);
    await server.kill();
    await append([2_000, 2_001]);
    relay.nudge();
    expect(await boxes.depth()).toBeGreaterThan(1);
    await server.restart();
    expect(await seen.count(2_002)).toEqual(numbers(2_002));
    await publisher.whenReady(10_000);
    // The stream itself holds each once: a reader from the beginning sees the same.
    const again = await stored();
    expect(await again.count(2_002)).toEqual(numbers(2_002));
    await relay.stop();
    expect(await boxes.depth()).toBe(0);
  });

  it('does not double where two relays share an outbox', async () => {
    const [one, two] = await Promise.all([clients.ready(mdm), clients.ready(mdm)]);
    await append(numbers(500));
    relayOf(one);
    relayOf(two);
    const seen = await stored();
    await seen.count(500);
    await Promise.all(relays.map((relay) => relay.stop()));
    const again = await stored();
    expect(await again.count(500)).toEqual(numbers(500));
    await append([500]);
    relayOf(one);
    expect((await again.count(501)).at(-1)).toBe(500);
  });

  it('publishes what is left when it stops', async () => {
    const relay = relayOf(await clients.ready(mdm));
    const seen = await stored();
    await append(numbers(130));
    await relay.stop();
    expect(await boxes.depth()).toBe(0);
    expect(await seen.count(130)).toEqual(numbers(130));
  });
});
