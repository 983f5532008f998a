import { evaluateCondition, type ClassModel, type PlainRow } from '@espalier/conditions';
import { isEspalierError } from '@espalier/contracts';
import { FILTER_ALIAS, FilterError, parseFilter } from '@espalier/filter-expression';
import type { Database } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import { listPage } from './list-page.js';
import { FilterGenerator } from './spec/filter.generator.fixture.js';
import { expectOnSites, textsOf, type Found } from './spec/fuzz.fixture.js';
import { listModel, NOW, siteMigration, siteModel } from './spec/site.fixture.js';
import { mutate } from './spec/wql.generator.fixture.js';

describeOnEachDatabase('generated filters', { migrations: [siteMigration] }, (open) => {
  it('list what the reference evaluation selects, or are ESP_SITE_FILTER_INVALID; no row changes', async () => {
    const db = await open();
    await expectOnSites(db, {
      sites: 10,
      texts: textsOf(20_000, 20, 300),
      check: ({ random, values, tables }) => {
        const model = random.pick(siteModel.classes);
        const generator = new FilterGenerator(values, listModel(model));
        return () => {
          const valid = generator.filter();
          const text = db.dialect !== 'mssql' && random.chance(0.3) ? mutate(random, valid) : valid;
          return check(db, model, tables.get(model.name) ?? [], text);
        };
      },
    });
  }, 300_000);
});

/** Undefined where the text was refused. */
async function check(
  db: Database,
  model: ClassModel,
  rows: readonly PlainRow[],
  text: string,
): Promise<Found> {
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
