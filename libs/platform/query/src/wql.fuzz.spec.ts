import { evaluateQuery, type PlainTables } from '@espalier/conditions';
import type { Database } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import { bindWql, formatWql, parseWql, WqlError } from '@espalier/wql';
import { compileQuery, type Restriction } from './query.compiler.js';
import { Random } from './spec/random.fixture.js';
import {
  dump,
  FIRST_ID,
  generateRows,
  NOW,
  siteMigration,
  siteModel,
  SiteValues,
  storeRows,
} from './spec/site.fixture.js';
import { mutate, respell, WqlGenerator } from './spec/wql.generator.fixture.js';

const WANTED = Number(process.env['ESPALIER_TEST_FUZZ'] ?? '0');
const TEXTS = { sqlite: WANTED || 100_000, postgres: Math.ceil((WANTED || 100_000) / 50), mssql: 500 };
const SITES = 20;
const SEED = 20_261_121;

interface Outcome {
  refused: number;
  evaluated: number;
  /** Queries that select some resources and not others. */
  telling: number;
}

describeOnEachDatabase('generated WQL', { migrations: [siteMigration] }, (open, dialect) => {
  it('selects what the reference evaluation selects, or is a WqlError; no row changes', async () => {
    const db = await open();
    const outcome: Outcome = { refused: 0, evaluated: 0, telling: 0 };
    for (let site = 0; site < SITES; site += 1) {
      const random = new Random(SEED + site);
      const values = new SiteValues(random, dialect === 'mssql');
      const tables = generateRows(values);
      for (const { table } of siteModel.classes) await db.execute(`DELETE FROM {${table}}`);
      await storeRows(db, tables);
      const before = await dump(db);
      const generator = new WqlGenerator(values);
      for (let count = 0; count < TEXTS[dialect] / SITES; count += 1) {
        const valid = respell(random, formatWql(generator.query()));
        const text = dialect !== 'mssql' && random.chance(0.3) ? mutate(random, valid) : valid;
        await check(db, tables, text, restriction(random), outcome);
      }
      expect(await dump(db)).toBe(before);
    }
    // The test would prove little if most texts were refused, or selected all or nothing.
    expect(outcome.evaluated).toBeGreaterThan(outcome.refused);
    expect(outcome.telling / outcome.evaluated).toBeGreaterThan(0.3);
  }, 300_000);
});

async function check(
  db: Database,
  tables: PlainTables,
  text: string,
  restrict: Restriction | undefined,
  outcome: Outcome,
): Promise<void> {
  const typed = understood(text);
  if (typed === undefined) {
    outcome.refused += 1;
    return;
  }
  const options = { now: NOW, ...(restrict !== undefined && { restrict }) };
  const { sql, params } = compileQuery(typed, db.dialect, options);
  const rows = await db.query<{ resource_id: number }>(sql, params).catch((error: unknown) => {
    throw new Error(`${text}\n${sql}`, { cause: error });
  });
  const actual = rows.map((row) => row.resource_id).sort((a, b) => a - b);
  const all = [...evaluateQuery(typed, tables, NOW)].sort((a, b) => a - b);
  const expected = all.filter((id) => isWithin(id, restrict));
  outcome.evaluated += 1;
  if (all.length > 0 && all.length < 8) outcome.telling += 1;
  if (actual.join() !== expected.join())
    expect({ text, sql, params, ids: actual }).toEqual({ text, sql, params, ids: expected });
}

function understood(text: string): ReturnType<typeof bindWql> | undefined {
  try {
    return bindWql(parseWql(text), siteModel);
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
