import type { Database } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import { mdmPolicyMigrations } from '../migrations/index.js';
import { AgendaStore } from './agenda.store.js';

const T = 1_000_000;

/** When enrolments are to be looked at, and by which replica. */
describeOnEachDatabase('the agenda', { migrations: mdmPolicyMigrations }, (open, dialect) => {
  let db: Database;
  beforeEach(async () => {
    db = await open();
  });

  it('gives what has been due longest first, and never postpones', async () => {
    const agenda = new AgendaStore(db);
    await db.transaction(async (tx) => {
      await agenda.touch(tx, ['B'], T + 1);
      await agenda.touch(tx, ['A'], T);
      await agenda.want(tx, ['C'], T + 2);
      await agenda.remind(tx, ['A', 'B'], T + 50);
      await agenda.remind(tx, ['C'], T - 1);
    });
    const claim = (now: number, limit: number): Promise<string[]> =>
      db.transaction(async (tx) => (await agenda.claim(tx, now, limit)).map((entry) => entry.enrollment_id));
    expect(await claim(T + 10, 10)).toEqual(['C', 'A', 'B']);
    expect(await claim(T + 10, 1)).toEqual(['C']);
    expect(await claim(T - 2, 10)).toEqual([]);
    const [entry] = await db.transaction((tx) => agenda.lock(tx, ['C']));
    expect(entry).toMatchObject({ is_wanted: 1, sequence: 0, evaluated_at: null });
    await db.transaction((tx) =>
      agenda.save(tx, [{ ...(entry as NonNullable<typeof entry>), due_at: null, sequence: T }]),
    );
    expect(await claim(T + 10, 10)).toEqual(['A', 'B']);
    expect(await agenda.countDue(db, T + 10)).toBe(2);
  });

  it('gives an enrolment to one replica only', async () => {
    // Babelfish, where it stands in for SQL Server, ignores the hints; transactions of SQLite are alone.
    if (dialect !== 'postgres') return;
    const [one, other] = [new AgendaStore(db), await open({ beside: db })];
    await db.transaction((tx) => one.touch(tx, ['A', 'B', 'C'], T));
    await db.transaction(async (tx) => {
      expect(await one.claim(tx, T, 2)).toHaveLength(2);
      const left = await other.transaction((beside) => new AgendaStore(other).claim(beside, T, 10));
      expect(left).toHaveLength(1);
    });
  });
});
