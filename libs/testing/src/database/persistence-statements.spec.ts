import {
  claimRows,
  insertIfAbsent,
  insertRows,
  page,
  resealColumn,
  upsert,
  type Claim,
  type Database,
} from '@espalier/persistence';
import { isBabelfish } from './database-places.js';
import { describeOnEachDatabase } from './describe-on-each-database.js';
import { expectMssqlStatements } from './mssql-golden.js';
import { thingRow, thingSuite } from './persistence.fixture.js';

const claim = (limit: number): Claim => ({
  table: 'thing',
  where: 'is_open = 1 AND created_at <= :now',
  set: 'is_open = 0, serial = :holder',
  params: { now: 1_750_000_000_001, holder: null },
  orderBy: ['priority desc', 'id'],
  columns: ['id', 'priority', 'is_open'],
  limit,
});

const listing = {
  sql: 'SELECT id, priority FROM {thing} WHERE is_open = :open',
  params: { open: 1 },
  orderBy: ['priority desc', 'id'],
};

describeOnEachDatabase('statements', thingSuite, (open) => {
  let db: Database;
  beforeEach(async () => {
    db = await open();
  });

  describe('upsert', () => {
    it('inserts what is new and updates the named columns of what exists', async () => {
      await insertRows(db, 'thing', [thingRow('A', { priority: 1, note: 'old' })]);
      await upsert(db, 'thing', {
        key: ['id'],
        rows: [thingRow('A', { priority: 2, note: 'new' }), thingRow('B', { priority: 3, note: 'new' })],
        update: ['priority'],
      });
      expect(await db.query('SELECT id, priority, note FROM {thing} ORDER BY id')).toEqual([
        { id: 'A', priority: 2, note: 'old' },
        { id: 'B', priority: 3, note: 'new' },
      ]);
    });

    it('takes more rows than one statement has parameters for, and the last of equal keys', async () => {
      const rows = Array.from({ length: 1_000 }, (_, i) => thingRow(`T${i % 900}`, { priority: i }));
      await db.transaction((tx) => upsert(tx, 'thing', { key: ['id'], rows }));
      expect(await db.query('SELECT COUNT(*) AS n FROM {thing} WHERE priority >= 900')).toEqual([{ n: 100 }]);
      expect(await db.query('SELECT COUNT(*) AS n FROM {thing}')).toEqual([{ n: 900 }]);
    });

    it('neither fails nor loses a row among concurrent callers with the same keys', async () => {
      const other = await open({ beside: db });
      const ids = Array.from({ length: 20 }, (_, i) => `T${i}`);
      const write = (i: number): Promise<void> =>
        upsert(i % 2 === 0 ? db : other, 'thing', {
          key: ['id'],
          rows: (i % 3 === 0 ? ids : ids.toReversed()).map((id) => thingRow(id, { priority: i })),
        });
      await Promise.all(Array.from({ length: 20 }, (_, i) => write(i)));
      const rows = await db.query<{ priority: number }>('SELECT priority FROM {thing}');
      expect(rows).toHaveLength(20);
      // Each batch is one statement: all rows carry the number of the batch that came last.
      expect(new Set(rows.map(({ priority }) => priority)).size).toBe(1);
    });

    it('lets exactly one of concurrent callers insert a key', async () => {
      const won = await Promise.all(
        Array.from({ length: 12 }, () => insertIfAbsent(db, 'thing', ['id'], thingRow('A'))),
      );
      expect(won.filter(Boolean)).toHaveLength(1);
    });

    it('takes only the key that was asked for as already there, no other that is unique', async () => {
      const row = thingRow('A', { serial: 'S' });
      expect(await insertIfAbsent(db, 'thing', ['id'], row)).toBe(true);
      expect(await insertIfAbsent(db, 'thing', ['id'], { ...row, serial: 'T' })).toBe(false);
      const taken = insertIfAbsent(db, 'thing', ['id'], { ...row, id: 'B' });
      await expect(taken).rejects.toMatchObject({ kind: 'unique' });
      expect(await db.query('SELECT id, serial FROM {thing}')).toEqual([{ id: 'A', serial: 'S' }]);
    });
  });

  describe('claimRows', () => {
    it('takes the first rows in order, marked', async () => {
      await insertRows(
        db,
        'thing',
        [3, 1, 2, 2].map((priority, i) => thingRow(`T${i}`, { priority })),
      );
      await insertRows(db, 'thing', [thingRow('later', { priority: 9, created_at: 1_760_000_000_000 })]);
      expect(await claimRows(db, claim(3))).toEqual([
        { id: 'T0', priority: 3, is_open: 0 },
        { id: 'T2', priority: 2, is_open: 0 },
        { id: 'T3', priority: 2, is_open: 0 },
      ]);
      expect(await claimRows(db, claim(3))).toEqual([{ id: 'T1', priority: 1, is_open: 0 }]);
      expect(await claimRows(db, claim(3))).toEqual([]);
    });

    it('gives no row to two of eight concurrent workers on two replicas', async () => {
      const other = await open({ beside: db });
      await insertRows(
        db,
        'thing',
        Array.from({ length: 100 }, (_, i) => thingRow(`T${i}`)),
      );
      const work = async (on: Database): Promise<string[]> => {
        const mine: string[] = [];
        for (;;) {
          const rows = await claimRows<{ id: string }>(on, claim(7));
          if (rows.length === 0) return mine;
          expect(rows.length).toBeLessThanOrEqual(7);
          mine.push(...rows.map(({ id }) => id));
        }
      };
      const taken = await Promise.all(Array.from({ length: 8 }, (_, i) => work(i % 2 === 0 ? db : other)));
      expect(taken.flat()).toHaveLength(100);
      expect(new Set(taken.flat()).size).toBe(100);
    });

    it('passes over rows that another transaction holds instead of waiting for them', async () => {
      // SQLite has one writer at a time: the second waits.
      if (db.dialect === 'sqlite' || (await isBabelfish(db))) return;
      await insertRows(db, 'thing', [thingRow('A', { priority: 2 }), thingRow('B', { priority: 1 })]);
      await db.transaction(async (tx) => {
        expect(await claimRows(tx, claim(1))).toMatchObject([{ id: 'A' }]);
        const other = await open({ beside: db });
        expect(await claimRows(other, claim(1))).toMatchObject([{ id: 'B' }]);
      });
    });
  });

  describe('page', () => {
    it('walks a list by keyset while rows come and go', async () => {
      await insertRows(
        db,
        'thing',
        Array.from({ length: 9 }, (_, i) => thingRow(`T${i}`, { priority: i % 3 })),
      );
      const first = await page<{ id: string }>(db, { ...listing, limit: 4 });
      expect(first.rows.map(({ id }) => id)).toEqual(['T2', 'T5', 'T8', 'T1']);
      await insertRows(db, 'thing', [thingRow('T0a', { priority: 2 }), thingRow('T9', { priority: 1 })]);
      const second = await page<{ id: string }>(db, { ...listing, limit: 4, after: first.next });
      expect(second.rows.map(({ id }) => id)).toEqual(['T4', 'T7', 'T9', 'T0']);
      const third = await page<{ id: string }>(db, { ...listing, limit: 4, after: second.next });
      expect([third.rows.map(({ id }) => id), third.next]).toEqual([['T3', 'T6'], undefined]);
    });

    it('has no next page when the last is exactly full', async () => {
      await insertRows(db, 'thing', [thingRow('A'), thingRow('B')]);
      expect((await page(db, { ...listing, limit: 2 })).next).toBeUndefined();
    });

    it.each(['', 'x', Buffer.from('[1]').toString('base64url'), Buffer.from('[{},1]').toString('base64url')])(
      'refuses the cursor %j as the caller’s fault',
      async (after) => {
        await expect(page(db, { ...listing, limit: 2, after })).rejects.toMatchObject({ status: 400 });
      },
    );

    it('never takes a cursor that holds text for a number for a fault of the server', async () => {
      // Its error numbers are not SQL Server's.
      if (await isBabelfish(db)) return;
      const after = Buffer.from('["x"]').toString('base64url');
      const byNumber = { sql: 'SELECT id, priority FROM {thing}', orderBy: ['priority'], limit: 2, after };
      const outcome = await page(db, byNumber).catch((error: unknown) => error);
      // SQLite compares text with numbers and just finds nothing.
      if (db.dialect === 'sqlite') expect(outcome).toEqual({ rows: [] });
      else expect(outcome).toMatchObject({ status: 400 });
    });
  });

  it('seals a column again in batches, leaving nulls and what needs no change', async () => {
    const rows = Array.from({ length: 25 }, (_, i) =>
      thingRow(`T${i}`, { serial: i % 5 === 0 ? null : `old-${i}` }),
    );
    await insertRows(db, 'thing', rows);
    const reseal = (value: string, { table, column, row }: { table: string; column: string; row: string }) =>
      value === 'old-7' ? undefined : `${table}.${column}.${row}`;
    const target = { table: 'thing', column: 'serial', batch: 6 };
    expect(await resealColumn<string>(db, target, reseal)).toEqual({ seen: 20, changed: 19 });
    expect(
      await db.query(
        "SELECT id FROM {thing} WHERE serial = 'old-7' OR serial = 'thing.serial.T24' ORDER BY id",
      ),
    ).toEqual([{ id: 'T24' }, { id: 'T7' }]);
  });
});

describe('statements on SQL Server', () => {
  it('are those of the golden file', () =>
    expectMssqlStatements(
      async (on) => {
        await insertRows(on, 'thing', [thingRow('A', { serial: null })]);
        await insertIfAbsent(on, 'thing', ['id'], thingRow('A'));
        await upsert(on, 'thing', {
          key: ['id'],
          rows: [thingRow('A'), thingRow('B')],
          update: ['priority'],
        });
        await upsert(on, 'thing', { key: ['id'], rows: [thingRow('A')], update: [] });
        await claimRows(on, claim(5));
        await page(on, { ...listing, limit: 2, after: Buffer.from('[3,"T1"]').toString('base64url') });
      },
      { spec: import.meta.url, file: 'persistence-statements.mssql.sql', schema: 'mdm' },
    ));
});
