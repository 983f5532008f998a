import {
  insertRows,
  inboxMigration,
  outboxMigration,
  portableMigration,
  renderMigrations,
  t,
  type Database,
} from '@espalier/persistence';
import { describeOnEachDatabase } from './describe-on-each-database.js';
import { expectMssqlDdl } from './mssql-golden.js';
import {
  labelMigration,
  partMigration,
  ThingEntity,
  thingMigration,
  thingRow,
} from './persistence.fixture.js';

const migrations = [thingMigration, partMigration, labelMigration, outboxMigration, inboxMigration];
const names = migrations.map(({ name }) => name);

describeOnEachDatabase('migrations', { migrations }, (open) => {
  it('go forward, back and forward again with rows in the tables', async () => {
    const db = await open({ migrate: false, options: { migrations: [thingMigration, partMigration] } });
    expect(await db.pendingMigrations()).toEqual(names.slice(0, 2));
    expect(await db.migrate()).toEqual(names.slice(0, 2));
    await insertRows(db, 'thing', [thingRow('A')]);
    await db.execute("INSERT INTO {part} (thing_id) VALUES ('A')");

    const next = await open({ beside: db });
    expect(await next.pendingMigrations()).toEqual(names.slice(2));
    expect(await next.migrate()).toEqual(names.slice(2));
    expect(await next.migrate()).toEqual([]);
    const labels = 'SELECT label, description FROM {thing}';
    expect(await next.query(labels)).toEqual([{ label: 'was: a note', description: 'a note' }]);

    expect(await next.revert(3)).toEqual(names.slice(2).reverse());
    expect(await next.query('SELECT note, is_open FROM {thing}')).toEqual([{ note: 'a note', is_open: 1 }]);
    expect(await next.query('SELECT name FROM {part}')).toEqual([{ name: "it's" }]);
    expect(await next.migrate()).toEqual(names.slice(2));
    expect(await next.query(labels)).toHaveLength(1);
    expect(await next.revert(99)).toEqual([...names].reverse());
    expect(await next.pendingMigrations()).toEqual(names);
  });

  it('apply once when four replicas start at once', async () => {
    const first = await open({ migrate: false });
    const replicas = [first];
    for (let i = 0; i < 3; i += 1) replicas.push(await open({ beside: first }));
    const applied = await Promise.all(replicas.map((replica) => replica.migrate()));
    expect(applied.flat().sort()).toEqual([...names].sort());
    expect(await first.pendingMigrations()).toEqual([]);
  });

  it('leave nothing behind when one fails half way, and the ones before it stay', async () => {
    const broken = portableMigration('2026-01-09-broken', {
      up: async (schema) => {
        await schema.createTable('half', { columns: { id: t.id() }, primaryKey: ['id'] });
        await schema.execute('INSERT INTO {missing} (id) VALUES (1)');
      },
      down: (schema) => schema.dropTable('half'),
    });
    const db = await open({ migrate: false, options: { migrations: [thingMigration, broken] } });
    await expect(db.migrate()).rejects.toThrow('missing');
    expect(await db.pendingMigrations()).toEqual([broken.name]);
    await expect(db.query('SELECT id FROM {half}')).rejects.toThrow('half');
    expect(await db.query('SELECT id FROM {thing}')).toEqual([]);
  });

  it('make partial indexes that the database uses, and enforce unique ones only where they apply', async () => {
    const db = await open();
    await insertRows(
      db,
      'thing',
      [
        { ...thingRow('A'), serial: null },
        { ...thingRow('B'), serial: null },
        { ...thingRow('C'), serial: 'S' },
      ].map(({ note, ...row }) => ({ ...row, description: note })),
    );
    const taken = db.execute("UPDATE {thing} SET serial = 'S' WHERE id = 'A'");
    await expect(taken).rejects.toMatchObject({ kind: 'unique' });
    if (db.dialect !== 'sqlite') return;
    const plan = await db.query<{ detail: string }>(
      'EXPLAIN QUERY PLAN SELECT id FROM {thing} WHERE is_open = 1 ORDER BY priority DESC, created_at LIMIT 1',
    );
    expect(plan.map(({ detail }) => detail).join()).toContain('ix_thing_priority_created_at');
  });

  it('say that an applied migration belongs to another version instead of skipping it', async () => {
    const db = await open();
    const older = await open({ beside: db, options: { migrations: [thingMigration] } });
    await expect(older.revert()).rejects.toThrow('another version');
  });
});

describe('migrations on SQL Server', () => {
  it('send the DDL of the golden file', () =>
    expectMssqlDdl(migrations, {
      spec: import.meta.url,
      file: 'persistence.mssql.sql',
      schema: 'mdm',
      entities: [ThingEntity],
    }));

  it('never use a type or keyword of another dialect', async () => {
    const ddl = await renderMigrations(migrations, { dialect: 'mssql', schema: 'mdm' });
    expect(ddl).not.toMatch(/\b(bytea|jsonb|boolean|AUTOINCREMENT|datetime|ntext|ON CONFLICT)\b/i);
  });
});

describe('migration lists', () => {
  it('refuse a name that comes twice', async () => {
    const { openDatabase } = await import('@espalier/persistence');
    const { pino } = await import('pino');
    const twice: Database = openDatabase({
      url: 'sqlite::memory:',
      schema: 'test',
      migrations: [thingMigration, thingMigration],
      logger: pino({ level: 'silent' }),
    });
    expect(() => twice.migrate()).toThrow('same name');
    await twice.close();
  });
});
