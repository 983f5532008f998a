import type { Database } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import { mdmPolicyMigrations } from '../migrations/index.js';
import { deploymentOf, profileItem } from '../planner/planner.fixture.js';
import { DeploymentStore } from './deployment.store.js';

const T = 1_000_000;

/** What versions guard stays guarded. */
describeOnEachDatabase('the store of deployments', { migrations: mdmPolicyMigrations }, (open) => {
  let db: Database;
  beforeEach(async () => {
    db = await open();
  });

  it('keeps deployments, the deleted ones as a name only', async () => {
    const store = new DeploymentStore();
    const one = deploymentOf([profileItem('a')]);
    await db.transaction((tx) => store.save(tx, one, T));
    expect(await store.ofCollections(db, [one.collectionId, 'ESP00009'])).toEqual([one]);
    expect(await store.names(db, [one.id])).toEqual(new Map([[one.id, one.name]]));
    expect(await store.rollingOut(db)).toHaveLength(1);
    await store.endRollout(db, one.id, one.version);
    expect(await store.rollingOut(db)).toEqual([]);
    await db.transaction((tx) => store.save(tx, { ...one, version: 2, name: 'New' }, T));
    expect((await store.ofCollections(db, [one.collectionId]))[0]?.name).toBe('New');
    await db.transaction((tx) => store.saveDeleted(tx, one.id, 3, one.collectionId, T));
    expect(await store.ofCollections(db, [one.collectionId])).toEqual([]);
    expect((await store.versions(db)).get(one.id)).toMatchObject({ version: 3, is_deleted: 1 });
    expect(await store.prune(db, T + 1)).toBe(1);
  });
});
