import { insertRows, portableMigration, t } from '@espalier/persistence';
import { describeOnEachDatabase } from './describe-on-each-database.js';
import { thingMigration, thingRow } from './persistence.fixture.js';

const colourMigration = portableMigration('2026-01-02-add-colour', {
  up: (schema) => schema.addColumn('thing', 'colour', t.text(16, { nullable: true })),
  down: (schema) => schema.dropColumn('thing', 'colour'),
});

/** A replica that migrates must not break what others have prepared. */
describeOnEachDatabase('statements under a migration', { migrations: [thingMigration] }, (open) => {
  it('go on, in and outside of transactions', async () => {
    const db = await open({ options: { poolSize: 1 } });
    await insertRows(db, 'thing', [thingRow('A')]);
    const all = 'SELECT * FROM {thing} WHERE id = :id';
    const columns = (rows: object[]): string[] => rows.flatMap((row) => Object.keys(row));
    const inTransaction = (): Promise<object[]> => db.transaction((tx) => tx.query(all, { id: 'A' }));
    const migrate = async (): Promise<void> => {
      const replica = await open({ beside: db, options: { migrations: [thingMigration, colourMigration] } });
      await replica.migrate();
    };
    expect(columns(await inTransaction())).not.toContain('colour');
    await migrate();
    expect(columns(await inTransaction())).toContain('colour');
    await db.execute('ALTER TABLE {thing} DROP COLUMN colour');
    expect(columns(await db.query(all, { id: 'A' }))).not.toContain('colour');
  });
});
