import type { DeviceFacts } from '@espalier/contracts';
import type { Database, Queryable, Tx } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import { AgendaStore } from '../agenda/agenda.store.js';
import { mdmPolicyMigrations } from '../migrations/index.js';
import { EnrollmentService, type FactsReport } from './enrollment.service.js';
import { EnrollmentStore, type EnrollmentRow } from './enrollment.store.js';

const T = 1_800_000_000_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** By far the most that mdm-policy hears is what it knows; it must cost next to nothing, and never undo what is newer. */
describeOnEachDatabase(
  'what devices say of themselves',
  { migrations: mdmPolicyMigrations },
  (open, dialect) => {
    const store = new EnrollmentStore();
    let db: Database;
    beforeEach(async () => {
      db = await open();
    });

    const serviceOn = (on: Database): EnrollmentService =>
      new EnrollmentService({ db: on, store, agenda: new AgendaStore(on), now: () => new Date(T) });
    const report = (enrollmentId: string, at: number, timeZone = 'Asia/Tokyo'): FactsReport => ({
      enrollmentId,
      at,
      facts: { platform: 'mac', timeZone } as unknown as DeviceFacts,
    });
    const knowing = (ids: readonly string[]): Promise<void> =>
      db.transaction(async (tx) => {
        const row = { state: 'enrolled', state_at: 1, epoch_at: 1, platform: 'mac', facts_at: T } as const;
        await new AgendaStore(db).touch(tx, ids, T);
        await store.save(
          tx,
          ids.map((id) => ({
            ...row,
            id,
            kind: id.includes(':') ? 'user' : 'device',
            time_zone: 'Asia/Tokyo',
          })),
        );
        await tx.execute('UPDATE {agenda} SET due_at = NULL');
      });
    const known = async (id: string): Promise<EnrollmentRow | undefined> =>
      (await store.load(db, [id])).get(id);
    const due = async (): Promise<string[]> =>
      (
        await db.query<{ id: string }>(
          'SELECT enrollment_id AS id FROM {agenda} WHERE due_at IS NOT NULL ORDER BY enrollment_id',
        )
      ).map(({ id }) => id);
    /** Of PostgreSQL: which transaction wrote each row. Elsewhere the times tell. */
    const writtenBy = async (): Promise<unknown[]> =>
      dialect === 'postgres'
        ? [
            await db.query(
              'SELECT id, xmin::text AS written, ctid::text AS place FROM {enrollment} ORDER BY id',
            ),
            await db.query(
              'SELECT enrollment_id, xmin::text, xmax::text FROM {agenda} ORDER BY enrollment_id',
            ),
          ]
        : db.query('SELECT * FROM {enrollment} ORDER BY id');

    it('is one statement that reads for a batch that says nothing new, and writes and locks no row', async () => {
      await knowing(['A', 'B', 'C']);
      const before = await writtenBy();
      const statements: string[] = [];
      const learnt = await serviceOn(watched(db, statements)).learnFacts([
        ...['C', 'A', 'B'].map((id) => report(id, T + 59 * MINUTE)),
        // As a redelivery has it.
        report('A', T),
        report('B', T - HOUR, 'Europe/Berlin'),
      ]);
      expect(learnt).toBe(false);
      expect(statements).toEqual(['query']);
      expect(await writtenBy()).toEqual(before);
      expect(await due()).toEqual([]);
    });

    it('has its time renewed in one statement where that is an hour old, and nobody looks at the device for that', async () => {
      await knowing(['A', 'B', 'C']);
      await serviceOn(db).learnFacts([report('C', T + 30 * MINUTE)]);
      const statements: string[] = [];
      const reports = [report('B', T + HOUR), report('A', T + 2 * HOUR), report('C', T + 59 * MINUTE)];
      expect(await serviceOn(watched(db, statements)).learnFacts(reports)).toBe(false);
      expect(statements).toEqual(['query', 'execute']);
      const times = await Promise.all(['A', 'B', 'C'].map(async (id) => (await known(id))?.facts_at));
      expect(times).toEqual([T + 2 * HOUR, T + HOUR, T]);
      expect(await due()).toEqual([]);
    });

    it('is learnt at once where it is something else, and never undone by what is older', async () => {
      await knowing(['A', 'A:anna', 'B']);
      const service = serviceOn(db);
      expect(await service.learnFacts([report('A', T + 2, 'Europe/Berlin'), report('B', T + 2)])).toBe(true);
      expect(await known('A')).toMatchObject({ time_zone: 'Europe/Berlin', facts_at: T + 2 });
      expect(await due()).toEqual(['A', 'A:anna']);
      await db.execute('UPDATE {agenda} SET due_at = NULL');
      expect(await service.learnFacts([report('A', T + 1, 'Asia/Tokyo')])).toBe(false);
      expect(await known('A')).toMatchObject({ time_zone: 'Europe/Berlin', facts_at: T + 2 });
      // Of one batch, too, the newest counts, in whatever order.
      await service.learnFacts([report('A', T + 9, 'Asia/Tokyo'), report('A', T + 8, 'America/Lima')]);
      expect(await known('A')).toMatchObject({ time_zone: 'Asia/Tokyo', facts_at: T + 9 });
      // What is as old as the noted time or older is late, also where only that time was renewed since.
      await service.learnFacts([report('A', T + 3 * HOUR, 'Asia/Tokyo')]);
      await service.learnFacts([report('A', T + 2 * HOUR, 'Europe/Berlin')]);
      expect(await known('A')).toMatchObject({ time_zone: 'Asia/Tokyo', facts_at: T + 3 * HOUR });
    });

    // Transactions of SQLite are alone, and SQL Server's stand-in knows no rows that are left out.
    describe('while another replica', () => {
      if (dialect !== 'postgres') return;
      let beside: Database;
      beforeEach(async () => {
        beside = await open({ beside: db });
        await knowing(['A', 'A:anna', 'B']);
      });

      /** The other replica has its say, then this one learns until it waits, then the other one ends. */
      async function between(
        begin: (tx: Tx) => Promise<unknown>,
        learn: (service: EnrollmentService) => Promise<unknown>,
        end: (tx: Tx) => Promise<unknown>,
      ): Promise<void> {
        const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        const other = once(beside).transaction(async (tx) => {
          await begin(tx);
          begun.resolve();
          await goOn.promise;
          await end(tx);
        });
        await begun.promise;
        const learning = learn(serviceOn(once(db)));
        const isWaiting = async (): Promise<boolean> =>
          (await db.query('SELECT pid FROM pg_locks WHERE NOT granted')).length > 0;
        while (!(await isWaiting()));
        goOn.resolve();
        await Promise.all([other, learning]);
      }

      it('learns something older of the same device, is not lost, and waits for nothing that is not held', async () => {
        await between(
          async (tx) => {
            await new AgendaStore(beside).lock(tx, ['A']);
            const row = (await store.load(tx, ['A'])).get('A') as EnrollmentRow;
            await store.save(tx, [{ ...row, time_zone: 'Europe/Berlin', facts_at: T + HOUR }]);
          },
          (service) => service.learnFacts([report('B', T + 2 * HOUR), report('A', T + 2 * HOUR)]),
          async () => expect(await known('B')).toMatchObject({ facts_at: T + 2 * HOUR }),
        );
        expect(await known('A')).toMatchObject({ time_zone: 'Asia/Tokyo', facts_at: T + 2 * HOUR });
      });

      it('looks at a user of one device and at another device, takes locks in the same order', async () => {
        const agenda = new AgendaStore(db);
        await between(
          (tx) => agenda.lock(tx, ['A:anna']),
          (service) => service.learnFacts(['B', 'A'].map((id) => report(id, T + 1, 'Europe/Berlin'))),
          (tx) => agenda.lock(tx, ['B']),
        );
        expect(await due()).toEqual(['A', 'A:anna', 'B']);
      });
    });

    it('never deadlocks or gets lost where replicas take the same devices at once in opposite orders', async () => {
      // The stand-in for SQL Server ignores the hints by which rows are locked.
      if (dialect === 'mssql') return;
      const devices = Array.from({ length: 40 }, (_, n) => `D${String(n).padStart(2, '0')}`);
      const channels = devices.map((id) => `${id}:anna`);
      await knowing([...devices, ...channels]);
      const replicas = [db, await open({ beside: db }), await open({ beside: db })];
      const zones = ['Asia/Tokyo', 'Europe/Berlin', 'America/Lima'];
      const zoneAt = (device: number, round: number): string =>
        // Some never move, some do in each round: both kinds are in each batch.
        device % 2 === 0 ? 'Asia/Tokyo' : (zones[(device + round) % zones.length] as string);
      const rounds = 12;
      for (let round = 1; round <= rounds; round += 1) {
        const at = T + round * 2 * HOUR;
        const batch = devices.map((id, device) => report(id, at, zoneAt(device, round)));
        const late = devices.map((id, device) => report(id, at - HOUR, zoneAt(device, round + 1)));
        await Promise.all([
          serviceOn(once(replicas[0] as Database)).learnFacts(batch),
          serviceOn(once(replicas[1] as Database)).learnFacts([...late, ...batch].toReversed()),
          serviceOn(once(replicas[2] as Database)).learnFacts(late.toReversed()),
          // Another kind of event, which concerns some of their users and devices.
          once(replicas[2] as Database).transaction((tx) =>
            new AgendaStore(db).touch(tx, [...channels, ...devices.slice(1)], T),
          ),
        ]);
        const rows = await store.load(db, devices);
        expect(devices.map((id) => rows.get(id)?.time_zone)).toEqual(
          devices.map((_, device) => zoneAt(device, round)),
        );
      }
    });
  },
);

/** A deadlock fails: nothing is run again. */
function once(db: Database): Database {
  return proxied(db, 'transaction', (transaction) => (work: unknown) => transaction(work, { retries: 0 }));
}

/** Notes what kind of statement goes to the database; a transaction is one more. */
function watched(db: Database, statements: string[]): Database {
  return (['query', 'execute', 'transaction'] as const).reduce<Database>(
    (on, kind) =>
      proxied(on, kind, (run) => (...args: unknown[]) => {
        statements.push(kind);
        return run(...args);
      }),
    db,
  );
}

type Method = (...args: unknown[]) => unknown;

function proxied(
  db: Database,
  method: keyof Queryable | 'transaction',
  wrap: (run: Method) => Method,
): Database {
  return new Proxy(db, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      const run = (value as Method).bind(target);
      return key === method ? wrap(run) : run;
    },
  });
}
