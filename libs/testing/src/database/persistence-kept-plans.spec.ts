import { insertRows, type QueryOptions } from '@espalier/persistence';
import { describeOnEachDatabase } from './describe-on-each-database.js';
import { thingMigration, thingRow } from './persistence.fixture.js';

describeOnEachDatabase('plans of statements', { migrations: [thingMigration] }, (open, dialect) => {
  it('are kept on PostgreSQL for what comes often, but not for what is to be planned anew', async () => {
    const db = await open({ options: { poolSize: 1 } });
    await insertRows(db, 'thing', [thingRow('A')]);
    const often = async (name: string, options?: QueryOptions): Promise<void> => {
      for (let count = 0; count < 30; count += 1) {
        const rows = await db.query(`SELECT id AS ${name} FROM {thing} WHERE id = :id`, { id: 'A' }, options);
        expect(rows).toEqual([{ [name]: 'A' }]);
      }
    };
    await often('kept');
    await often('anew', { planAnew: true });
    const prepared =
      dialect === 'postgres'
        ? await db.query<{ statement: string }>('SELECT statement FROM pg_prepared_statements')
        : [];
    const names = prepared.flatMap(({ statement }) => /AS (kept|anew)/.exec(statement)?.[1] ?? []);
    expect(names).toEqual(dialect === 'postgres' ? ['kept'] : []);
  });
});
