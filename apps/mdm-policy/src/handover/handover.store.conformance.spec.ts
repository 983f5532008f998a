import { randomUUID } from 'node:crypto';
import type { Database } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import { mdmPolicyMigrations } from '../migrations/index.js';
import { HandoverStore } from './handover.store.js';

const T = 1_000_000;

/** Calls to mdm, and the leases that replicas have of them. */
describeOnEachDatabase('the store of handovers', { migrations: mdmPolicyMigrations }, (open) => {
  let db: Database;
  beforeEach(async () => {
    db = await open();
  });

  it('gives calls to mdm to one replica until its lease is over, commands before questions', async () => {
    const store = new HandoverStore(db);
    const [ask, install] = [randomUUID(), randomUUID()];
    await db.transaction((tx) =>
      store.add(
        tx,
        [
          { id: ask, spec: { type: 'ask', kinds: ['profiles'] }, enrollmentIds: ['A'] },
          { id: install, spec: { type: 'install', ciId: 'c', revision: 1 }, enrollmentIds: ['A', 'B'] },
        ],
        T,
      ),
    );
    expect((await store.claim(T, T + 60, 10)).map((one) => [one.id, one.attempts])).toEqual([
      [install, 1],
      [ask, 1],
    ]);
    expect(await store.claim(T + 59, T + 60, 10)).toEqual([]);
    expect(await store.claim(T + 60, T + 90, 10)).toHaveLength(2);
    await store.postpone(ask, T + 200);
    expect(await store.finish(db, install)).toBe(true);
    expect(await store.finish(db, install)).toBe(false);
    expect(await store.claim(T + 199, T + 300, 10)).toEqual([]);
  });
});
