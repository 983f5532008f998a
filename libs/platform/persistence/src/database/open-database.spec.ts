import { pino } from 'pino';
import { Registry } from 'prom-client';
import { openDatabase } from './open-database.js';

const logger = pino({ level: 'silent' });

describe('openDatabase', () => {
  it.each([
    [{ url: 'mysql://x', schema: 'mdm' }, 'Not a database URL'],
    [{ url: 'sqlite::memory:', schema: 'mdm"; DROP' }, 'Not a schema name'],
    [{ url: 'sqlite::memory:', schema: '' }, 'Not a schema name'],
  ])('refuses %j', (options, message) => {
    expect(() => openDatabase({ ...options, logger })).toThrow(message);
  });

  it('measures operations, errors and connections of each schema on one registry', async () => {
    const metrics = new Registry();
    const databases = ['one', 'two'].map((schema) =>
      openDatabase({ url: 'sqlite::memory:', schema, logger, metrics }),
    );
    for (const database of databases) {
      await database.query('SELECT 1 AS x');
      await database.transaction((tx) => tx.query('SELECT 1 AS x'));
      await database.query('SELECT nonsense').catch(() => undefined);
    }
    const text = await metrics.metrics();
    for (const schema of ['one', 'two']) {
      for (const line of [
        `espalier_database_operation_seconds_count{schema="${schema}",operation="statement"} 2`,
        `espalier_database_operation_seconds_count{schema="${schema}",operation="transaction"} 1`,
        `espalier_database_errors_total{schema="${schema}",kind="other"} 1`,
        `espalier_database_connections{schema="${schema}",state="total"} 1`,
      ]) {
        expect(text).toContain(line);
      }
    }
    await Promise.all(databases.map((database) => database.close()));
  });
});
