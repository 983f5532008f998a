import type { Database } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import { byName, CollectionHarness, collectionMigrations, DEVICE } from './collection.fixture.js';

const SOFTWARE = `select * from SMS_R_System where Name like "lab-%"
  and ResourceId not in (select ResourceId from SMS_G_System_INSTALLED_SOFTWARE)`;

/** A rule that takes longer than the database allows, as one on a large site may. Only PostgreSQL gives up by itself. */
describeOnEachDatabase(
  'a query rule that takes too long',
  { migrations: collectionMigrations },
  (open, dialect) => {
    let harness: CollectionHarness;
    let beside: Database;
    let slow: string;
    let lab: string;
    beforeEach(async () => {
      if (dialect !== 'postgres') return;
      const db = await open({ options: { statementTimeoutMs: 300 } });
      beside = await open({ beside: db });
      harness = new CollectionHarness(db);
      await harness.seed();
      await harness.addDevices({ id: DEVICE, name: 'lab-0' });
      slow = await harness.make('A slow one', {
        rules: [{ kind: 'query', name: 'Software', query: SOFTWARE }],
      });
      lab = await harness.make('Lab', { rules: [byName('lab-%')] });
      await harness.settle();
    });

    /** While what the rule looks at gives no answer. */
    const whileSlow = (work: () => Promise<void>): Promise<void> =>
      beside.transaction(async (tx) => {
        await tx.execute('LOCK TABLE {gs_installed_software} IN ACCESS EXCLUSIVE MODE');
        await work();
      });

    it('holds up no other collection, keeps its members, and follows once it can be evaluated', async () => {
      if (dialect !== 'postgres') return;
      await whileSlow(async () => {
        await harness.addDevices({ id: DEVICE + 1, name: 'lab-1' });
        while (await harness.rooms.evaluation.evaluateChanges());
        expect([await harness.members(slow), await harness.members(lab)]).toEqual([[0], [0, 1]]);
      });
      expect(harness.waiting).toHaveLength(1);
      await harness.settle();
      expect(await harness.members(slow)).toEqual([0, 1]);
    });

    it('is named by a whole evaluation, which goes on without it', async () => {
      if (dialect !== 'postgres') return;
      await harness.db.execute('DELETE FROM {collection_member}');
      const messages: string[] = [];
      await whileSlow(async () => {
        const job = harness.kindOf('collection-evaluation');
        for (let cursor: string | null = null, finished = false; !finished;) {
          const params = { collectionIds: null };
          const step = await job.step(
            { id: 'job', params, cursor, createdBy: 'spec' },
            new AbortController().signal,
          );
          messages.push(...(step.messages ?? []));
          ({ cursor, finished } = step);
        }
      });
      expect([await harness.members(slow), await harness.members(lab)]).toEqual([[], [0]]);
      expect(messages).toEqual([expect.stringContaining('"Software"')]);
    });
  },
);
