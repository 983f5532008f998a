import { startNatsServer, type NatsServer } from '@espalier/testing';
import { connect } from '@nats-io/transport-node';
import { jetstreamManager } from '@nats-io/jetstream';

import { JOB_STREAM } from '../jetstream/stream.definitions.js';
import { PermanentFailure } from '../jetstream/permanent-failure.js';
import type { Messaging } from '../messaging.types.js';
import { Clients, mdm, numbers, policy, Probe, sweep } from '../spec/bus.fixture.js';
import { crashReplicaMidMessage } from '../spec/crash.fixture.js';

describe('jobs over a real nats-server', () => {
  let server: NatsServer;
  let clients: Clients;
  let giver: Messaging;
  beforeEach(async () => {
    server = await startNatsServer();
    clients = new Clients(server.url);
    giver = await clients.ready(policy);
  });
  afterEach(async () => {
    await clients.closeAll();
    await server.stop();
  });

  const enqueue = (values: readonly number[]): Promise<void[]> =>
    Promise.all(values.map((n) => giver.enqueue(sweep, { n }, { messageId: `job-${n}` })));

  async function waiting(): Promise<number> {
    const connection = await connect({ servers: server.url });
    try {
      const manager = await jetstreamManager(connection);
      return (await manager.streams.info(JOB_STREAM)).state.messages;
    } finally {
      await connection.close();
    }
  }

  /** The acknowledgement of the last message is on its way when the handler returns. */
  async function untilWaiting(count: number): Promise<void> {
    const deadline = AbortSignal.timeout(5_000);
    while ((await waiting()) !== count) deadline.throwIfAborted();
  }

  it('does each job once on one of the replicas, and a repeated message id never twice', async () => {
    const [one, two] = await Promise.all([clients.ready(mdm), clients.ready(mdm)]);
    const done = new Probe<number>();
    for (const worker of [one, two])
      await worker.work(sweep, async ({ n }) => done.add(n), { concurrency: 8 }).active;
    await enqueue(numbers(100));
    await enqueue(numbers(100));
    const handled = await done.count(100);
    expect(handled.toSorted((a, b) => a - b)).toEqual(numbers(100));
    await untilWaiting(0);
    expect(done.values).toHaveLength(100);
  });

  it('runs no more at once than told, and takes none that it has not begun', async () => {
    const worker = await clients.ready(mdm);
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const begun = new Probe<number>();
    worker.work(
      sweep,
      async ({ n }, { working }) => {
        begun.add(n);
        working();
        await gate;
      },
      { concurrency: 3 },
    );
    await enqueue(numbers(10));
    await begun.count(3);
    const rest = await clients.ready(mdm);
    const other = new Probe<number>();
    rest.work(sweep, async ({ n }) => other.add(n));
    // What the first replica has no room for, another gets at once.
    await other.count(7);
    expect([...begun.values, ...other.values].toSorted((a, b) => a - b)).toEqual(numbers(10));
    open();
    await untilWaiting(0);
  });

  it('retries with growing pauses, then keeps a dead letter that replays or is discarded', async () => {
    const worker = await clients.ready(mdm);
    const attempts = new Probe<{ n: number; at: number }>();
    let broken = true;
    worker.work(
      sweep,
      async ({ n }) => {
        attempts.add({ n, at: performance.now() });
        if (broken) throw new Error('database away');
      },
      { retry: { baseMs: 100, maxMs: 1_000 } },
    );
    await enqueue([1]);
    await attempts.count(3);
    await untilWaiting(0);
    const [first = 0, second = 0, third = 0] = attempts.values.map(({ at }) => at);
    expect(second - first).toBeGreaterThanOrEqual(49);
    expect(third - second).toBeGreaterThanOrEqual(99);
    const { items } = await worker.deadLetters.list({ source: 'sweep' });
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      kind: 'job',
      messageId: 'job-1',
      deliveries: 3,
      error: 'database away',
    });
    broken = false;
    await worker.deadLetters.replay(items[0]?.id ?? '');
    await attempts.count(4);
    await untilWaiting(0);
    expect((await worker.deadLetters.list()).items).toEqual([]);
  });

  it('pages through dead letters and discards one', async () => {
    const worker = await clients.ready(mdm);
    const done = new Probe<number>();
    worker.work(sweep, async ({ n }) => {
      done.add(n);
      throw new PermanentFailure(`no ${n}`);
    });
    await enqueue([1]);
    await done.count(1);
    await enqueue([2]);
    await done.count(2);
    await enqueue([3]);
    await untilWaiting(0);
    const page = await worker.deadLetters.list({ limit: 2 });
    expect(page.items.map(({ error }) => error)).toEqual(['no 1', 'no 2']);
    const rest = await worker.deadLetters.list({ limit: 2, after: page.next ?? '' });
    expect(rest.items.map(({ error }) => error)).toEqual(['no 3']);
    expect(rest.next).toBeUndefined();
    await worker.deadLetters.discard(page.items[0]?.id ?? '');
    expect((await worker.deadLetters.list()).items).toHaveLength(2);
    const again = worker.deadLetters.discard(page.items[0]?.id ?? '');
    await expect(again).rejects.toMatchObject({ code: 'ESP_MESSAGING_DEAD_LETTER_UNKNOWN' });
  });

  it('buries a job that kills every replica it meets, and leaves none stuck in the queue', async () => {
    await clients.ready(mdm);
    await enqueue([1]);
    for (const _ of numbers(sweep.maxDeliver)) await crashReplicaMidMessage(server.url, 'job');
    const worker = await clients.ready(mdm);
    const begun = new Probe<number>();
    worker.work(sweep, async ({ n }) => begun.add(n));
    await enqueue([2]);
    await begun.count(1);
    await untilWaiting(0);
    expect(begun.values).toEqual([2]);
    const { items } = await worker.deadLetters.list();
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ messageId: 'job-1', reason: 'retries-exhausted', deliveries: 4 });
  });

  it('lets a long job report progress, and tells one that does not that its time is over', async () => {
    const worker = await clients.ready(mdm);
    const log = new Probe<string>();
    worker.work(
      sweep,
      async ({ n }, { delivery, signal, working }) => {
        log.add(`${n} begun ${delivery}`);
        const ticker = setInterval(() => n === 1 && working(), 300);
        const late = new Promise<string>((resolve) =>
          signal.addEventListener('abort', () => resolve('over'), { once: true }),
        );
        // Twice the ack wait.
        const done = new Promise<string>((resolve) => setTimeout(() => resolve('done'), sweep.ackWaitMs * 2));
        const end = await Promise.race([late, done]);
        clearInterval(ticker);
        log.add(`${n} ${end}`);
        if (end === 'over' && delivery === 1) throw new Error('gave up');
      },
      { concurrency: 2, retry: { baseMs: 20 } },
    );
    await enqueue([1]);
    expect(await log.count(2)).toEqual(['1 begun 1', '1 done']);
    await enqueue([2]);
    await log.until((lines) => lines.includes('2 over'));
    await log.until((lines) => lines.includes('2 begun 2'));
  });

  it('answers a full queue with back-pressure and takes jobs again when there is room', async () => {
    const small = { jobMaxPerQueue: 3 };
    await clients.ready(mdm, { streams: small });
    await enqueue([1, 2, 3]);
    await expect(enqueue([4])).rejects.toMatchObject({
      code: 'ESP_MESSAGING_BACKLOG_FULL',
      status: 503,
      retryable: true,
    });
    const worker = await clients.ready(mdm, { streams: small });
    const done = new Probe<number>();
    worker.work(sweep, async ({ n }) => done.add(n));
    await done.count(3);
    await untilWaiting(0);
    await enqueue([4]);
    expect(await done.count(4)).toEqual([1, 2, 3, 4]);
  });
});
