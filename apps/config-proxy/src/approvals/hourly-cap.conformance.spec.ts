import { randomUUID } from 'node:crypto';
import { isEspalierError } from '@espalier/contracts';
import { DatabaseError, isUnavailable, type Database } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import fc from 'fast-check';
import { ActionCountStore } from './action-count.store.js';
import { ApprovalHarness, approvalMigrations, person, SpecClock, SpecFleet } from './approval.fixture.js';
import { HourlyCap } from './hourly-cap.js';

const MINUTE = 60_000;
const anna = person('anna');
const macs = (count: number): string[] => Array.from({ length: count }, (_, n) => `MAC-${n}`);
const OVER = { code: 'ESP_APPROVAL_CAP_REACHED', status: 429 };

/** One suite for every database: what one person may do within an hour, whatever they may do otherwise. */
describeOnEachDatabase('the limit per hour', { migrations: approvalMigrations }, (open, dialect) => {
  let db: Database;
  let clock: SpecClock;
  let site: ApprovalHarness;

  beforeEach(async () => {
    db = await open();
    clock = new SpecClock();
    site = new ApprovalHarness(db, clock, new SpecFleet());
  });
  afterEach(() => site.stop());

  it('counts requests, across all credentials of a person and none of another', async () => {
    await site.ask('EraseDevice', macs(12), anna);
    await site.ask('EraseDevice', macs(8), person('anna', { credentialId: 'kerberos:anna' }));
    await expect(site.ask('EraseDevice', macs(1), anna)).rejects.toMatchObject({
      ...OVER,
      detail: expect.stringContaining('0 of 20'),
      fields: { freeAt: '2026-11-21T11:01:00.000Z' },
    });
    expect(await site.ask('EraseDevice', macs(20), person('bert'))).toMatchObject({ deviceCount: 20 });
    expect(await site.ask('Unheard', macs(1), anna, { kind: 'unknown-command' })).toBeDefined();
    await expect(site.ask('EraseDevice', macs(21), person('cora'))).rejects.toMatchObject({
      code: 'ESP_APPROVAL_CAP_EXCEEDED',
    });
    clock.pass(60 * MINUTE);
    await expect(site.ask('EraseDevice', macs(1), anna)).rejects.toMatchObject(OVER);
    // Setting the clock forward and back again frees nothing twice.
    clock.pass(MINUTE);
    await site.ask('EraseDevice', macs(20), anna);
    clock.set(-120 * MINUTE);
    await expect(site.ask('EraseDevice', macs(1), anna)).rejects.toMatchObject(OVER);
  });

  it('counts a repeated request once, and none that was refused', async () => {
    for (let n = 0; n < 3; n += 1) await site.ask('EraseDevice', macs(15), anna, { key: 'same' });
    await expect(site.ask('EraseDevice', macs(6), anna)).rejects.toMatchObject(OVER);
    await site.ask('EraseDevice', macs(5), anna);
  });

  it('counts what is approved when it is, however long ago it was asked for', async () => {
    const asked = [];
    for (let hour = 0; hour < 3; hour += 1) {
      asked.push(await site.ask('EraseDevice', macs(10), anna));
      clock.pass(61 * MINUTE);
    }
    const [first, second, third] = asked.map(({ id }) => id) as [string, string, string];
    await site.approve(first, person('bert'));
    await site.approve(second, person('bert'));
    await expect(site.approve(third, person('cora'))).rejects.toMatchObject(OVER);
    expect(await site.rooms.approvals.get(third)).toMatchObject({ state: 'needs-approval' });
    clock.pass(61 * MINUTE);
    expect(await site.approve(third, person('cora'))).toMatchObject({ state: 'approved' });
    // Nothing was carried out meanwhile. When that begins again, not all of it happens at once.
    site.run();
    const ends = await Promise.all(asked.map(({ id }) => site.until(id, 'completed', 'failed')));
    expect(ends.filter(({ state }) => state === 'failed')).toHaveLength(1);
  });

  it('holds where nothing needs an approval, for one device after the other, and for many at once', async () => {
    const off = new ApprovalHarness(db, clock, new SpecFleet(), { mode: 'off' });
    for (let n = 0; n < 20; n += 1) expect(await off.need('EraseDevice', [`MAC-${n}`], anna)).toBe('no');
    await expect(off.need('EraseDevice', ['MAC-20'], anna)).rejects.toMatchObject(OVER);
    const [beside, bert] = [
      new ApprovalHarness(await open({ beside: db }), clock, new SpecFleet()),
      person('bert'),
    ];
    const lock = { kind: 'disruptive-command' } as const;
    const key = randomUUID();
    const ask = async (n: number): Promise<unknown> => {
      const at = n % 2 === 0 ? site : beside;
      try {
        return await at.need('DeviceLock', ['MAC-1'], bert, n < 2 ? { ...lock, key } : lock);
      } catch (error) {
        // On a busy machine some wait too long for their turn; that has counted nothing.
        if (isUnavailable(error) || error instanceof DatabaseError) return ask(n);
        throw error;
      }
    };
    const all = await Promise.allSettled(Array.from({ length: 120 }, (_, n) => ask(n)));
    const refused = all.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    // The first two are one request, sent twice.
    expect(refused).toHaveLength(19);
    for (const error of refused) expect(error).toMatchObject(OVER);
  });

  it('forgets who has done nothing for a day', async () => {
    await site.ask('EraseDevice', macs(1), anna);
    clock.pass(25 * 60 * MINUTE);
    await site.rooms.upkeep.step();
    expect(await db.query('SELECT 1 AS x FROM {action_count}')).toEqual([]);
  });

  if (dialect === 'sqlite')
    it('is never exceeded in any hour, refuses nothing that fits, and says when it is free', async () => {
      const cap = new HourlyCap(new ActionCountStore());
      const step = fc.record({
        minutes: fc.integer({ min: 0, max: 40 }),
        devices: fc.integer({ min: 1, max: 6 }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
          const administratorId = randomUUID();
          const book = (devices: number, at: number) =>
            db.transaction((tx) =>
              cap.book(tx, { administratorId, kind: 'erase', phase: 'done', devices, cap: 10, at }),
            );
          const passed: { at: number; devices: number }[] = [];
          const recent = (at: number, minutes: number): number =>
            passed
              .filter((item) => item.at > at - minutes * MINUTE)
              .reduce((sum, item) => sum + item.devices, 0);
          let at = clock.at;
          for (const { minutes, devices } of steps) {
            at += minutes * MINUTE;
            const freeAt = await book(devices, at).then(
              () => undefined,
              (error: unknown) => (isEspalierError(error) ? error.fields?.['freeAt'] : 'no error of ours'),
            );
            if (freeAt === undefined) {
              expect(recent(at, 60) + devices).toBeLessThanOrEqual(10);
              passed.push({ at, devices });
            } else {
              expect(recent(at, 61) + devices).toBeGreaterThan(10);
              const free = Date.parse(freeAt);
              expect(recent(free, 61) + devices).toBeLessThanOrEqual(10);
              expect(recent(free - MINUTE, 61) + devices).toBeGreaterThan(10);
            }
          }
        }),
        { numRuns: 100 },
      );
    });
});
