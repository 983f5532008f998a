import {
  createInbox,
  createOutbox,
  inboxMigration,
  outboxMigration,
  type Database,
  type Outbox,
} from '@espalier/persistence';
import { describeOnEachDatabase } from './describe-on-each-database.js';

const suite = { migrations: [outboxMigration, inboxMigration] };
const message = (n: number) => ({ subject: 'esp.v1.evt.a.b', messageId: `m${n}`, payload: `{"n":${n}}` });
const append = (db: Database, outbox: Outbox, ...numbers: number[]): Promise<void> =>
  db.transaction(async (tx) => {
    await outbox.appendAll(tx, numbers.map(message));
  });

describeOnEachDatabase('outbox', suite, (open) => {
  let db: Database;
  let outbox: Outbox;
  let clock: number;
  const now = (): Date => new Date(clock);
  const idsOf = (rows: readonly { messageId: string }[]): string[] => rows.map(({ messageId }) => messageId);
  beforeEach(async () => {
    db = await open();
    clock = 1_750_000_000_000;
    outbox = createOutbox(db, { now, leaseMs: 1_000 });
  });

  it('gives messages in the order they were appended, until they are removed', async () => {
    await append(db, outbox, 1, 2);
    await db.transaction((tx) => outbox.appendAll(tx, [{ ...message(3), headers: { 'Esp-Actor': 'é' } }]));
    const batch = await outbox.takeBatch(2);
    expect(batch).toEqual([
      { id: expect.any(String) as string, ...message(1) },
      { id: expect.any(String) as string, ...message(2) },
    ]);
    expect(idsOf(await outbox.takeBatch(10))).toEqual(['m1', 'm2', 'm3']);
    await outbox.remove(batch.map(({ id }) => id));
    expect(await outbox.takeBatch(10)).toMatchObject([{ messageId: 'm3', headers: { 'Esp-Actor': 'é' } }]);
    expect(await outbox.depth()).toBe(1);
    await outbox.remove([]);
    expect(await outbox.depth()).toBe(1);
  });

  it('holds no message of a transaction that was rolled back', async () => {
    await db
      .transaction(async (tx) => {
        await outbox.appendAll(tx, [message(1)]);
        throw new Error('roll back');
      })
      .catch(() => undefined);
    expect(await outbox.depth()).toBe(0);
  });

  it('lets one replica relay, and another when that one releases or falls silent', async () => {
    const second = createOutbox(await open({ beside: db }), { now, leaseMs: 1_000 });
    await append(db, outbox, 1, 2);
    expect(await outbox.takeBatch(10)).toHaveLength(2);
    expect(await second.takeBatch(10)).toEqual([]);
    clock += 999;
    expect(await outbox.takeBatch(10)).toHaveLength(2); // renews
    clock += 999;
    expect(await second.takeBatch(10)).toEqual([]);
    clock += 2;
    expect(await second.takeBatch(10)).toHaveLength(2);
    expect(await outbox.takeBatch(10)).toEqual([]);
    await outbox.release(); // not its own any more: nothing happens
    expect(await outbox.takeBatch(10)).toEqual([]);
    await second.release();
    expect(await outbox.takeBatch(10)).toHaveLength(2);
  });

  it('relays each message once and in order with two replicas at work', async () => {
    const replica = await open({ beside: db });
    const relays = [createOutbox(db, { leaseMs: 60_000 }), createOutbox(replica, { leaseMs: 60_000 })];
    const total = 120;
    const relayed: string[] = [];
    const relay = async (own: Outbox): Promise<void> => {
      while (relayed.length < total) {
        const batch = await own.takeBatch(7);
        relayed.push(...idsOf(batch));
        await own.remove(batch.map(({ id }) => id));
        if (Math.random() < 0.5) await own.release();
      }
    };
    const produce = async (): Promise<void> => {
      for (let n = 0; n < total; n += 3) await append(n % 2 === 0 ? db : replica, outbox, n, n + 1, n + 2);
    };
    await Promise.all([produce(), ...relays.map(relay)]);
    expect(relayed).toEqual(Array.from({ length: total }, (_, n) => `m${n}`));
  });

  it('gives up old messages on demand', async () => {
    await append(db, outbox, 1);
    clock += 10;
    await append(db, outbox, 2);
    expect(await outbox.prune(clock)).toBe(1);
    expect(idsOf(await outbox.takeBatch(9))).toEqual(['m2']);
  });
});

describeOnEachDatabase('inbox', suite, (open) => {
  it('claims a message once per durable, and again after a rollback', async () => {
    const db = await open();
    const inbox = createInbox(db);
    const claim = (durable: string, id: string): Promise<boolean> =>
      db.transaction((tx) => inbox.claim(tx, durable, id));
    const failing = db.transaction(async (tx) => {
      expect(await inbox.claim(tx, 'policy', 'm1')).toBe(true);
      throw new Error('handler failed');
    });
    await expect(failing).rejects.toThrow('handler failed');
    expect(await claim('policy', 'm1')).toBe(true);
    expect(await claim('policy', 'm1')).toBe(false);
    expect(await claim('audit', 'm1')).toBe(true);
  });

  it('lets one of several concurrent deliveries through, on two replicas', async () => {
    const db = await open();
    const replicas = [db, await open({ beside: db })];
    const claims = await Promise.all(
      Array.from({ length: 10 }, (_, i) => {
        const replica = replicas[i % 2] as Database;
        return replica.transaction((tx) => createInbox(replica).claim(tx, 'policy', 'm1'));
      }),
    );
    expect(claims.filter(Boolean)).toHaveLength(1);
  });

  it('forgets what is older than asked', async () => {
    const db = await open();
    let clock = 1_000;
    const inbox = createInbox(db, { now: () => new Date(clock) });
    await db.transaction((tx) => inbox.claim(tx, 'policy', 'm1'));
    clock = 2_000;
    await db.transaction((tx) => inbox.claim(tx, 'policy', 'm2'));
    expect(await inbox.prune(2_000)).toBe(1);
    expect(await db.transaction((tx) => inbox.claim(tx, 'policy', 'm1'))).toBe(true);
    expect(await db.transaction((tx) => inbox.claim(tx, 'policy', 'm2'))).toBe(false);
  });
});
