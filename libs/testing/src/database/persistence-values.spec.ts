import {
  DatabaseError,
  idListSql,
  insertRows,
  jsonItems,
  jsonRows,
  portableMigration,
  t,
  textListSql,
  upsert,
  type Database,
  type Row,
} from '@espalier/persistence';
import { describeOnEachDatabase } from './describe-on-each-database.js';

const sampleMigration = portableMigration('2026-01-01-create-sample', {
  up: (schema) =>
    schema.createTable('sample', {
      columns: {
        id: t.integer(),
        label: t.text(200, { nullable: true }),
        body: t.longText({ nullable: true }),
        data: t.bytes({ nullable: true }),
        big: t.bigint({ nullable: true }),
        ratio: t.real({ nullable: true }),
        is_on: t.flag({ default: 0 }),
      },
      primaryKey: ['id'],
    }),
  down: (schema) => schema.dropTable('sample'),
});

const nothing = { label: null, body: null, data: null, big: null, ratio: null, is_on: 0 };

/** Values at the edges of each type, as rows of `sample`; all databases give them back as they are written. */
const edges: readonly Row[] = [
  nothing,
  { ...nothing, label: '', body: '', data: new Uint8Array(0), big: 0, ratio: 0 },
  {
    ...nothing,
    label: `it's "all" \\ {table} :name $1 ? @0 \\u0041`,
    body: '\t\n\r\u0001\u001f\u007f\ufeff',
  },
  { ...nothing, label: 'Größe 😀 e\u0301 \uffff', body: '[{"a":null}]' },
  { ...nothing, label: 'null', body: 'x'.repeat(1_000_000) },
  { ...nothing, data: Uint8Array.from({ length: 256 }, (_, byte) => byte) },
  { ...nothing, data: new Uint8Array(300_000).fill(0x5c) },
  { ...nothing, big: Number.MAX_SAFE_INTEGER, ratio: Number.MAX_VALUE },
  { ...nothing, big: Number.MIN_SAFE_INTEGER, ratio: -Number.MAX_VALUE },
  { ...nothing, ratio: 0.1 + 0.2 },
  { ...nothing, ratio: 2.2250738585072014e-308 },
  { ...nothing, ratio: -1e-7 },
  { ...nothing, big: -1, ratio: 1e21 },
  { ...nothing, is_on: 1 },
].map((row, id) => ({ id, ...row }));

const plain = (row: Row): Row => ({
  ...row,
  data: row['data'] instanceof Uint8Array ? hex(row['data']) : null,
});
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const stored = async (db: Database): Promise<Row[]> =>
  (await db.query<Row>('SELECT * FROM {sample} ORDER BY id')).map(plain);

