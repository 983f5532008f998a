import { compareTexts, foldText, type PlainRow } from '@espalier/conditions';
import {
  bindFilter,
  entityOf,
  evaluateFilter,
  ODataError,
  parseFilter,
  parseOrder,
  parseQueryOptions,
  parseSelect,
  type Selection,
} from '@espalier/odata';
import type { Database, Dialect } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import { listPage, type ListRequest } from './list-page.js';
import { entityValues, ODataGenerator, systemEntity } from './spec/odata.generator.fixture.js';
import { expectOnSites, textsOf, type Found } from './spec/fuzz.fixture.js';
import { NOW, siteMigration, type SiteRows } from './spec/site.fixture.js';
import { mutate } from './spec/wql.generator.fixture.js';

describeOnEachDatabase('generated requests of OData', { migrations: [siteMigration] }, (open) => {
  it('list what the plain reading of the filter selects, in its order, or are refused; no row changes', async () => {
    const db = await open();
    await expectOnSites(db, {
      sites: 20,
      texts: textsOf(100_000, 50, 300),
      check: ({ random, values, tables }) => {
        const generator = new ODataGenerator(values);
        return async () => {
          const isValid = db.dialect === 'mssql' || random.chance(0.7);
          const written = (text: string): string => (isValid ? text : mutate(random, text));
          const query = new URLSearchParams({ $filter: written(generator.filter()) });
          if (random.chance(0.2)) query.set('$orderby', written(generator.orderBy()));
          if (random.chance(0.1)) query.set('$select', written(generator.select()));
          const found = await check(db, tables, query.toString());
          if (found === undefined && isValid) throw new Error(`Refused: ${query.get('$filter')}`);
          return found;
        };
      },
    });
  }, 600_000);
});

interface Understood {
  readonly request: Pick<ListRequest, 'condition' | 'order'>;
  readonly expected: readonly PlainRow[];
}

/** Undefined where the request was refused. */
async function check(db: Database, tables: SiteRows, query: string): Promise<Found> {
  const understood = understand(query, tables, db.dialect);
  if (understood === undefined) return undefined;
  const { request, expected } = understood;
  const page = await listPage<{ row_id: number }>(db, {
    model: systemEntity.class,
    sql: 'SELECT * FROM {resource}',
    ...request,
    defaultOrder: ['RowId'],
    limit: 500,
    now: NOW,
  }).catch((error: unknown) => {
    throw new Error(query, { cause: error });
  });
  const actual = page.rows.map((row) => row.row_id);
  const wanted = expected.map((row) => row['row_id']);
  if (actual.join() !== wanted.join()) expect({ query, actual }).toEqual({ query, actual: wanted });
  return wanted.length > 0 && wanted.length < (tables.get(systemEntity.name) ?? []).length
    ? 'some'
    : 'all or none';
}

function understand(query: string, tables: SiteRows, dialect: Dialect): Understood | undefined {
  try {
    const options = parseQueryOptions(query);
    const filter = parseFilter(options.filter ?? '');
    const condition = bindFilter(filter, systemEntity);
    const order = options.orderBy === undefined ? undefined : parseOrder(options.orderBy, systemEntity);
    if (options.select !== undefined)
      checkSelection(options.select, parseSelect(options.select, systemEntity));
    const rows = (tables.get(systemEntity.name) ?? []).map((row, index) => ({ row_id: index, ...row }));
    const expected = rows.filter((row) =>
      evaluateFilter(filter, systemEntity, entityValues(tables, row), NOW),
    );
    return { request: { condition, order }, expected: inOrder(expected, order ?? [], dialect) };
  } catch (error) {
    if (error instanceof ODataError) return undefined;
    throw new Error(query, { cause: error });
  }
}

/** What is named is there, and the key. */
function checkSelection(text: string, select: Selection | undefined): void {
  const context = {
    baseUrl: 'https://site.example/AdminService/v1.0',
    server: 'site.example',
    siteCode: 'ABC',
  };
  const written = Object.keys(entityOf(systemEntity, {} as never, { context, route: 'v1.0', select }));
  const named = text.split(',').map((name) => name.trim().toLowerCase());
  const wanted = systemEntity.properties
    .map(({ name }) => name)
    .filter((name) => named.includes('*') || name === 'ResourceId' || named.includes(name.toLowerCase()));
  expect(written).toEqual(wanted.sort());
}

function inOrder(
  rows: readonly PlainRow[],
  order: NonNullable<ListRequest['order']>,
  dialect: Dialect,
): PlainRow[] {
  return [...rows].sort((a, b) => {
    for (const { property, descending } of order) {
      const [one, other] = [a[property.column] ?? null, b[property.column] ?? null];
      if (one === other) continue;
      const nullsFirst = dialect === 'postgres' ? 1 : -1;
      const ascending =
        one === null
          ? nullsFirst
          : other === null
            ? -nullsFirst
            : compare(one, other, property.foldedColumn !== undefined);
      if (ascending !== 0) return descending ? -ascending : ascending;
    }
    return Number(a['row_id']) - Number(b['row_id']);
  });
}

function compare(one: string | number, other: string | number, isFolded: boolean): number {
  if (typeof one === 'number') return one - Number(other);
  const form = isFolded ? foldText : (text: string): string => text;
  return compareTexts(form(one), form(String(other)));
}
