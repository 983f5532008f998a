import { insertRows, openDatabase, type Database } from '@espalier/persistence';
import { pino } from 'pino';
import { startPostgres, type PostgresServer } from '../postgres/postgres-server.harness.js';
import { thingRow, thingSuite } from './persistence.fixture.js';

const unavailable = { code: 'ESP_DATABASE_UNAVAILABLE', status: 503, retryable: true };

describe('PostgreSQL that goes away', () => {
  let server: PostgresServer;
  let db: Database;
  const open = (): Database =>
    openDatabase({
      url: server.url,
      schema: 'mdm',
      ...thingSuite,
      logger: pino({ level: 'silent' }),
      connectTimeoutMs: 1_000,
      statementTimeoutMs: 300,
      poolSize: 4,
    });
  const count = async (on = db): Promise<unknown> => (await on.query('SELECT COUNT(*) AS n FROM {thing}'))[0];
  const quickly = async (fn: () => Promise<unknown>): Promise<unknown> => {
    const startedAt = performance.now();
    const error = await fn().then(
      () => 'no error',
      (thrown: unknown) => thrown,
    );
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    return error;
  };

  beforeAll(async () => {
    server = await startPostgres();
    db = open();
    await db.migrate();
    // Several idle connections, which a crash breaks all at once.
    await Promise.all(Array.from({ length: 4 }, () => db.query('SELECT pg_sleep(0.02)')));
  });
  afterAll(async () => {
    await db.close();
    await server.stop();
  });

  it('is told at once to callers, inside a transaction too, and works again by itself', async () => {
    const inside = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const running = db.transaction(async (tx) => {
      await insertRows(tx, 'thing', [thingRow('lost')]);
      inside.resolve();
      await goOn.promise;
      await insertRows(tx, 'thing', [thingRow('lost too')]);
    });
    await inside.promise;
    await server.kill();
    goOn.resolve();
    expect(await quickly(() => running)).toMatchObject(unavailable);
    expect(await quickly(() => count())).toMatchObject(unavailable);
    expect(await quickly(() => db.ping())).toMatchObject(unavailable);
    expect(await quickly(() => db.transaction((tx) => tx.query('SELECT 1')))).toMatchObject(unavailable);
    expect(await quickly(() => db.use((manager) => manager.query('SELECT 1')))).toMatchObject(unavailable);

    await server.restart();
    expect(await count()).toEqual({ n: 0 });
    await db.ping();
    await db.transaction((tx) => insertRows(tx, 'thing', [thingRow('after')]));
    expect(await count()).toEqual({ n: 1 });
  });

  it('starts while the server is down, says so, and is ready when it comes', async () => {
    await server.kill();
    const late = open();
    let isReady = false;
    const ready = late.ready().then(() => (isReady = true));
    expect(await quickly(() => count(late))).toMatchObject(unavailable);
    expect(await quickly(() => late.ping())).toMatchObject(unavailable);
    expect(isReady).toBe(false);
    await server.restart();
    await ready;
    expect(await count(late)).toEqual({ n: 1 });
    await late.close();
  });

  it('cancels a statement that takes too long, and keeps the connection usable', async () => {
    expect(await quickly(() => db.query('SELECT pg_sleep(30)'))).toMatchObject(unavailable);
    expect(await quickly(() => db.transaction((tx) => tx.query('SELECT pg_sleep(30)')))).toMatchObject(
      unavailable,
    );
    expect(await count()).toEqual({ n: 1 });
  });

  it('gives up on a server that holds connections but answers nothing, and recovers', async () => {
    server.pause();
    const startedAt = performance.now();
    try {
      await expect(count()).rejects.toMatchObject(unavailable);
      await expect(db.ping()).rejects.toMatchObject(unavailable);
    } finally {
      server.resume();
    }
    expect(performance.now() - startedAt).toBeLessThan(8_000);
    expect(await count()).toEqual({ n: 1 });
  });

  it('lets callers wait for a connection of a busy pool only so long', async () => {
    const leave = Promise.withResolvers<void>();
    const holders = Array.from({ length: 4 }, () => db.transaction(() => leave.promise));
    const waiting = await quickly(() => count());
    leave.resolve();
    await Promise.all(holders);
    expect(waiting).toMatchObject(unavailable);
    expect(await count()).toEqual({ n: 1 });
  });
});
