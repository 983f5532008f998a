import { evaluateCondition, type ClassModel, type PlainRow } from '@espalier/conditions';
import { isEspalierError } from '@espalier/contracts';
import { FILTER_ALIAS, FilterError, parseFilter } from '@espalier/filter-expression';
import type { Database } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import { listPage } from './list-page.js';
import { FilterGenerator } from './spec/filter.generator.fixture.js';
import { Random } from './spec/random.fixture.js';
import {
  dump,
  generateRows,
  listModel,
  NOW,
  siteMigration,
  siteModel,
  SiteValues,
  storeRows,
} from './spec/site.fixture.js';
import { mutate } from './spec/wql.generator.fixture.js';

const WANTED = Number(process.env['ESPALIER_TEST_FUZZ'] ?? '0') / 5;
const TEXTS = { sqlite: WANTED || 20_000, postgres: Math.ceil((WANTED || 20_000) / 20), mssql: 300 };
const SITES = 10;
const SEED = 20_261_121;

describeOnEachDatabase('generated filters', { migrations: [siteMigration] }, (open, dialect) => {
  it('list what the reference evaluation selects, or are ESP_SITE_FILTER_INVALID; no row changes', async () => {
    const db = await open();
    const outcome = { refused: 0, evaluated: 0, telling: 0 };
    for (let site = 0; site < SITES; site += 1) {
      const random = new Random(SEED + site);
      const values = new SiteValues(random, dialect === 'mssql');
      const tables = generateRows(values);
      for (const { table } of siteModel.classes) await db.execute(`DELETE FROM {${table}}`);
      await storeRows(db, tables);
      const before = await dump(db);
      const model = random.pick(siteModel.classes);
      const generator = new FilterGenerator(values, listModel(model));
      for (let count = 0; count < TEXTS[dialect] / SITES; count += 1) {
        const valid = generator.filter();
        const text = dialect !== 'mssql' && random.chance(0.3) ? mutate(random, valid) : valid;
        const found = await check(db, model, tables.get(model.name) ?? [], text);
        if (found === undefined) outcome.refused += 1;
        else outcome.evaluated += 1;
        if (found === 'some') outcome.telling += 1;
      }
      expect(await dump(db)).toBe(before);
    }
    expect(outcome.evaluated).toBeGreaterThan(outcome.refused);
    expect(outcome.telling / outcome.evaluated).toBeGreaterThan(0.3);
  }, 300_000);
});

/** Undefined where the text was refused. */
async function check(
  db: Database,
  model: ClassModel,
  rows: readonly PlainRow[],
  text: string,
): Promise<'some' | 'all or none' | undefined> {
  const expected = expectedRows(model, rows, text);
  const page = await listPage<{ row_id: number }>(db, {
    model: listModel(model),
    sql: `SELECT * FROM {${model.table}}`,
    filter: text,
    defaultOrder: ['RowId'],
    limit: 500,
    now: NOW,
  }).catch((error: unknown) => {
    if (isEspalierError(error) && error.code === 'ESP_SITE_FILTER_INVALID') return undefined;
    throw new Error(text, { cause: error });
  });
  const actual = page?.rows.map((row) => row.row_id);
  if (actual?.join() !== expected?.join()) expect({ text, actual }).toEqual({ text, actual: expected });
  if (expected === undefined) return undefined;
  return expected.length > 0 && expected.length < rows.length ? 'some' : 'all or none';
}

function expectedRows(model: ClassModel, rows: readonly PlainRow[], text: string): number[] | undefined {
  // The schema of the API takes no empty filter; neither does the language.
  try {
    const condition = parseFilter(text, listModel(model));
    return rows.flatMap((row, index) =>
      evaluateCondition(condition, FILTER_ALIAS, { row_id: index, ...row }, NOW) === true ? [index] : [],
    );
  } catch (error) {
    if (error instanceof FilterError) return undefined;
    throw new Error(text, { cause: error });
  }
}
