import type { Database } from '@espalier/persistence';
import { describeOnEachDatabase, expectMssqlDdl } from '@espalier/testing';
import { AgendaStore } from './agenda/agenda.store.js';
import { mdmPolicyMigrations } from './migrations/index.js';

const T = 1_000_000;

/** The migrations on each database; what stores keep is in specs beside them. */
describeOnEachDatabase('the database of mdm-policy', { migrations: mdmPolicyMigrations }, (open) => {
  let db: Database;
  beforeEach(async () => {
    db = await open();
  });

  it('goes back to nothing with data in it, and forward again', async () => {
    await db.transaction((tx) => new AgendaStore(db).touch(tx, ['A'], T));
    expect(await db.revert(mdmPolicyMigrations.length)).toHaveLength(mdmPolicyMigrations.length);
    await db.migrate();
    expect(await db.query('SELECT enrollment_id FROM {agenda}')).toEqual([]);
  });
});

describe('the tables of mdm-policy on SQL Server', () => {
  it('are made and dropped by these statements', async () => {
    await expectMssqlDdl(mdmPolicyMigrations, {
      spec: import.meta.url,
      file: 'mdm-policy.mssql.sql',
      schema: 'mdm_policy',
    });
  });
});
