import { describeOnEachDatabase } from '@espalier/testing';
import { ApprovalHarness, approvalMigrations, person, SpecClock, SpecFleet } from './approval.fixture.js';

const DAY = 86_400_000;
const macs = (count: number): string[] => Array.from({ length: count }, (_, n) => `MAC-${n}`);
const OVER = { code: 'ESP_APPROVAL_CAP_REACHED', status: 429 };

/** One suite for every database: whoever makes, or takes over, accounts gets no more by them. */
describeOnEachDatabase('who stands behind an account', { migrations: approvalMigrations }, (open) => {
  let clock: SpecClock;
  let site: ApprovalHarness;
  beforeEach(async () => {
    clock = new SpecClock();
    site = new ApprovalHarness(await open(), clock, new SpecFleet(), { restHours: 24 });
    for (const name of ['first', 'second', 'third'])
      site.people.set(name, { kind: 'person', isEnabled: true, changedAt: clock.at });
  });
  afterEach(() => site.stop());

  it('new accounts share one limit besides their own, and nobody else feels it', async () => {
    await site.ask('EraseDevice', macs(12), person('first'));
    await site.ask('EraseDevice', macs(8), person('second'));
    await expect(site.ask('EraseDevice', macs(1), person('third'))).rejects.toMatchObject(OVER);
    await site.ask('EraseDevice', macs(20), person('anna'));
    clock.pass(DAY);
    await Promise.all(
      ['first', 'second', 'third'].map((name) => site.ask('EraseDevice', macs(20), person(name))),
    );
  });

  it('a token that somebody else made counts for them as long as it is new', async () => {
    const lent = { ...person('bert', { madeBy: 'anna' }), madeAt: clock.at };
    await site.ask('EraseDevice', macs(15), lent);
    await expect(site.ask('EraseDevice', macs(6), person('anna'))).rejects.toMatchObject(OVER);
    clock.pass(DAY);
    await site.ask('EraseDevice', macs(15), lent);
    await site.ask('EraseDevice', macs(20), person('anna'));
  });

  it('nothing is approved that a new account asked for, or one whose token a new account made', async () => {
    const asked = await site.ask('EraseDevice', macs(1), person('first'));
    const lent = await site.ask('EraseDevice', macs(1), person('bert', { madeBy: 'second' }));
    for (const { id } of [asked, lent])
      await expect(site.approve(id, person('cora'))).rejects.toMatchObject({
        code: 'ESP_APPROVAL_REQUESTER_TOO_NEW',
        status: 409,
      });
    clock.pass(DAY);
    for (const { id } of [asked, lent])
      expect(await site.approve(id, person('cora'))).toMatchObject({ state: 'approved' });
  });
});
