import { insertRows, type Database } from '@espalier/persistence';
import { isBabelfish } from './database-places.js';
import { describeOnEachDatabase } from './describe-on-each-database.js';
import { thingRow, thingSuite } from './persistence.fixture.js';

/** Resolves for all when `size` have arrived; later visitors pass. */
function meeting(size: number): () => Promise<void> {
  const complete = Promise.withResolvers<void>();
  let arrived = 0;
  return () => {
    arrived += 1;
    if (arrived >= size) complete.resolve();
    return complete.promise;
  };
}

describeOnEachDatabase('conflicting transactions', thingSuite, (open, dialect) => {
  // SQLite lets one transaction in at a time: there is nothing to conflict with.
  if (dialect === 'sqlite') {
    it('run one after the other', async () => {
      const db = await open();
      let inside = 0;
      await Promise.all(
        Array.from({ length: 5 }, () =>
          db.transaction(async (tx) => {
            inside += 1;
            expect(inside).toBe(1);
            await tx.query('SELECT 1');
            inside -= 1;
          }),
        ),
      );
    });
    return;
  }

  let db: Database;
  beforeEach(async () => {
    db = await open();
    await insertRows(db, 'thing', [thingRow('A'), thingRow('B')]);
  });
  const add = 'UPDATE {thing} SET priority = priority + 1 WHERE id = :id';

  it('run again after a deadlock, and both take effect', async () => {
    const bothHoldOne = meeting(2);
    let attempts = 0;
    const crosswise = (first: string, second: string): Promise<void> =>
      db.transaction(async (tx) => {
        attempts += 1;
        await tx.execute(add, { id: first });
        await bothHoldOne();
        await tx.execute(add, { id: second });
      });
    await Promise.all([crosswise('A', 'B'), crosswise('B', 'A')]);
    expect(attempts).toBe(3);
    expect(await db.query('SELECT priority FROM {thing}')).toEqual([{ priority: 2 }, { priority: 2 }]);
  });

  it('tell the conflict where no retry is wanted', async () => {
    const bothHoldOne = meeting(2);
    const crosswise = (first: string, second: string): Promise<void> =>
      db.transaction(
        async (tx) => {
          await tx.execute(add, { id: first });
          await bothHoldOne();
          await tx.execute(add, { id: second });
        },
        { retries: 0 },
      );
    const results = await Promise.allSettled([crosswise('A', 'B'), crosswise('B', 'A')]);
    const failed = results.filter((result) => result.status === 'rejected');
    expect(failed.map(({ reason }) => reason as unknown)).toMatchObject([{ kind: 'conflict' }]);
    expect(await db.query('SELECT priority FROM {thing}')).toEqual([{ priority: 1 }, { priority: 1 }]);
  });

  it('allow no write skew when serializable', async () => {
    if (await isBabelfish(db)) return; // reports it under no number of SQL Server's
    const bothHaveRead = meeting(2);
    const closeUnlessLast = (id: string): Promise<void> =>
      db.transaction(
        async (tx) => {
          const open = await tx.query('SELECT id FROM {thing} WHERE is_open = 1');
          await bothHaveRead();
          if (open.length > 1) await tx.execute('UPDATE {thing} SET is_open = 0 WHERE id = :id', { id });
        },
        { isolation: 'serializable' },
      );
    await Promise.all([closeUnlessLast('A'), closeUnlessLast('B')]);
    expect(await db.query('SELECT id FROM {thing} WHERE is_open = 1')).toHaveLength(1);
  });
});
