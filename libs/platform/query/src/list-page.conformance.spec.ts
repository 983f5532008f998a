import {
  comparedColumn,
  compareTexts,
  comparedText,
  keyProperty,
  type Condition,
  type PlainRow,
} from '@espalier/conditions';
import { FILTER_ALIAS } from '@espalier/filter-expression';
import type { Database } from '@espalier/persistence';
import { describeOnEachDatabase, expectMssqlStatements } from '@espalier/testing';
import fc from 'fast-check';
import { countList, listPage, type ListRequest } from './list-page.js';
import { nullsComeLast } from './sort-order.js';
import { Random } from './spec/random.fixture.js';
import {
  generateRows,
  listModel,
  siteMigration,
  siteModel,
  SiteValues,
  storeRows,
} from './spec/site.fixture.js';

const SOFTWARE = siteModel.classes[2]!;
const model = listModel(SOFTWARE);
const request = (part: Partial<ListRequest>): ListRequest => ({
  model,
  sql: `SELECT * FROM {${SOFTWARE.table}}`,
  defaultOrder: ['RowId'],
  limit: 10,
  ...part,
});

/** Those whose name is not missing. */
const NAMED = `SELECT * FROM {${SOFTWARE.table}} WHERE product_name IS NOT NULL`;

type Listed = { row_id: number };

