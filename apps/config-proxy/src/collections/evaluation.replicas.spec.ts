import { randomUUID } from 'node:crypto';
import { describeOnEachDatabase, isBabelfish } from '@espalier/testing';
import { byName, CollectionHarness, collectionMigrations, DEVICE } from './collection.fixture.js';

/** Several replicas at once, and replicas that die: nothing is lost, nothing is done twice. */
describeOnEachDatabase('evaluations', { migrations: collectionMigrations }, (open) => {
  let one: CollectionHarness;
  let two: CollectionHarness;
  beforeEach(async () => {
    one = new CollectionHarness(await open(), { chunkSize: 10 });
    two = new CollectionHarness(await open({ beside: one.db }), { chunkSize: 10 });
    await one.seed();
    await one.settle();
  });

  const devices = (from: number, to: number): Promise<void> =>
    one.addDevices(
      ...Array.from({ length: to - from }, (_, n) => ({
        id: DEVICE + from + n,
        name: `${(from + n) % 2 === 0 ? 'lab' : 'desk'}-${from + n}`,
      })),
    );
  /** Every stored count and member, compared with a whole evaluation by a third replica. */
  const expectConsistent = async (): Promise<void> => {
    const snapshot = () =>
      one.db.query(
        `SELECT m.collection_id, m.resource_id, m.is_direct FROM {collection_member} m
         ORDER BY m.collection_id, m.resource_id`,
      );
    const counts = await one.db.query(
      `SELECT c.collection_id FROM {collection} c
       WHERE c.member_count <> (SELECT COUNT(*) FROM {collection_member} m WHERE m.collection_id = c.collection_id)`,
    );
    expect(counts).toEqual([]);
    const before = await snapshot();
    const third = new CollectionHarness(await open({ beside: one.db }));
    await third.runJob('collection-evaluation', { collectionIds: null });
    expect(await snapshot()).toEqual(before);
  };

  it('by two replicas at once, of changes and of everything, end in the same members', async () => {
    if (await isBabelfish(one.db)) return; // ignores UPDLOCK: evaluations do not wait for each other
    await devices(0, 60);
    const lab = await one.make('Lab', { rules: [byName('lab-%')] });
    await one.make('Rest', { rules: [byName('%'), { kind: 'exclude', collectionId: lab }] });
    one.waiting.length = 0;
    const changing = async (harness: CollectionHarness, offset: number): Promise<void> => {
      for (let n = 0; n < 12; n += 1) {
        await harness.change(DEVICE + n * 5 + offset, { name: n % 3 === 0 ? 'lab-x' : 'desk-x' });
        await harness.rooms.evaluation.evaluateChanges();
      }
    };
    await Promise.all([
      one.runJob('collection-evaluation', { collectionIds: null }),
      two.runJob('collection-evaluation', { collectionIds: null }),
      changing(one, 0),
      changing(two, 1),
    ]);
    await Promise.all([one.settle(), two.settle()]);
    expect((await one.members(lab)).length).toBeGreaterThan(10);
    await expectConsistent();
  });

  it('go on after a replica died between two chunks, from its last chunk or from the one before', async () => {
    await devices(0, 45);
    await one.settle();
    const lab = await one.make('Lab', { rules: [byName('lab-%')] });
    one.waiting.length = 0;
    const kind = one.kindOf('collection-evaluation');
    const params = { collectionIds: [lab] };
    const job = { id: randomUUID(), params, createdBy: 'spec' };
    const { signal } = new AbortController();
    const begun = await kind.step({ ...job, cursor: null }, signal);
    const first = await kind.step({ ...job, cursor: begun.cursor }, signal);
    expect(await one.rooms.collections.get(lab)).toMatchObject({ memberCount: 5, status: 'evaluating' });
    // Its position was not saved: the other one does the first chunk again, then the rest.
    let cursor = begun.cursor;
    let finished = false;
    while (!finished) ({ cursor, finished } = await two.kindOf(kind.kind).step({ ...job, cursor }, signal));
    expect(first.finished).toBe(false);
    expect(await two.rooms.collections.get(lab)).toMatchObject({ memberCount: 23, status: 'ready' });
    const told = await one.events<{ collectionId: string; what: string; joined: number }>(
      'collection.changed',
    );
    expect(told.filter(({ collectionId }) => collectionId === lab)).toMatchObject([
      { what: 'created' },
      { what: 'evaluated', joined: 23 },
    ]);
    await one.settle();
    await expectConsistent();
  });

  it('of changes are kept where the transaction fails, and done by whoever comes next', async () => {
    await devices(0, 5);
    one.failing = new Error('killed');
    await expect(one.rooms.evaluation.evaluateChanges()).rejects.toThrow('killed');
    expect(await one.members('SMS00001')).toEqual([]);
    await two.settle();
    expect(await one.members('SMS00001')).toEqual([0, 1, 2, 3, 4]);
    await expectConsistent();
  });

  it('use new definitions on every replica as soon as they are saved', async () => {
    await devices(0, 6);
    await two.settle();
    const lab = await one.make('Lab', { rules: [byName('lab-%')] });
    one.waiting.length = 0;
    await one.change(DEVICE, { name: 'lab-zero' });
    await two.settle();
    expect(await one.members(lab)).toEqual([0]);
  });

  it('of a change begin by themselves, at once where they are recorded and soon on other replicas', async () => {
    const running = new CollectionHarness(await open({ beside: one.db }), { pollMs: 20 });
    await running.rooms.start();
    try {
      await running.addDevices({ id: DEVICE });
      await one.addDevices({ id: DEVICE + 1 });
      const giveUpAt = Date.now() + 10_000;
      while ((await one.members('SMS00001')).length < 2 && Date.now() < giveUpAt)
        await new Promise((resolve) => setTimeout(resolve, 10));
      expect(await one.members('SMS00001')).toEqual([0, 1]);
    } finally {
      await running.rooms.stop();
    }
  });
});
