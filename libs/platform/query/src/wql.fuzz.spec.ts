import { evaluateQuery, type PlainTables } from '@espalier/conditions';
import type { Database } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import { bindWql, formatWql, parseWql, WqlError } from '@espalier/wql';
import { compileQuery, type Restriction } from './query.compiler.js';
import { expectOnSites, textsOf, type Found } from './spec/fuzz.fixture.js';
import type { Random } from './spec/random.fixture.js';
import { FIRST_ID, NOW, ruleModel, ruleRows, siteMigration } from './spec/site.fixture.js';
import { mutate, respell, WqlGenerator } from './spec/wql.generator.fixture.js';

describeOnEachDatabase('generated WQL', { migrations: [siteMigration] }, (open) => {
  it('selects what the reference evaluation selects, or is a WqlError; no row changes', async () => {
    const db = await open();
    await expectOnSites(db, {
      sites: 20,
      texts: textsOf(100_000, 50, 500),
      check: ({ random, values, tables }) => {
        const generator = new WqlGenerator(values);
        const rows = ruleRows(tables);
        return () => {
          const valid = respell(random, formatWql(generator.query()));
          const text = db.dialect !== 'mssql' && random.chance(0.3) ? mutate(random, valid) : valid;
          return check(db, rows, text, restriction(random));
        };
      },
    });
  }, 300_000);
});

async function check(
  db: Database,
  tables: PlainTables,
  text: string,
  restrict: Restriction | undefined,
): Promise<Found> {
  const typed = understood(text);
  if (typed === undefined) return undefined;
  const options = { now: NOW, ...(restrict !== undefined && { restrict }) };
  const { sql, params } = compileQuery(typed, db.dialect, options);
  const rows = await db.query<{ resource_id: number }>(sql, params).catch((error: unknown) => {
    throw new Error(`${text}\n${sql}`, { cause: error });
  });
  const actual = rows.map((row) => row.resource_id).sort((a, b) => a - b);
  const all = [...evaluateQuery(typed, tables, NOW)].sort((a, b) => a - b);
  const expected = all.filter((id) => isWithin(id, restrict));
  if (actual.join() !== expected.join())
    expect({ text, sql, params, ids: actual }).toEqual({ text, sql, params, ids: expected });
  return all.length > 0 && all.length < 8 ? 'some' : 'all or none';
}

function understood(text: string): ReturnType<typeof bindWql> | undefined {
  try {
    return bindWql(parseWql(text), ruleModel);
  } catch (error) {
    if (error instanceof WqlError) return undefined;
    throw new Error(text, { cause: error });
  }
}

function restriction(random: Random): Restriction | undefined {
  if (random.chance(0.4)) return undefined;
  const from = FIRST_ID + random.integer(8);
  return random.chance(0.5)
    ? { ids: [from, FIRST_ID + random.integer(8)] }
    : { from, to: from + random.integer(5) };
}

function isWithin(id: number, restrict: Restriction | undefined): boolean {
  if (restrict === undefined) return true;
  return 'ids' in restrict ? restrict.ids.includes(id) : restrict.from <= id && id <= restrict.to;
}
