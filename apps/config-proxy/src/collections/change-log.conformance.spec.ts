import { describeOnEachDatabase } from '@espalier/testing';
import { ChangeLogStore } from './change-log.store.js';
import { byName, CollectionHarness, collectionMigrations, DEVICE } from './collection.fixture.js';

const DISK = 'SMS_G_System_LOGICAL_DISK';

/** Changes that wait until collections have followed. */
describeOnEachDatabase('the change log', { migrations: collectionMigrations }, (open) => {
  let harness: CollectionHarness;
  const log = new ChangeLogStore();
  beforeEach(async () => {
    harness = new CollectionHarness(await open());
    await harness.seed();
    await harness.addSample(6);
    await harness.settle();
  });

  const rename = (ids: readonly number[], name: string, classes: readonly string[]): Promise<void> =>
    harness.db.transaction(async (tx) => {
      await tx.execute(
        'UPDATE {resource} SET name = :name, name_folded = :name WHERE resource_id IN (:ids)',
        { name, ids },
      );
      await log.record(
        tx,
        ids.map((resourceId) => ({ resourceId, classes })),
      );
    });
  const rows = () => harness.db.query('SELECT resource_id FROM {resource_change}');
  const devices = [DEVICE + 1, DEVICE + 3, DEVICE + 5];

  it('keeps what many have in common as one row, which goes where no rule asks about it', async () => {
    const lab = await harness.make('Lab', { rules: [byName('lab-%')] });
    await harness.settle();
    await rename(devices, 'lab-x', [DISK]);
    expect(await rows()).toHaveLength(1);
    expect(await log.isAnyWaiting(harness.db)).toBe(true);
    await harness.settle();
    expect(await rows()).toEqual([]);
    expect(await harness.members(lab)).toEqual([0, 2, 4]);
  });

  it('lets collections follow for each of them where a rule asks', async () => {
    const lab = await harness.make('Lab', { rules: [byName('lab-%')] });
    await harness.settle();
    await rename(devices, 'lab-x', [DISK, 'SMS_R_System']);
    await harness.settle();
    expect(await rows()).toEqual([]);
    expect(await harness.members(lab)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('comes apart into a change of each where somebody is concerned', async () => {
    await rename(devices, 'disk', [DISK]);
    const asked: (readonly string[])[] = [];
    await harness.db.transaction(async (tx) => {
      await log.unpack(tx, 10, (classes) => asked.push(classes) > 0);
      const waiting = await log.oldest(tx, 2);
      expect(waiting.map(({ resourceId, classes }) => [resourceId, classes])).toEqual(
        devices.slice(0, 2).map((id) => [id, [DISK]]),
      );
      await log.remove(tx, waiting);
    });
    expect(asked).toEqual([[DISK]]);
    expect(await rows()).toEqual([{ resource_id: DEVICE + 5 }]);
  });

  it('says whether there is more than it was to look at', async () => {
    for (const name of ['a', 'b', 'c']) await rename(devices, name, [DISK]);
    const unpack = () => harness.db.transaction((tx) => log.unpack(tx, 2, () => false));
    expect([await unpack(), await unpack(), await unpack()]).toEqual([true, false, false]);
    expect(await rows()).toEqual([]);
  });
});