describeOnEachDatabase('lists', { migrations: [siteMigration] }, (open, dialect) => {
  let db: Database;
  let rows: readonly PlainRow[];

  beforeAll(async () => {
    db = await open();
    const tables = generateRows(new SiteValues(new Random(7), dialect === 'mssql'), 20);
    rows = (tables.get(SOFTWARE.name) ?? []).map((row, index) => ({ row_id: index, ...row }));
    await storeRows(db, tables);
  });

  /** The whole list, page by page. */
  async function walk(part: Partial<ListRequest>): Promise<number[]> {
    const ids: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await listPage<Listed>(db, request({ ...part, cursor }));
      expect(page.rows.length).toBeLessThanOrEqual(part.limit ?? 10);
      ids.push(...page.rows.map((row) => row.row_id));
      cursor = page.next;
    } while (cursor !== undefined);
    return ids;
  }

  function sorted(order: readonly { name: string; descending: boolean }[]): number[] {
    const columns = [...order, { name: 'RowId', descending: false }].map(({ name, descending }) => {
      const property = model.properties.find((candidate) => candidate.name === name)!;
      const column = comparedColumn(property);
      const nullsLast = nullsComeLast(dialect, { column, type: property.type, descending, nullable: true });
      return { property, descending, nullsLast };
    });
    const compare = (a: PlainRow, b: PlainRow): number => {
      for (const { property, descending, nullsLast } of columns) {
        const [left, right] = [a[property.column] ?? null, b[property.column] ?? null];
        if (left === right) continue;
        if (left === null || right === null) return (left === null) === nullsLast ? 1 : -1;
        const difference =
          typeof left === 'string'
            ? compareTexts(comparedText(property, left), comparedText(property, String(right)))
            : left - Number(right);
        if (difference !== 0) return descending ? -difference : difference;
      }
      return 0;
    };
    return rows.toSorted(compare).map((row) => Number(row['row_id']));
  }

  it('give every row once, in order, however long the pages are', async () => {
    const names = model.properties.map(({ name }) => name);
    const field = fc.record({ name: fc.constantFrom(...names), descending: fc.boolean() });
    const order = fc.uniqueArray(field, { maxLength: 4, selector: ({ name }) => name });
    await fc.assert(
      fc.asyncProperty(order, fc.integer({ min: 1, max: 12 }), async (fields, limit) => {
        const orderBy = fields
          .map(({ name, descending }) => `${name}${descending ? ' desc' : ''}`)
          .join(', ');
        const part = { limit, ...(orderBy !== '' && { orderBy }) };
        expect(await walk(part)).toEqual(sorted(fields));
      }),
      { numRuns: dialect === 'sqlite' ? 300 : 60 },
    );
  });

  it('go on after the last row although it is gone, and neither repeat nor hide others', async () => {
    const orderBy = 'ProductName desc, Size';
    const first = await listPage<Listed>(db, request({ orderBy, limit: 5 }));
    const gone = first.rows.at(-1)?.row_id;
    await db
      .transaction(async (tx) => {
        await tx.execute(`DELETE FROM {${SOFTWARE.table}} WHERE row_id = :gone`, { gone: gone ?? -1 });
        const second = await listPage<Listed>(tx, request({ orderBy, limit: 500, cursor: first.next }));
        const expected = sorted([
          { name: 'ProductName', descending: true },
          { name: 'Size', descending: false },
        ]);
        expect(second.rows.map((row) => row.row_id)).toEqual(expected.slice(5));
        throw new Error('undone');
      })
      .catch((error: unknown) => expect(error).toMatchObject({ message: expect.stringContaining('undone') }));
  });

  it('skip rows, count all, and take conditions and orders that are read already', async () => {
    const property = model.properties.find(({ name }) => name === 'Size')!;
    const left = { kind: 'property', alias: FILTER_ALIAS, property } as const;
    const read = {
      condition: { kind: 'not', condition: { kind: 'is-null', property: left } },
      order: [{ property, descending: true }],
    } as const;
    const written = { filter: 'Size ne null', orderBy: 'Size desc', limit: 500 };
    const all = (await listPage<Listed>(db, request(written))).rows.map((row) => row.row_id);
    expect(all.length).toBeGreaterThan(5);
    const some = await listPage<Listed>(db, request({ ...read, skip: 2, limit: 3 }));
    expect(some.rows.map((row) => row.row_id)).toEqual(all.slice(2, 5));
    const next = await listPage<Listed>(db, request({ ...read, cursor: some.next }));
    expect(next.rows[0]?.row_id).toBe(all[5]);
    expect(await countList(db, request(read))).toBe(all.length);
    expect(await countList(db, request({}))).toBe(rows.length);
  });

  it('read no columns but those that are shown, ordered by and filtered by', async () => {
    const columns = model.properties.flatMap(({ column, foldedColumn = [] }) =>
      [column].concat(foldedColumn),
    );
    const used: string[][] = [];
    const part = request({
      sql: (uses) => {
        const some = [...new Set(columns)].filter(uses);
        used.push(some.toSorted());
        return `SELECT ${some.length === 0 ? '1 AS one' : some.join(', ')} FROM {${SOFTWARE.table}}`;
      },
      columns: ['size'],
      limit: 500,
    });
    const written = { filter: "ProductName ne 'x'", orderBy: 'Size desc' };
    const whole = await listPage<Listed>(db, request({ ...written, limit: 500 }));
    const page = await listPage<Listed>(db, { ...part, ...written });
    expect(page.rows.map((row) => row.row_id)).toEqual(whole.rows.map((row) => row.row_id));
    expect(Object.keys(page.rows[0] ?? {}).toSorted()).toEqual(['row_id', 'size']);
    expect(await countList(db, { ...part, filter: written.filter })).toBe(whole.rows.length);
    expect(await countList(db, part)).toBe(rows.length);
    expect(used).toEqual([['product_name_folded', 'row_id', 'size'], ['product_name_folded'], []]);
  });

  it('take a condition about rows of another table', async () => {
    const key = (alias: string) => ({ kind: 'property', alias, property: keyProperty(model) }) as const;
    const property = model.properties.find(({ name }) => name === 'Size')!;
    const condition: Condition = {
      kind: 'in-query',
      property: key(FILTER_ALIAS),
      query: {
        root: { alias: 'other', class: SOFTWARE },
        joins: [],
        select: key('other'),
        where: { kind: 'is-null', property: { kind: 'property', alias: 'other', property } },
      },
    };
    const page = await listPage<Listed>(db, request({ condition, limit: 500 }));
    const ids = new Set(rows.filter((row) => row[property.column] === null).map((row) => row['resource_id']));
    const expected = rows.filter((row) => ids.has(row['resource_id'] ?? null)).map((row) => row['row_id']);
    expect(expected.length).toBeGreaterThan(0);
    expect(page.rows.map((row) => row.row_id)).toEqual(expected);
  });

  it('take the default order by properties or columns, and ids as their key', async () => {
    const orders = [
      ['ProductName', 'RowId desc'],
      ['product_name_folded', 'row_id desc'],
      ['product_name', 'RowId desc'],
    ];
    const pages = [];
    for (const defaultOrder of orders) {
      pages.push((await listPage<Listed>(db, request({ sql: NAMED, defaultOrder, limit: 100 }))).rows);
    }
    expect(pages[0]?.length).toBeGreaterThan(5);
    expect(pages[1]).toEqual(pages[0]);
    expect(pages[2]).toEqual(pages[0]);
    await expect(listPage(db, request({ defaultOrder: ['nothing'] }))).rejects.toThrow(TypeError);
    const bare = { ...model, properties: [] };
    const ids = await listPage<Listed>(db, {
      ...request({ defaultOrder: ['resource_id desc'], limit: 1 }),
      model: bare,
    });
    expect(ids.rows).toMatchObject([
      { resource_id: Math.max(...rows.map((row) => Number(row['resource_id']))) },
    ]);
  });

  it('order and filter together', async () => {
    const part = { filter: 'Size ge 1', orderBy: 'InstallDate desc', limit: 3 };
    const kept = new Set(
      rows.filter((row) => Number(row['size'] ?? -1) >= 1).map((row) => Number(row['row_id'])),
    );
    const expected = sorted([{ name: 'InstallDate', descending: true }]).filter((id) => kept.has(id));
    expect(await walk(part)).toEqual(expected);
    expect(expected.length).toBeGreaterThan(5);
  });

  it('refuse a cursor of another order, a changed one, and what is none', async () => {
    const { next } = await listPage<Listed>(db, request({ orderBy: 'ProductName' }));
    const values = JSON.parse(Buffer.from(next ?? '', 'base64url').toString()) as unknown[];
    const forged = (...position: unknown[]): string =>
      Buffer.from(JSON.stringify([values[0], ...position])).toString('base64url');
    const cursors = [
      [next, 'ProductName desc'],
      [next, undefined],
      [next?.slice(0, -3), 'ProductName'],
      [forged(5, 5), 'ProductName'],
      [forged('a'), 'ProductName'],
      [forged('a', "1' or '1'='1"), 'ProductName'],
      [forged('a', 1.5), 'ProductName'],
      [forged('a', null), 'ProductName'],
      [forged('\0', 1), 'ProductName'],
      [forged({ a: 1 }, 1), 'ProductName'],
      ['null', undefined],
      ['%%%', undefined],
    ] as const;
    for (const [cursor, orderBy] of cursors) {
      await expect(listPage(db, request({ cursor, orderBy }))).rejects.toMatchObject({
        code: 'ESP_BAD_REQUEST',
        status: 400,
      });
    }
  });

  it('refuse a filter and an order that cannot be read, and say what is wrong', async () => {
    await expect(listPage(db, request({ filter: "ProductNam eq 'a'" }))).rejects.toMatchObject({
      code: 'ESP_SITE_FILTER_INVALID',
      status: 400,
      fields: { filter: expect.stringContaining('"ProductName"') },
    });
    await expect(listPage(db, request({ orderBy: 'Size downwards' }))).rejects.toMatchObject({
      code: 'ESP_SITE_FILTER_INVALID',
      fields: { orderBy: expect.stringContaining('column 6') },
    });
  });
});

describe('lists on SQL Server', () => {
  it('send statements that it understands', async () => {
    await expectMssqlStatements(
      async (on) => {
        const part = {
          filter: "contains(ProductName,'50%_[x]') and Size in (1, 2)",
          orderBy: 'ProductName desc',
        };
        const { next } = await listPage(on, request({ ...part, limit: 1 }));
        await listPage(on, request({ ...part, limit: 5, cursor: next }));
      },
      { spec: import.meta.url, file: 'list-page.mssql.sql', schema: 'site' },
      [
        { row_id: 1, product_name_folded: 'b' },
        { row_id: 2, product_name_folded: 'a' },
      ],
    );
  });
});
