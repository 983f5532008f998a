import { EventPublisher } from '@espalier/messaging';
import { createOutbox, outboxMigration, type Database } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import { createDeployments } from '../migrations/2026-11-21-create-deployments.js';
import type { OwnStatusMessage } from './status-log.js';
import { buildStatusRooms, type StatusRooms } from './status.rooms.js';

const line = (text: string, more: Partial<OwnStatusMessage> = {}): OwnStatusMessage => ({
  severity: 'information',
  component: 'collections',
  messageId: 'collection-evaluated',
  text,
  ...more,
});

/** One suite for every database: the log that the services keep for admins. */
describeOnEachDatabase('status messages', { migrations: [outboxMigration, createDeployments] }, (open) => {
  let db: Database;
  let status: StatusRooms;
  let time = 0;

  beforeEach(async () => {
    db = await open();
    time = 1_000;
    const events = new EventPublisher(createOutbox(db), { nudge: () => undefined });
    status = buildStatusRooms({ db, events, now: () => new Date(time) });
  });

  const write = (...lines: readonly OwnStatusMessage[]): Promise<void> =>
    db.transaction((tx) => status.log.write(tx, ...lines));
  const texts = async (request: object = {}): Promise<string[]> =>
    (await status.store.list({ limit: 100, ...request })).rows.map(({ text }) => text);
  const published = async (): Promise<number> => (await db.query('SELECT 1 AS x FROM {outbox}')).length;

  it('are kept and told in the transaction of what they tell', async () => {
    await write(line('One.', { collectionId: 'ESP00014', resourceId: 7 }), line('Two.'));
    expect((await status.store.list({ limit: 10, orderBy: 'id' })).rows[0]).toEqual({
      id: 1,
      at: 1_000,
      service: 'config-proxy',
      severity: 'information',
      component: 'collections',
      messageId: 'collection-evaluated',
      text: 'One.',
      collectionId: 'ESP00014',
      resourceId: 7,
    });
    expect(await published()).toBe(2);
    const failing = db.transaction(async (tx) => {
      await status.log.write(tx, line('Never.'));
      throw new Error('it did not happen');
    });
    await expect(failing).rejects.toThrow('it did not happen');
    expect(await texts()).toEqual(['Two.', 'One.']);
    expect(await published()).toBe(2);
  });

  it('list newest first, by pages and filters', async () => {
    for (const n of [1, 2, 3, 4]) {
      time = n;
      await write(line(`${n}.`, { severity: n % 2 === 0 ? 'error' : 'information', deploymentId: `d${n}` }));
    }
    expect(await texts()).toEqual(['4.', '3.', '2.', '1.']);
    expect(await texts({ filter: "severity eq 'error' and at gt '1970-01-01T00:00:00.003Z'" })).toEqual([
      '4.',
    ]);
    expect(await texts({ filter: "deploymentId eq 'd2'" })).toEqual(['2.']);
    const first = await status.store.list({ limit: 3 });
    expect(await texts({ limit: 3, cursor: first.next })).toEqual(['1.']);
    await expect(texts({ filter: 'text' })).rejects.toMatchObject({ code: 'ESP_SITE_FILTER_INVALID' });
  });

  it('are cut where they are too long, and cleaned of what no database stores', async () => {
    await write(line('x'.repeat(3_000)), line('a\0b'));
    const [second, first = ''] = await texts();
    expect(second).toBe('ab');
    expect(first).toHaveLength(2_000);
  });

  it('go when they are old, and when there are too many, a few at a time', async () => {
    for (const n of [1, 2, 3, 4, 5]) {
      time = n;
      await write(line(`${n}.`));
    }
    expect(await status.store.prune(3, 1_000, 1)).toBe(1);
    expect(await status.store.prune(3, 1_000, 100)).toBe(1);
    expect(await texts()).toEqual(['5.', '4.', '3.']);
    expect(await status.store.prune(0, 2, 100)).toBe(1);
    expect(await texts()).toEqual(['5.', '4.']);
    expect(await status.store.prune(0, 2, 100)).toBe(0);
  });
});
