import { setTimeout as delay } from 'node:timers/promises';
import {
  insertRows,
  isForeignKeyViolation,
  isUniqueViolation,
  type Database,
  DatabaseError,
} from '@espalier/persistence';
import { isBabelfish } from './database-places.js';
import { describeOnEachDatabase } from './describe-on-each-database.js';
import { ThingEntity, thingRow, thingSuite } from './persistence.fixture.js';

describeOnEachDatabase('Database', thingSuite, (open) => {
  let db: Database;
  beforeEach(async () => {
    db = await open();
  });
  const ids = async (on: Pick<Database, 'query'> = db): Promise<string[]> =>
    (await on.query<{ id: string }>('SELECT id FROM {thing} ORDER BY id')).map(({ id }) => id);

  it('gives every kind of value back as it was stored, through TypeORM and raw', async () => {
    const thing = Object.assign(new ThingEntity(), {
      id: 'A',
      serial: 'Straße 漢字 🍎',
      note: 'x'.repeat(20_000),
      facts: { deep: [1, { a: null }], text: '"\'' },
      secret: Buffer.from([0, 1, 255]),
      createdAt: 1_750_000_000_123,
      priority: -3,
      ratio: 0.25,
      open: true,
    });
    await db.use((manager) => manager.save(thing));
    expect(await db.use((manager) => manager.findOneByOrFail(ThingEntity, { id: 'A', open: true }))).toEqual(
      thing,
    );
    const [row] = await db.query('SELECT * FROM {thing} WHERE id = :id', { id: 'A' });
    expect(row).toEqual({
      id: 'A',
      serial: thing.serial,
      note: thing.note,
      facts: JSON.stringify(thing.facts),
      secret: thing.secret,
      created_at: thing.createdAt,
      priority: -3,
      ratio: 0.25,
      is_open: 1,
    });
    expect(Buffer.isBuffer(row?.['secret'])).toBe(true);
  });

  it('stores null in every nullable column', async () => {
    await insertRows(db, 'thing', [thingRow('A', { serial: null, facts: null, ratio: null })]);
    await db.execute('UPDATE {thing} SET secret = :secret WHERE id = :id', { id: 'A', secret: null });
    const thing = await db.use((manager) => manager.findOneByOrFail(ThingEntity, { id: 'A' }));
    expect(thing).toMatchObject({ serial: null, facts: null, ratio: null, secret: null });
  });

  it('takes lists, repeated names and literals that look like placeholders', async () => {
    await insertRows(db, 'thing', [thingRow('A'), thingRow('B', { note: ':id {thing}' }), thingRow('C')]);
    const rows = await db.query<{ id: string }>(
      `SELECT id FROM {thing} -- not :this
       WHERE id IN (:ids) AND (:id = 'B' OR id = :id) AND note = ':id {thing}' /* nor {that} */`,
      { ids: ['A', 'B'], id: 'B' },
    );
    expect(rows).toEqual([{ id: 'B' }]);
  });

  it('compares text by bytes: case counts and order is the same everywhere', async () => {
    if (await isBabelfish(db)) return;
    await insertRows(db, 'thing', [thingRow('b'), thingRow('B'), thingRow('a'), thingRow('é')]);
    expect(await ids()).toEqual(['B', 'a', 'b', 'é']);
    expect(await db.query('SELECT id FROM {thing} WHERE id = :id', { id: 'A' })).toEqual([]);
  });

  it('counts changed rows, and counts as numbers', async () => {
    await insertRows(db, 'thing', [thingRow('A'), thingRow('B')]);
    expect(await db.execute('UPDATE {thing} SET priority = 1')).toBe(2);
    expect(await db.query('SELECT COUNT(*) AS n, SUM(priority) AS s FROM {thing}')).toEqual([{ n: 2, s: 2 }]);
    expect(await db.execute('DELETE FROM {thing} WHERE id = :id', { id: 'nobody' })).toBe(0);
  });

  it('runs prepared statements with changing values, outside and inside a transaction', async () => {
    await insertRows(db, 'thing', [thingRow('A', { priority: 1 }), thingRow('B', { priority: 2 })]);
    const priority = (on: Pick<Database, 'prepared'>, id: string): Promise<unknown[]> =>
      on.prepared('priority-by-id', 'SELECT priority FROM {thing} WHERE id = :id', { id });
    expect(await Promise.all(['A', 'B', 'A'].map((id) => priority(db, id)))).toEqual([
      [{ priority: 1 }],
      [{ priority: 2 }],
      [{ priority: 1 }],
    ]);
    expect(await db.transaction((tx) => priority(tx, 'B'))).toEqual([{ priority: 2 }]);
  });

  it('goes on with a prepared statement whose table another replica has changed', async () => {
    const all = (): Promise<object[]> => db.prepared('all-things', 'SELECT * FROM {thing}');
    await insertRows(db, 'thing', [thingRow('A')]);
    expect(await all()).toHaveLength(1);
    const other = await open({ beside: db });
    await other.execute(
      `ALTER TABLE {thing} ADD ${other.dialect === 'mssql' ? '' : 'COLUMN'} extra integer NULL`,
    );
    expect((await all())[0]).toHaveProperty('extra');
  });

  it('tells unique and foreign key violations, without quoting the row', async () => {
    await insertRows(db, 'thing', [thingRow('A', { serial: 'canary-serial' })]);
    const twice = await insertRows(db, 'thing', [thingRow('B', { serial: 'canary-serial' })]).catch(
      (error: unknown) => error,
    );
    expect(isUniqueViolation(twice)).toBe(true);
    expect(twice).toBeInstanceOf(DatabaseError);
    expect(JSON.stringify([twice, (twice as Error).message, (twice as Error).cause])).not.toContain('canary');
    const orphan = await insertRows(db, 'part', [{ thing_id: 'nobody', name: 'p' }]).catch(
      (error: unknown) => error,
    );
    expect(isForeignKeyViolation(orphan)).toBe(true);
    const throughTypeOrm = db.transaction((tx) =>
      tx.manager.insert(ThingEntity, { id: 'A', note: '', createdAt: 1, priority: 0, open: true }),
    );
    expect(isUniqueViolation(await throughTypeOrm.catch((error: unknown) => error))).toBe(true);
  });

  it('rolls back raw and TypeORM work together, and passes the callback its own error', async () => {
    const mine = new Error('mine');
    const failed = db.transaction(async (tx) => {
      await insertRows(tx, 'thing', [thingRow('A')]);
      await tx.manager.insert(ThingEntity, { id: 'B', note: '', createdAt: 1, priority: 0, open: true });
      expect(await ids(tx)).toEqual(['A', 'B']);
      throw mine;
    });
    await expect(failed).rejects.toBe(mine);
    expect(await ids()).toEqual([]);
  });

  it('keeps statements of others out of a transaction that rolls back', async () => {
    const entered = Promise.withResolvers<void>();
    const leave = Promise.withResolvers<void>();
    const rolledBack = db
      .transaction(async (tx) => {
        await insertRows(tx, 'thing', [thingRow('inside')]);
        entered.resolve();
        await leave.promise;
        throw new Error('roll back');
      })
      .catch(() => undefined);
    await entered.promise;
    const outside = [
      insertRows(db, 'thing', [thingRow('raw')]),
      db.use((manager) =>
        manager.save(
          Object.assign(new ThingEntity(), { id: 'orm', note: '', createdAt: 1, priority: 0, open: true }),
        ),
      ),
      db.transaction((tx) => insertRows(tx, 'thing', [thingRow('tx')])),
    ];
    await delay(20);
    leave.resolve();
    await Promise.all([rolledBack, ...outside]);
    expect(await ids()).toEqual(['orm', 'raw', 'tx']);
  });

  it('loses no increment among concurrent transactions', async () => {
    await insertRows(db, 'thing', [thingRow('A')]);
    const other = await open({ beside: db });
    const increment = (on: Database): Promise<number> =>
      on.transaction(async (tx) => {
        // A write takes the row's lock on every dialect; what is read after it cannot change.
        await tx.execute("UPDATE {thing} SET priority = priority WHERE id = 'A'");
        const [row] = await tx.query<{ priority: number }>("SELECT priority FROM {thing} WHERE id = 'A'");
        return tx.execute("UPDATE {thing} SET priority = :next WHERE id = 'A'", {
          next: (row?.priority ?? 0) + 1,
        });
      });
    await Promise.all(Array.from({ length: 40 }, (_, i) => increment(i % 2 === 0 ? db : other)));
    expect(await db.query('SELECT priority FROM {thing}')).toEqual([{ priority: 40 }]);
  });

  it('refuses the Database inside its own transaction, where it would wait for itself', async () => {
    await expect(db.transaction(() => ids())).rejects.toThrow('call tx');
    await expect(db.use(() => ids())).rejects.toThrow('call tx');
    expect(await ids()).toEqual([]);
  });

  it('runs afterCommit once after the commit, and never after a rollback', async () => {
    const seen: string[] = [];
    await db.transaction(async (tx) => {
      tx.afterCommit(() => seen.push('committed'));
      expect(seen).toEqual([]);
    });
    await db
      .transaction(async (tx) => {
        tx.afterCommit(() => seen.push('never'));
        throw new Error('roll back');
      })
      .catch(() => undefined);
    expect(seen).toEqual(['committed']);
  });

  it('finishes what runs before it closes, and refuses what comes later', async () => {
    const entered = Promise.withResolvers<void>();
    const running = db.transaction(async (tx) => {
      entered.resolve();
      await delay(30);
      await insertRows(tx, 'thing', [thingRow('A')]);
      return 'done';
    });
    await entered.promise;
    const other = await open({ beside: db });
    const closing = db.close();
    await expect(ids()).rejects.toMatchObject({ code: 'ESP_SHUTTING_DOWN' });
    expect(await running).toBe('done');
    await closing;
    expect(await ids(other)).toEqual(['A']);
  });

  it('answers a ping', async () => {
    await expect(db.ping()).resolves.toBeUndefined();
  });
});