describeOnEachDatabase('values of rows', { migrations: [sampleMigration] }, (open, dialect) => {
  let db: Database;
  beforeEach(async () => {
    db = await open();
  });

  // PostgreSQL takes one row as parameters and several as JSON: what is stored must not depend on it.
  it('at the edges of their types come back as they were written, one by one', async () => {
    for (const row of edges) await insertRows(db, 'sample', [row]);
    expect(await stored(db)).toEqual(edges.map(plain));
  });

  it('at the edges of their types come back as they were written, all at once and over others', async () => {
    await insertRows(db, 'sample', edges);
    expect(await stored(db)).toEqual(edges.map(plain));
    await upsert(db, 'sample', {
      key: ['id'],
      rows: edges.map((row) => ({ ...edges[4], id: row['id'] ?? 0 })),
    });
    await upsert(db, 'sample', { key: ['id'], rows: edges });
    expect(await stored(db)).toEqual(edges.map(plain));
  });

  it('are numbers for booleans and bigints, and whole texts for halves of surrogate pairs', async () => {
    const odd = { ...nothing, is_on: true, big: 9_007_199_254_740_991n, label: 'a\ud83d', body: '\udc00b' };
    await insertRows(db, 'sample', [{ id: 1, ...odd }]);
    await insertRows(db, 'sample', [
      { id: 2, ...odd },
      { id: 3, ...odd, is_on: false },
    ]);
    // SQL Server stores UTF-16 as it is.
    const whole = (text: string): string => (dialect === 'mssql' ? text : text.toWellFormed());
    const expected = {
      ...nothing,
      is_on: 1,
      big: Number.MAX_SAFE_INTEGER,
      label: whole(odd.label),
      body: whole(odd.body),
    };
    expect(await stored(db)).toEqual([
      { id: 1, ...expected },
      { id: 2, ...expected },
      { id: 3, ...expected, is_on: 0 },
    ]);
  });

  it('that are missing or no finite numbers are refused, naming them, before anything is written', async () => {
    const good: Row = { id: 0, ...nothing };
    const refusal = (rows: readonly Row[]): Promise<unknown> =>
      insertRows(db, 'sample', rows).then(
        () => 'written',
        (error: unknown) => error,
      );
    for (const ratio of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const bad = { id: 1, ...nothing, ratio };
      for (const rows of [[bad], [good, bad]]) {
        expect(await refusal(rows)).toEqual(new TypeError(`ratio of row ${rows.length - 1} is ${ratio}`));
      }
      const wrong = db.execute('UPDATE {sample} SET ratio = :ratio', { ratio });
      await expect(wrong).rejects.toEqual(new TypeError(`SQL parameter :ratio is ${ratio}`));
    }
    expect(await refusal([good, { id: 1, label: 'x' }])).toEqual(
      new TypeError('Row 1 has no value for body'),
    );
    expect(await stored(db)).toEqual([]);
  });

  // SQLite and SQL Server store them. What callers and devices send is checked where it comes in.
  it('with NUL characters are refused by PostgreSQL, whichever way they go, and others are not written', async () => {
    const outcomes = [];
    for (const rows of [[1], [2, 3], [4, 5]]) {
      const written = rows.map((id) => ({ id, ...nothing, label: 'a\0b' }));
      const write =
        rows[0] === 4
          ? upsert(db, 'sample', { key: ['id'], rows: written })
          : insertRows(db, 'sample', written);
      outcomes.push(
        await write.then(
          () => 'written',
          (error: unknown) => error instanceof DatabaseError && error.kind,
        ),
      );
    }
    const refused = dialect === 'postgres';
    expect(outcomes).toEqual(Array.from({ length: 3 }, () => (refused ? 'other' : 'written')));
    expect((await stored(db)).map(({ label }) => label)).toEqual(
      refused ? [] : Array.from({ length: 5 }, () => 'a\0b'),
    );
  });

  it('are no limit to the number of rows; no rows are no statement', async () => {
    const rows = Array.from({ length: 10_000 }, (_, id) => ({ id, ...nothing, label: `L${id}` }));
    await insertRows(db, 'sample', rows);
    await upsert(db, 'sample', { key: ['id'], rows: rows.map((row) => ({ ...row, is_on: 1 })) });
    const counts = await db.query('SELECT COUNT(*) AS n, SUM(is_on) AS lit, MAX(id) AS last FROM {sample}');
    expect(counts).toEqual([{ n: 10_000, lit: 10_000, last: 9_999 }]);
    await insertRows(db, 'sample', []);
    await upsert(db, 'sample', { key: ['id'], rows: [] });
    expect(await db.query('SELECT COUNT(*) AS n FROM {sample}')).toEqual(counts.map(() => ({ n: 10_000 })));
  });

  it('in lists and as rows of JSON are compared as they are, from none to ten thousand', async () => {
    const odd = ["it's", 'a,b', '{}', '"', '\\', 'Größe', 'null', '', 'x y'];
    await insertRows(
      db,
      'sample',
      odd.map((label, id) => ({ id, ...nothing, label })),
    );
    const texts = textListSql(dialect);
    const ids = idListSql(dialect);
    const filler = Array.from({ length: 10_000 }, (_, n) => n + 100);
    const find = async (condition: string, list: string): Promise<unknown[]> =>
      (await db.query(`SELECT id FROM {sample} WHERE ${condition} ORDER BY id`, { list })).map(
        (row) => (row as { id: number }).id,
      );
    const all = odd.map((_, id) => id);
    expect(await find(texts.isIn('label', 'list'), texts.param([]))).toEqual([]);
    expect(await find(ids.isIn('id', 'list'), ids.param([]))).toEqual([]);
    expect(await find(texts.isIn('label', 'list'), texts.param([...odd, ...filler.map(String)]))).toEqual(
      all,
    );
    expect(await find(ids.isIn('id', 'list'), ids.param([...filler, ...all]))).toEqual(all);

    const source = jsonRows(dialect, 'rows', 'r', { name: 'text', n: 'integer', more: 'json' });
    const read = (rows: readonly object[]): Promise<Row[]> =>
      db.query<Row>(`SELECT r.name, r.n FROM ${source} ORDER BY r.n`, { rows: JSON.stringify(rows) });
    expect(await read([])).toEqual([]);
    const given = odd.map((name, n) => ({ name, n: n === 8 ? Number.MAX_SAFE_INTEGER : n, more: [] }));
    expect(await read(given)).toEqual(given.map(({ name, n }) => ({ name, n })));
    expect(await read([{ name: null, n: Number.MIN_SAFE_INTEGER, more: null }])).toEqual([
      { name: null, n: Number.MIN_SAFE_INTEGER },
    ]);
    expect(await read(filler.map((n) => ({ name: `L${n}`, n, more: null })))).toHaveLength(10_000);
    const items = await db.query(
      `SELECT r.n, items.value AS v FROM ${source} ${jsonItems(dialect, 'r.more')} ORDER BY r.n, items.value`,
      {
        rows: JSON.stringify([
          { name: '', n: 1, more: ["it's", 'b'] },
          { name: '', n: 2, more: [] },
        ]),
      },
    );
    expect(items).toEqual([
      { n: 1, v: 'b' },
      { n: 1, v: "it's" },
    ]);
  });
});
