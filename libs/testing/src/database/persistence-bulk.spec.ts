import {
  DatabaseError,
  insertRows,
  portableMigration,
  t,
  upsert,
  type Database,
  type Row,
} from '@espalier/persistence';
import { describeOnEachDatabase } from './describe-on-each-database.js';

const bulkMigration = portableMigration('2026-01-01-create-bulk', {
  up: (schema) =>
    schema.createTable('bulk', {
      columns: {
        id: t.integer(),
        label: t.text(200, { nullable: true }),
        facts: t.json({ nullable: true }),
        big: t.bigint({ nullable: true }),
        ratio: t.real({ nullable: true }),
        is_on: t.flag({ default: 0 }),
      },
      primaryKey: ['id'],
    }),
  down: (schema) => schema.dropTable('bulk'),
});

/** What means something else in an array, in JSON, or in a statement. */
const texts = [
  'plain',
  '',
  'NULL',
  'null',
  '{a,b}',
  '[1]',
  ',',
  ' blank ',
  `it's "all" \\ :name $1`,
  '\\n',
  '\\\\',
  '"',
  'Größe 😀 \uffff',
];
const controls = ['\n', '\t\r\b\f', 'a\\\nb"', '\u0001\u001f\u007f'];
/** Enough for the ways that many rows go. */
const many = (make: (index: number) => Row): Row[] =>
  Array.from({ length: 120 }, (_, id) => ({ id, ...make(id) }));
const empty = { label: null, facts: null, big: null, ratio: null, is_on: 0 };

describeOnEachDatabase('many rows at once', { migrations: [bulkMigration] }, (open, dialect) => {
  let db: Database;
  beforeEach(async () => {
    db = await open();
  });

  const stored = () => db.query<Row>('SELECT * FROM {bulk} ORDER BY id');

  it.each([
    ['texts', (id: number) => ({ ...empty, label: texts[id % texts.length] ?? null })],
    [
      'texts with control characters',
      (id: number) => ({ ...empty, label: controls[id % controls.length] ?? null }),
    ],
    [
      'texts and nulls',
      (id: number) => ({ ...empty, label: id % 2 === 0 ? null : 'null', facts: '{"a":"b\\"c"}' }),
    ],
    [
      'whole numbers',
      (id: number) => ({ ...empty, big: id - Number.MAX_SAFE_INTEGER, ratio: id, is_on: id % 2 }),
    ],
    ['broken numbers', (id: number) => ({ ...empty, ratio: id / 7, big: id === 5 ? null : id })],
  ])('are stored as they are given: %s', async (_what, make) => {
    const rows = many(make);
    await insertRows(db, 'bulk', rows);
    expect(await stored()).toEqual(rows);
  });

  it('replace what is there, columns with nothing but nulls too', async () => {
    await insertRows(
      db,
      'bulk',
      many((id) => ({ ...empty, label: `before ${id}`, big: id })),
    );
    const rows = many((id) => ({ ...empty, facts: `after ${id}` }));
    await upsert(db, 'bulk', { key: ['id'], rows });
    expect(await stored()).toEqual(rows);
  });

  it('store truth as 1 and 0', async () => {
    await insertRows(
      db,
      'bulk',
      many((id) => ({ ...empty, is_on: id % 2 === 0 })),
    );
    const rows = await stored();
    expect(rows.map(({ is_on }) => is_on)).toEqual(rows.map((_, id) => Number(id % 2 === 0)));
  });

  // SQL Server counts halves as characters.
  if (dialect !== 'mssql')
    it('mend half a character', async () => {
      await insertRows(
        db,
        'bulk',
        many(() => ({ ...empty, label: 'half \ud83d' })),
      );
      const labels = (await stored()).map(({ label }) => label);
      expect(new Set(labels)).toEqual(new Set(['half \ufffd']));
    });

  it('are all stored or none where one does not fit', async () => {
    const rows = many((id) => ({
      ...empty,
      label: id === 100 ? null : 'fits',
      is_on: id === 100 ? null : 1,
    }));
    const failing = db.transaction((tx) => insertRows(tx, 'bulk', rows));
    await expect(failing).rejects.toThrow(DatabaseError);
    expect(await stored()).toEqual([]);
  });
});
