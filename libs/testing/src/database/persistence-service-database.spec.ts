import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openServiceDatabase, type DatabaseHost } from '@espalier/persistence';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { partMigration, thingMigration } from './persistence.fixture.js';

describe("a service's database", () => {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-service-database-'));
  const databaseUrl = `sqlite:${join(folder, 'service.sqlite')}`;
  const options = { schema: 'service', migrations: [thingMigration, partMigration] };
  const checks = new Map<string, () => Promise<void>>();
  const closers: (() => Promise<void>)[] = [];

  const host = (databaseMigrate: boolean): DatabaseHost => ({
    config: { databaseUrl, databaseMigrate },
    logger: pino({ level: 'silent' }),
    metrics: new Registry(),
    health: { addCheck: (name, run) => void checks.set(name, run) },
    lifecycle: { onShutdown: (_phase, _name, run) => void closers.push(run) },
  });
  afterAll(async () => {
    await Promise.all(closers.map((close) => close()));
    rmSync(folder, { recursive: true });
  });

  it('is not used before a job has applied the migrations, and readiness says which are missing', async () => {
    let used = false;
    const waiting = openServiceDatabase(host(false), options).then((db) => {
      used = true;
      return db;
    });
    const message = async (): Promise<string> => {
      try {
        await checks.get('migrations')?.();
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    while (!(await message()).includes(thingMigration.name)) await new Promise((next) => setImmediate(next));
    expect(used).toBe(false);
    await openServiceDatabase(host(true), options);
    expect(await (await waiting).pendingMigrations()).toEqual([]);
    expect(await message()).toBe('');
    await expect(checks.get('database')?.()).resolves.toBeUndefined();
  });
});
