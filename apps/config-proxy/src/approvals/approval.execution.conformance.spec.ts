import { commonErrors, type Approval } from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import { approvalMigrations, ApprovalReplicas, person } from './approval.fixture.js';

const anna = person('anna');
const bert = person('bert');
const cora = person('cora');
const DAY = 24 * 3_600_000;

/** One suite for every database: what is approved is carried out once, whoever dies or comes too late. */
describeOnEachDatabase('approvals that were given', { migrations: approvalMigrations }, (open) => {
  let db: Database;
  let replicas: ApprovalReplicas;
  let { clock, fleet, site, replica } = {} as ApprovalReplicas;
  beforeEach(async () => {
    db = await open();
    replicas = new ApprovalReplicas(db);
    ({ clock, fleet, site, replica } = replicas);
  });
  afterEach(() => replicas.stop());

  const told = async (): Promise<string[]> =>
    (
      await db.query<{ payload: string; subject: string }>(
        'SELECT subject, payload FROM {outbox} ORDER BY sequence',
      )
    )
      .filter(({ subject }) => subject.includes('approval'))
      .map(({ payload }) => (JSON.parse(payload) as Approval).state);

  it('wait for a second person, and are carried out once, in the name of who asked', async () => {
    site.run();
    const asked = await site.ask('EraseDevice', ['MAC-1', 'MAC-2'], anna);
    expect(asked).toMatchObject({
      state: 'needs-approval',
      kind: 'erase',
      deviceCount: 2,
      requester: { id: 'anna' },
      reason: 'The device was stolen.',
      expiresAt: clock.at + 7 * DAY,
      version: 1,
    });
    expect(fleet.carriedOut).toEqual([]);
    await site.approve(asked.id, bert);
    const done = await site.until(asked.id, 'completed');
    expect(done).toMatchObject({ decidedBy: { id: 'bert' }, finishedAt: clock.at, outcome: null });
    expect(done.resultIds).toHaveLength(2);
    expect(fleet.carriedOut).toEqual([`approval:${asked.id}`]);
    expect(fleet.requests[0]?.createdBy).toBe('anna (spec), approved by bert');
    expect(await told()).toEqual(['needs-approval', 'approved', 'completed']);
    expect(site.audited.map(({ action, outcome, approvalId }) => [action, outcome, approvalId])).toEqual([
      ['approval.request', 'succeeded', asked.id],
      ['approval.execute', 'begun', asked.id],
      ['approval.execute', 'succeeded', asked.id],
    ]);
    // Repeating the decision is harmless.
    expect(await site.approve(asked.id, bert)).toEqual(done);
    await expect(site.approve(asked.id, cora)).rejects.toMatchObject({ code: 'ESP_APPROVAL_NOT_OPEN' });
  });

  it('are carried out once where a replica dies between doing and saying so', async () => {
    const [beside, hung] = [replica(await open({ beside: db })), Promise.withResolvers<void>()];
    const died = Promise.withResolvers<void>();
    fleet.afterwards = () => {
      fleet.afterwards = () => Promise.resolve();
      died.resolve();
      return hung.promise;
    };
    const { id } = await site.ask('EraseDevice', ['MAC-1'], anna);
    await site.approve(id, bert);
    // The first one queues the command, and is not heard of any more until its lease is over.
    site.run(200);
    await died.promise;
    await expect(site.cancel(id, anna)).rejects.toMatchObject({ code: 'ESP_APPROVAL_IN_PROGRESS' });
    beside.run(200);
    const done = await beside.until(id, 'completed');
    expect(fleet.carriedOut).toEqual([`approval:${id}`]);
    // It was only slow: what it has to say comes too late.
    hung.resolve();
    await site.stop();
    expect(await beside.rooms.approvals.get(id)).toEqual(done);
    expect(await told()).toEqual(['needs-approval', 'approved', 'completed']);
  });

  it('are carried out once each by two replicas at once', async () => {
    const beside = replica(await open({ beside: db }));
    const asked = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        (n % 2 === 0 ? site : beside).ask('EraseDevice', [`MAC-${n}`], anna),
      ),
    );
    for (const each of [site, beside]) each.run();
    await Promise.all(asked.flatMap(({ id }) => [site.approve(id, bert), beside.approve(id, bert)]));
    await Promise.all(asked.map(({ id }) => site.until(id, 'completed')));
    expect(fleet.carriedOut.toSorted()).toEqual(asked.map(({ id }) => `approval:${id}`).toSorted());
  });

  it('do not go on after they lapsed while somebody was at it', async () => {
    const { id } = await site.ask('EraseDevice', ['MAC-1'], anna);
    await site.approve(id, bert);
    const [reached, hung] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    fleet.before = () => {
      fleet.before = () => Promise.resolve();
      reached.resolve();
      return hung.promise;
    };
    // It has begun, and dies before mdm hears of it; days go by.
    site.run(200);
    await reached.promise;
    clock.pass(8 * DAY);
    const beside = replica(await open({ beside: db }));
    beside.run(200);
    expect(await beside.until(id, 'failed')).toMatchObject({ outcome: expect.stringContaining('expired') });
    hung.reject(commonErrors.ESP_MESSAGING_UNAVAILABLE());
    await site.stop();
    expect(fleet.carriedOut).toEqual([]);
  });

  it('fail where they cannot be carried out: at once, or after some tries', async () => {
    site.run();
    fleet.failure = 'invalid';
    const [wrong, unlucky] = [
      await site.ask('EraseDevice', ['MAC-1'], anna),
      await site.ask('EraseDevice', ['MAC-2'], anna),
    ];
    await site.approve(wrong.id, bert);
    expect(await site.until(wrong.id, 'failed')).toMatchObject({ outcome: expect.stringContaining('PIN') });
    fleet.failure = 'away';
    await site.approve(unlucky.id, bert);
    expect(await site.until(unlucky.id, 'failed')).toMatchObject({
      outcome: expect.stringContaining('could not be carried out'),
    });
  });
});
