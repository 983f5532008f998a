import { windowsTag, type correctWindows } from '@espalier/contracts';
import type { Messaging } from '@espalier/messaging';
import type { Database } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import type { z } from 'zod';
import { mdmPolicyMigrations } from '../migrations/index.js';
import { windowOf } from '../planner/planner.fixture.js';
import { ScopeStore } from '../scopes/scope.store.js';
import { logger } from '../spec/bus.fixture.js';
import { StaleWindows } from './stale-windows.js';

/** What is asked; that what differs is put right is in mdm-policy.healing.spec. */
describeOnEachDatabase('the search for stale windows', { migrations: mdmPolicyMigrations }, (open) => {
  let db: Database;
  beforeEach(async () => {
    db = await open();
  });

  it('says of every collection once what it has, and asks for those it has never heard of', async () => {
    const scopes = new ScopeStore();
    const windows = [windowOf(), windowOf({ name: 'Days' })];
    await db.transaction(async (tx) => {
      await scopes.lock(tx, ['ESP00001', 'ESP00002', 'ESP00003'], 1);
      await scopes.saveWindows(tx, 'ESP00001', 7, windows);
      await scopes.saveWindows(tx, 'ESP00003', 9, []);
    });
    const asked: z.output<typeof correctWindows.request>[] = [];
    const call = (_rpc: unknown, request: (typeof asked)[0]): Promise<unknown> => {
      asked.push(request);
      return Promise.resolve({ corrected: 0 });
    };
    const messaging = { call } as unknown as Pick<Messaging, 'call'>;
    const find = (pageSize: number): Promise<void> =>
      new StaleWindows({ db, messaging, scopes, logger, pageSize }).find(new AbortController().signal);
    await find(2);
    expect(asked).toEqual([
      {
        after: '',
        through: 'ESP00002',
        collections: [
          { id: 'ESP00001', digest: windowsTag(windows.toReversed()), version: 7 },
          { id: 'ESP00002', digest: 0, version: -1 },
        ],
      },
      { after: 'ESP00002', through: null, collections: [{ id: 'ESP00003', digest: 0, version: 9 }] },
    ]);
    asked.length = 0;
    await db.execute('DELETE FROM {scope}');
    await find(2);
    expect(asked).toEqual([{ after: '', through: null, collections: [] }]);
  });
});
