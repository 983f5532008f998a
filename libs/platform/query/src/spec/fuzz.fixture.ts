import type { Database, Dialect } from '@espalier/persistence';
import { Random } from './random.fixture.js';
import { dump, generateRows, siteModel, SiteValues, storeRows, type SiteRows } from './site.fixture.js';

/** What a text selected: undefined where it was refused. */
export type Found = 'some' | 'all or none' | undefined;

/** A generated site, as its rows and as what is in the database. */
export interface FuzzSite {
  readonly random: Random;
  readonly values: SiteValues;
  readonly tables: SiteRows;
}

export interface FuzzPlan {
  readonly sites: number;
  readonly texts: Readonly<Record<Dialect, number>>;
  /** Makes and checks one text of a site. */
  readonly check: (site: FuzzSite) => () => Promise<Found>;
}

const SEED = 20_261_121;

/**
 * How many texts each database is given: all of them where it costs least, a part where each is a round trip.
 * `ESPALIER_TEST_FUZZ` is how many there are instead of each 100,000.
 * @param share one in so many on PostgreSQL
 */
export function textsOf(wanted: number, share: number, mssql: number): FuzzPlan['texts'] {
  const sqlite = (wanted / 100_000) * Number(process.env['ESPALIER_TEST_FUZZ'] ?? '100000');
  return { sqlite, postgres: Math.ceil(sqlite / share), mssql };
}

/** Checks generated texts on generated sites, whose rows must stay as they are; most texts must prove something. */
export async function expectOnSites(db: Database, { sites, texts, check }: FuzzPlan): Promise<void> {
  const outcome = { refused: 0, evaluated: 0, telling: 0 };
  for (let site = 0; site < sites; site += 1) {
    const random = new Random(SEED + site);
    const values = new SiteValues(random, db.dialect === 'mssql');
    const tables = generateRows(values);
    for (const { table } of siteModel.classes) await db.execute(`DELETE FROM {${table}}`);
    await storeRows(db, tables);
    const before = await dump(db);
    const checkOne = check({ random, values, tables });
    for (let count = 0; count < texts[db.dialect] / sites; count += 1) {
      const found = await checkOne();
      if (found === undefined) outcome.refused += 1;
      else outcome.evaluated += 1;
      if (found === 'some') outcome.telling += 1;
    }
    expect(await dump(db)).toBe(before);
  }
  // The test would prove little if most texts were refused, or selected all or nothing.
  expect(outcome.evaluated).toBeGreaterThan(outcome.refused);
  expect(outcome.telling / outcome.evaluated).toBeGreaterThan(0.3);
}
