import { randomUUID } from 'node:crypto';
import { siteErrors } from '@espalier/contracts';
import { createOutbox, outboxMigration, page, type Database, type Tx } from '@espalier/persistence';
import { EventPublisher } from '@espalier/messaging';
import { createLogger } from '@espalier/service-kit';
import { describeOnEachDatabase } from '@espalier/testing';
import { z } from 'zod';
import { IdempotencyService } from '../idempotency/idempotency.service.js';
import { createSite } from '../migrations/2026-11-21-create-site.js';
import { NumberSeries } from '../number-series/number-series.js';
import type { JobKind } from './job.kind.js';
import { JobRunner } from './job.runner.js';
import { JobService } from './job.service.js';
import { JobStore } from './job.store.js';

const logger = createLogger({ service: 'spec', replica: 'spec', level: 'silent' });
const now = (): Date => new Date();

describeOnEachDatabase(
  'what the rooms of the site core share',
  { migrations: [outboxMigration, createSite] },
  (open, dialect) => {
    let db: Database;
    let jobs: JobService;
    let events: EventPublisher<Tx>;
    const runners: JobRunner[] = [];

    beforeEach(async () => {
      db = await open();
      events = new EventPublisher<Tx>(createOutbox(db), { nudge: () => undefined });
      jobs = new JobService({ db, store: new JobStore(db), events, now, uuid: randomUUID });
    });
    afterEach(async () => {
      await Promise.all(runners.splice(0).map((runner) => runner.stop()));
    });

    function run(kind: JobKind<unknown>, leaseMs?: number): JobRunner {
      const store = new JobStore(db);
      const runner = new JobRunner({
        db,
        store,
        events,
        kinds: [kind],
        logger,
        now,
        uuid: randomUUID,
        pollMs: 5,
        retryMs: 5,
        ...(leaseMs !== undefined && { leaseMs }),
      });
      runners.push(runner);
      runner.start();
      return runner;
    }
    const begin = (params: unknown): Promise<string> =>
      db.transaction(async (tx) => {
        const job = await jobs.create(tx, { kind: 'count', title: 'Counting', params, createdBy: 'spec' });
        return job.id;
      });
    async function ended(id: string): Promise<Awaited<ReturnType<JobService['get']>>> {
      for (;;) {
        const job = await jobs.get(id);
        if (job.finishedAt !== null) return job;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    }
    /** Counts to `to`, two at a time. */
    const counting = (onStep: (from: number) => void = () => undefined): JobKind<unknown> => ({
      kind: 'count',
      params: z.object({ to: z.number() }),
      cancelScope: null,
      step: async ({ params, cursor }) => {
        await Promise.resolve();
        const { to } = params as { to: number };
        const from = Number(cursor ?? 0);
        onStep(from);
        const end = Math.min(to, from + 2);
        return {
          done: end - from,
          cursor: String(end),
          total: to,
          finished: end >= to,
          messages: [`at ${end}`],
        };
      },
    });

    it('does a job step by step, in order, and tells how far it is', async () => {
      const steps: number[] = [];
      run(counting((from) => steps.push(from)));
      const job = await ended(await begin({ to: 7 }));
      expect(job).toMatchObject({ state: 'succeeded', done: 7, failed: 0, total: 7 });
      expect(job.messages).toEqual(['at 2', 'at 4', 'at 6', 'at 7']);
      expect(steps).toEqual([0, 2, 4, 6]);
      const told = await db.query<{ payload: string }>('SELECT payload FROM {outbox} ORDER BY sequence');
      expect(told.map(({ payload }) => (JSON.parse(payload) as { state: string }).state)).toEqual(
        expect.arrayContaining(['queued', 'succeeded']),
      );
    });

    it('goes on where a replica stopped, without doing a step twice', async () => {
      const steps: number[] = [];
      const reached = Promise.withResolvers<void>();
      const first = run(
        counting((from) => {
          steps.push(from);
          if (from === 4) reached.resolve();
        }),
      );
      const id = await begin({ to: 200 });
      await reached.promise;
      await first.stop();
      run(counting((from) => steps.push(from)));
      expect(await ended(id)).toMatchObject({ state: 'succeeded', done: 200 });
      expect(steps).toEqual(Array.from({ length: 100 }, (_, index) => index * 2));
    });

    it('tries a failing step again from its cursor', async () => {
      let failures = 0;
      run(
        counting((from) => {
          if (from === 2 && failures < 1) {
            failures += 1;
            throw new Error('the database went away');
          }
        }),
      );
      expect(await ended(await begin({ to: 4 }))).toMatchObject({ state: 'succeeded', done: 4 });
      expect(failures).toBe(1);
    });

    it('fails at once what cannot become right: parameters that do not fit, a kind that nobody knows', async () => {
      run(counting());
      expect(await ended(await begin({ to: 'many' }))).toMatchObject({ state: 'failed', done: 0 });
    });

    it('stops a job that is cancelled, and says so where it is over', async () => {
      const held = Promise.withResolvers<void>();
      const arrived = Promise.withResolvers<void>();
      const slow = counting();
      const abandoned: unknown[] = [];
      run({
        ...slow,
        step: async (job, signal) => {
          arrived.resolve();
          await held.promise;
          return slow.step(job, signal);
        },
        abandoned: (_tx, params) => {
          abandoned.push(params);
          return Promise.resolve();
        },
      });
      const id = await begin({ to: 100 });
      await arrived.promise;
      await jobs.cancel(id);
      held.resolve();
      expect(await ended(id)).toMatchObject({ state: 'cancelled', done: 2 });
      expect(abandoned).toEqual([{ to: 100 }]);
      await expect(jobs.cancel(randomUUID())).rejects.toMatchObject({ code: 'ESP_SITE_JOB_UNKNOWN' });
    });

    it('lists jobs, newest first, and by filter', async () => {
      const ids = [await begin({ to: 1 }), await begin({ to: 2 })];
      const { items } = await jobs.list({ limit: 10, filter: "state eq 'queued'", orderBy: 'createdAt' });
      expect(items.map(({ id }) => id).sort()).toEqual(ids.sort());
    });

    it('goes on once only where a step outlives its lease and a loop beside it takes over', async () => {
      const starts: number[] = [];
      const overtaken = Promise.withResolvers<void>();
      const doubled = Promise.withResolvers<void>();
      const counted = counting();
      run(
        {
          ...counted,
          step: async (job, signal) => {
            const from = Number(job.cursor ?? 0);
            starts.push(from);
            const times = starts.filter((start) => start === from).length;
            if (from === 0 && times === 1) await overtaken.promise;
            if (from === 2 && times > 1) doubled.resolve();
            if (from === 2 && times === 1) {
              overtaken.resolve();
              await Promise.race([doubled.promise, new Promise((resolve) => setTimeout(resolve, 100))]);
            }
            return counted.step(job, signal);
          },
        },
        // Long enough for the statements of an ordinary step.
        dialect === 'mssql' ? 5_000 : 300,
      );
      expect(await ended(await begin({ to: 5 }))).toMatchObject({ state: 'succeeded', done: 5 });
      expect(starts).toEqual([0, 0, 2, 4]);
    });

    it('refuses page cursors that no database can compare with', async () => {
      const after = (...values: unknown[]) =>
        page(db, {
          sql: 'SELECT failures, id FROM {job}',
          orderBy: ['failures', 'id'],
          limit: 1,
          after: Buffer.from(JSON.stringify(values)).toString('base64url'),
        });
      for (const text of ['\0', '\ud800'])
        await expect(after(1, text)).rejects.toMatchObject({ code: 'ESP_BAD_REQUEST' });
      // The others compare small columns with large numbers.
      if (dialect !== 'postgres') expect(await after(1e18, 'x')).toEqual({ rows: [] });
      else await expect(after(1e18, 'x')).rejects.toMatchObject({ code: 'ESP_BAD_REQUEST' });
    });

    it('never gives a number twice, also to two at once', async () => {
      const series = new NumberSeries();
      const firsts = await Promise.all(
        [1, 3, 1, 2].map((count) => db.transaction((tx) => series.take(tx, 'resource', count))),
      );
      const given = firsts.flatMap((first, index) =>
        Array.from({ length: [1, 3, 1, 2][index] as number }, (_, offset) => first + offset),
      );
      expect(given.toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 7 }, (_, index) => 16_777_219 + index),
      );
    });

    it('makes a thing once for a key, also where the request comes twice at once', async () => {
      const idempotency = new IdempotencyService(db, now);
      const make = (body: unknown, key?: string): Promise<{ first: number }> =>
        idempotency.run({ callerId: 'caller', key, body }, async (tx) => ({
          first: await new NumberSeries().take(tx, 'collection', 1),
        }));
      const [one, two] = await Promise.all([make({ a: 1 }, 'key'), make({ a: 1 }, 'key')]);
      expect(one).toEqual(two);
      expect(await make({ a: 1 }, 'other')).not.toEqual(one);
      await expect(make({ a: 2 }, 'key')).rejects.toMatchObject({ code: 'ESP_SITE_KEY_REUSED' });
      await expect(
        idempotency.run({ callerId: 'caller', key: 'fails', body: 1 }, () => Promise.reject(new Error('no'))),
      ).rejects.toThrow('no');
      expect(await idempotency.prune(Date.now() + 1_000)).toBe(2);
    });

    it('answers with what was made also where that is what stands in the way of making it again', async () => {
      // Transactions of SQLite are alone.
      if (dialect === 'sqlite') return;
      const idempotency = new IdempotencyService(db, now);
      const request = { callerId: 'caller', key: 'key', body: 1 };
      // The other request commits after ours has looked for its key, and before ours makes the thing.
      const ours = idempotency.run(request, async () => {
        await (
          await open({ beside: db, migrate: false })
        ).execute(
          `INSERT INTO {idempotency_key} (caller_id, "key", request_hash, answer, created_at)
           VALUES ('caller', 'key', '6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b', '"made"', 1)`,
        );
        throw siteErrors.ESP_SITE_CHANGED_MEANWHILE();
      });
      expect(await ours).toBe('made');
    });
  },
);
