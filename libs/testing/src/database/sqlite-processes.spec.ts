import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openDatabase, portableMigration, t, type Database } from '@espalier/persistence';
import { pino } from 'pino';

const counter = portableMigration('2026-01-01-counter', {
  up: async (schema) => {
    await schema.createTable('counter', { columns: { id: t.integer(), n: t.integer() }, primaryKey: ['id'] });
    await schema.execute('INSERT INTO {counter} (id, n) VALUES (1, 0)');
  },
  down: (schema) => schema.dropTable('counter'),
});

describe('one SQLite file in several processes', () => {
  let folder: string;
  let db: Database;
  const open = (): Database =>
    openDatabase({
      url: `sqlite:${join(folder, 'test.sqlite')}`,
      schema: 'test',
      migrations: [counter],
      logger: pino({ level: 'silent' }),
    });
  const writer = (times: number): ChildProcess =>
    spawn(
      process.execPath,
      [
        join(import.meta.dirname, 'sqlite-writer.child.js'),
        `sqlite:${join(folder, 'test.sqlite')}`,
        `${times}`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
  const count = async (): Promise<number | undefined> =>
    (await db.query<{ n: number }>('SELECT n FROM {counter}'))[0]?.n;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'espalier-sqlite-'));
    db = open();
    await db.migrate();
  });
  afterEach(async () => {
    await db.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('loses no update of two processes that write at once', async () => {
    const child = writer(60);
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    for (let i = 0; i < 60; i += 1) {
      await db.transaction(async (tx) => {
        const [row] = await tx.query<{ n: number }>('SELECT n FROM {counter}');
        await tx.execute('UPDATE {counter} SET n = :n', { n: (row?.n ?? 0) + 1 });
      });
    }
    if (child.exitCode === null) await once(child, 'exit');
    expect(child.exitCode).toBe(0);
    expect(await count()).toBe(120);
  });

  it('has all that was acknowledged after kill -9', async () => {
    const child = writer(100_000);
    let acknowledged = 0;
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      acknowledged = Number(line);
      if (acknowledged === 30) child.kill('SIGKILL');
    }
    expect(acknowledged).toBeGreaterThanOrEqual(30);
    // One more may have been committed and not yet said.
    expect([acknowledged, acknowledged + 1]).toContain(await count());
    expect(await db.query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  });

  it('syncs every commit, and keeps the file to its owner', async () => {
    expect(await db.query('PRAGMA synchronous')).toEqual([{ synchronous: 2 }]);
    expect(await db.query('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }]);
    expect(await db.query('PRAGMA foreign_keys')).toEqual([{ foreign_keys: 1 }]);
    expect(statSync(join(folder, 'test.sqlite')).mode & 0o077).toBe(0);
  });

  it('lets timers and sockets work while statements follow one another', async () => {
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 1);
    const end = performance.now() + 60;
    while (performance.now() < end) await db.query('SELECT n FROM {counter}');
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });

  it('refuses TypeORM behind its back, where statements would fall into another transaction', async () => {
    await db.ready();
    await expect(db.dataSource.query('SELECT 1')).rejects.toThrow('outside');
  });

  it('says that the database is unavailable where the file cannot be opened, and tries again', async () => {
    const missing = openDatabase({
      url: `sqlite:${folder}`,
      schema: 'test',
      logger: pino({ level: 'silent' }),
    });
    await expect(missing.query('SELECT 1')).rejects.toMatchObject({ code: 'ESP_DATABASE_UNAVAILABLE' });
    const ready = missing.ready();
    await missing.close();
    await expect(ready).rejects.toMatchObject({ code: 'ESP_SHUTTING_DOWN' });
  });
});
