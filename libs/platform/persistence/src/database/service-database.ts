import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Migration } from '../migrations/migration.js';
import type { Database } from './database.js';
import { openDatabase } from './open-database.js';

/** What is needed of the service kit. */
export interface DatabaseHost {
  readonly config: { readonly databaseUrl: string; readonly databaseMigrate: boolean };
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly health: { addCheck(name: string, run: () => Promise<void>): void };
  readonly lifecycle: { onShutdown(phase: 'connections', name: string, run: () => Promise<void>): void };
}

/**
 * Opens a service's database, ties it to readiness and shutdown, and waits until it can be used: until it answers
 * (readiness says so meanwhile), and until migrations are applied, by this replica or by a job.
 */
export async function openServiceDatabase(
  { config, logger, metrics, health, lifecycle }: DatabaseHost,
  options: { readonly schema: string; readonly migrations: readonly Migration[] },
): Promise<Database> {
  const db = openDatabase({ url: config.databaseUrl, ...options, logger, metrics });
  health.addCheck('database', () => db.ping());
  lifecycle.onShutdown('connections', 'database', () => db.close());
  await db.ready();
  if (db.dialect === 'mssql') await warnOfWaitingReaders(db, logger);
  if (config.databaseMigrate) await db.migrate();
  else await untilMigrated(db, health);
  return db;
}

/** SQL Server's default makes readers wait for writers; whoever may not see the option is not bothered. */
async function warnOfWaitingReaders(db: Database, logger: Logger): Promise<void> {
  const rows = await db
    .query<{ has_versions: boolean | number }>(
      'SELECT is_read_committed_snapshot_on AS has_versions FROM sys.databases WHERE name = DB_NAME()',
    )
    .catch(() => []);
  if (rows.some(({ has_versions }) => !has_versions))
    logger.warn('the database has READ_COMMITTED_SNAPSHOT off: readers wait for writers; switch it on');
}

const LOOK_AGAIN_MS = 1_000;

/** A job applies the migrations; nothing may use the database before. */
async function untilMigrated(db: Database, health: DatabaseHost['health']): Promise<void> {
  let pending: readonly string[] = [];
  health.addCheck('migrations', async () => {
    await Promise.resolve();
    if (pending.length > 0) throw new Error(`not applied yet: ${pending.join(', ')}`);
  });
  for (;;) {
    pending = await db.pendingMigrations();
    if (pending.length === 0) return;
    await delay(LOOK_AGAIN_MS);
  }
}
