import { randomUUID } from 'node:crypto';
import type { Approval, ApprovalKind, RoleId } from '@espalier/contracts';
import { insertRows, type Database } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import { approvalMigrations, ApprovalReplicas, person } from './approval.fixture.js';

const anna = person('anna');
const bert = person('bert');
const cora = person('cora');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** One suite for every database: who may approve what, until when, and who may take it back. */
describeOnEachDatabase('approvals', { migrations: approvalMigrations }, (open) => {
  let db: Database;
  let replicas: ApprovalReplicas;
  let { clock, fleet, site, replica } = {} as ApprovalReplicas;
  beforeEach(async () => {
    db = await open();
    replicas = new ApprovalReplicas(db);
    ({ clock, fleet, site, replica } = replicas);
  });
  afterEach(() => replicas.stop());

  it('are not given by whoever stands behind the request, with whatever token', async () => {
    const { id } = await site.ask('EraseDevice', ['MAC-1'], anna);
    const own = [anna, person('anna', { credentialId: 'another' }), person('bert', { madeBy: 'anna' })];
    for (const by of own)
      await expect(site.approve(id, by)).rejects.toMatchObject({ code: 'ESP_APPROVAL_OWN' });
    // Bert made the token that Anna asks with; and Cora made both tokens.
    const made = await site.ask(
      'EraseDevice',
      ['MAC-2'],
      person('anna', { credentialId: 'of bert', madeBy: 'bert' }),
    );
    await expect(site.approve(made.id, bert)).rejects.toMatchObject({ code: 'ESP_APPROVAL_OWN' });
    const both = await site.ask(
      'EraseDevice',
      ['MAC-3'],
      person('anna', { credentialId: 'of cora', madeBy: 'cora' }),
    );
    await expect(site.approve(both.id, person('bert', { madeBy: 'cora' }))).rejects.toMatchObject({
      code: 'ESP_APPROVAL_OWN',
    });
    expect(
      (await site.rooms.approvals.list({ waitingFor: 'bert' }, { limit: 9 })).items.map((a) => a.id),
    ).toEqual(expect.arrayContaining([id, both.id]));
    expect((await site.rooms.approvals.list({ waitingFor: 'bert' }, { limit: 9 })).items).toHaveLength(2);
    expect((await site.rooms.approvals.list({ waitingFor: 'anna' }, { limit: 9 })).items).toEqual([]);
    expect((await site.rooms.approvals.list({ requestedBy: 'anna' }, { limit: 9 })).items).toHaveLength(3);
  });

  it('are not given by service accounts, fresh accounts, or for whoever was disabled', async () => {
    const strict = replica(db, { restHours: 24 });
    const { id } = await strict.ask('EraseDevice', ['MAC-1'], anna);
    strict.people.set('bert', { kind: 'person', isEnabled: true, changedAt: clock.at - 23 * HOUR });
    strict.people.set('cora', { kind: 'service', isEnabled: true, changedAt: 0 });
    await expect(strict.approve(id, bert)).rejects.toMatchObject({
      code: 'ESP_APPROVAL_TOO_NEW',
      detail: 'bert can approve from 2026-11-21T11:00:00.000Z on.',
    });
    await expect(strict.approve(id, cora)).rejects.toMatchObject({ code: 'ESP_APPROVAL_NOT_A_PERSON' });
    await expect(strict.approve(id, person('nobody'))).rejects.toMatchObject({ status: 403 });
    clock.pass(HOUR);
    strict.people.set('anna', { kind: 'person', isEnabled: false, changedAt: 0 });
    await expect(strict.approve(id, bert)).rejects.toMatchObject({ code: 'ESP_APPROVAL_RIGHTS_LOST' });
    strict.people.set('anna', { kind: 'person', isEnabled: true, changedAt: 0 });
    expect(await strict.approve(id, bert)).toMatchObject({ state: 'approved' });
  });

  it('are not carried out where the token that asked was revoked while it waited for its turn', async () => {
    const { id } = await site.ask('EraseDevice', ['MAC-1'], anna);
    expect(await site.approve(id, bert)).toMatchObject({ state: 'approved' });
    site.revoked.add(anna.credentialId);
    site.run();
    expect(await site.until(id, 'failed')).toMatchObject({ outcome: expect.stringContaining('revoked') });
    expect(fleet.carriedOut).toEqual([]);
    expect(site.audited.at(-1)).toMatchObject({
      action: 'approval.execute',
      outcome: 'failed',
      actor: { type: 'person', id: 'anna', name: 'anna' },
    });
  });

  it('are neither given nor carried out for whoever lost the right to ask for it', async () => {
    const now = (roleId: RoleId, collectionIds: string[] | null = null) =>
      site.people.set('anna', {
        kind: 'person',
        isEnabled: true,
        changedAt: 0,
        assignments: [{ roleId, collectionIds }],
      });
    const lost = { code: 'ESP_APPROVAL_RIGHTS_LOST', status: 409 };
    const { id } = await site.ask('EraseDevice', ['MAC-1'], anna);
    now('helpdesk');
    await expect(site.approve(id, bert)).rejects.toMatchObject({
      ...lost,
      detail: 'anna lacks commands:destructive for what was asked.',
    });
    expect(await site.rooms.approvals.get(id)).toMatchObject({ state: 'needs-approval', version: 1 });
    now('operations-administrator');
    expect(await site.approve(id, bert)).toMatchObject({ state: 'approved' });
    // The last word is the job's: what was taken away while it waited for its turn is gone.
    now('helpdesk');
    site.run();
    expect(await site.until(id, 'failed')).toMatchObject({ outcome: expect.stringContaining('destructive') });
    expect(fleet.carriedOut).toEqual([]);

    const asks = async (kind: ApprovalKind, params: object): Promise<string> => {
      const facts = kind === 'large-deployment' ? { devices: 501 } : undefined;
      const request = { key: randomUUID(), reason: 'It is over.', ...(facts && { facts }) };
      const asked = await site.rooms.approvals.need(kind, params, anna, request);
      return asked === 'no' ? '' : asked.id;
    };
    // Who is limited to collections reaches what is in them now.
    await db.transaction((tx) =>
      insertRows(tx, 'collection_member', [
        { collection_id: 'ESP00014', resource_id: 1, is_direct: 1, joined_at: 0 },
      ]),
    );
    const [inside, outside] = [
      await asks('retire-device', { resourceId: 1 }),
      await asks('retire-device', { resourceId: 2 }),
    ];
    const ending = { what: 'delete', collectionId: 'ESP00014', deploymentId: randomUUID() };
    const deployment = await asks('large-deployment', ending);
    const policy = await asks('policy-change', {
      kind: 'erase',
      settings: { required: true, threshold: 0, expiryHours: 1, hourlyCap: 3 },
    });
    await site.stop();
    now('full-administrator', ['ESP00015']);
    for (const each of [inside, outside, deployment, policy])
      await expect(site.approve(each, bert)).rejects.toMatchObject(lost);
    now('full-administrator', ['ESP00014']);
    for (const each of [outside, policy]) await expect(site.approve(each, bert)).rejects.toMatchObject(lost);
    for (const each of [inside, deployment])
      expect(await site.approve(each, bert)).toMatchObject({ state: 'approved' });
  });

  it('want a reason, are made once for a key, and keep secrets to themselves', async () => {
    const lock = { kind: 'disruptive-command', key: 'key', args: { PIN: '483920' } } as const;
    const macs = ['MAC-1', 'MAC-2'];
    await expect(
      site.rooms.approvals.need(
        'erase',
        { enrollmentIds: ['MAC-1'], command: { requestType: 'EraseDevice' } },
        anna,
        { key: 'k', reason: undefined },
      ),
    ).rejects.toMatchObject({ code: 'ESP_APPROVAL_REASON_MISSING', status: 400 });
    const [first, second] = await Promise.all([
      site.ask('DeviceLock', macs, anna, lock),
      replica(db).ask('DeviceLock', macs, anna, lock),
    ]);
    expect(second).toEqual(first);
    await expect(
      site.ask('DeviceLock', macs, anna, { ...lock, args: { PIN: '000000' } }),
    ).rejects.toMatchObject({ code: 'ESP_SITE_KEY_REUSED' });
    expect((await site.ask('DeviceLock', macs, bert, lock)).id).not.toBe(first.id);
    for (const table of ['approval', 'outbox', 'status_message', 'idempotency_key', 'job'])
      expect(JSON.stringify(await db.query(`SELECT * FROM {${table}}`))).not.toContain('483920');
    site.run();
    await site.approve(first.id, bert);
    await site.until(first.id, 'completed');
    expect(fleet.requests[0]?.command.arguments).toEqual({ PIN: '483920' });
  });

  it('are needed from where the policy says on', async () => {
    const lock = { kind: 'disruptive-command' } as const;
    expect(await site.need('DeviceLock', ['MAC-1'], anna, lock)).toBe('no');
    expect(await site.need('DeviceLock', ['MAC-1', 'MAC-2'], anna, lock)).toMatchObject({ deviceCount: 2 });
    expect(await replica(db, { mode: 'off' }).need('EraseDevice', ['MAC-1'], anna)).toBe('no');
  });

  it('lapse: for readers, for the sweep, and for whoever would approve', async () => {
    const [first, second, third] = [
      await site.ask('EraseDevice', ['MAC-1'], anna),
      await site.ask('EraseDevice', ['MAC-2'], anna),
      await site.ask('EraseDevice', ['MAC-3'], anna),
    ];
    // Nobody carries this one out in time.
    await site.approve(third.id, bert);
    clock.pass(7 * DAY - 1);
    expect(await site.rooms.approvals.get(first.id)).toMatchObject({ state: 'needs-approval' });
    clock.pass(1);
    await expect(site.approve(first.id, bert)).rejects.toMatchObject({
      code: 'ESP_APPROVAL_NOT_OPEN',
      detail: 'It is expired.',
    });
    expect(await site.rooms.approvals.get(second.id)).toMatchObject({ state: 'expired' });
    expect(await site.rooms.upkeep.step()).toBe(false);
    site.run();
    await expect(site.cancel(third.id, anna)).rejects.toMatchObject({ code: 'ESP_APPROVAL_NOT_OPEN' });
    expect(await site.rooms.approvals.get(third.id)).toMatchObject({ state: 'expired' });
    while ((await site.jobs.list({ limit: 1 })).items[0]?.finishedAt === null);
    expect(fleet.carriedOut).toEqual([]);
  });

  it('lapse in time although the clock is set back, on every replica and after a restart', async () => {
    const { id } = await site.ask('EraseDevice', ['MAC-1'], anna);
    clock.pass(6 * DAY);
    await site.rooms.upkeep.step();
    clock.set(-30 * DAY);
    clock.pass(DAY - 1);
    expect(await site.rooms.approvals.get(id)).toMatchObject({ state: 'needs-approval' });
    clock.pass(1);
    expect(await site.rooms.approvals.get(id)).toMatchObject({ state: 'expired' });

    // A new process knows nothing of the old one's uptime: the database does.
    const again = await site.ask('EraseDevice', ['MAC-2'], anna);
    clock.pass(6 * DAY);
    await site.rooms.upkeep.step();
    clock.up = 0;
    const restarted = replica(db);
    await restarted.rooms.approvals.get(again.id);
    clock.pass(DAY);
    expect(await restarted.rooms.approvals.get(again.id)).toMatchObject({ state: 'expired' });
    // And one that is made while the clock is behind lives no longer than others.
    const late = await restarted.ask('EraseDevice', ['MAC-3'], anna);
    clock.pass(7 * DAY);
    expect(await restarted.rooms.approvals.get(late.id)).toMatchObject({ state: 'expired' });
  });

  it('are cancelled by who asked, until a device has fetched the command', async () => {
    const waiting = await site.ask('EraseDevice', ['MAC-1'], anna);
    await expect(site.cancel(waiting.id, bert)).rejects.toMatchObject({ code: 'ESP_APPROVAL_NOT_YOURS' });
    expect(await site.cancel(waiting.id, person('anna', { credentialId: 'other' }))).toMatchObject({
      state: 'cancelled',
      decidedBy: { id: 'anna' },
    });
    expect(await site.cancel(waiting.id, anna)).toMatchObject({ state: 'cancelled' });
    await expect(site.approve(waiting.id, bert)).rejects.toMatchObject({ code: 'ESP_APPROVAL_NOT_OPEN' });

    const approved = await site.ask('EraseDevice', ['MAC-2'], anna);
    await site.approve(approved.id, bert);
    expect(await site.cancel(approved.id, anna)).toMatchObject({
      state: 'cancelled',
      decidedBy: { id: 'bert' },
    });
    site.run();
    const queued = await site.ask('EraseDevice', ['MAC-3', 'MAC-4'], anna);
    await site.approve(queued.id, bert);
    const { resultIds } = await site.until(queued.id, 'completed');
    expect(fleet.carriedOut).toEqual([`approval:${queued.id}`]);
    fleet.fetched.add(resultIds[0] ?? '');
    await expect(site.cancel(queued.id, anna)).rejects.toMatchObject({
      code: 'ESP_APPROVAL_FETCHED',
      detail: '1 of 2 devices had fetched the command; it was taken back from the others.',
    });
    expect(await site.rooms.approvals.get(queued.id)).toMatchObject({
      state: 'completed',
      outcome: expect.stringContaining('1 of 2'),
    });
    fleet.fetched.clear();
    expect(await site.cancel(queued.id, anna)).toMatchObject({ state: 'cancelled' });
  });

  it('are decided once where two people decide at once', async () => {
    const beside = replica(await open({ beside: db }));
    const refuse = { reason: 'I know nothing of it.', ifMatch: undefined };
    for (let round = 0; round < 5; round += 1) {
      const { id } = await site.ask('EraseDevice', [`MAC-${round}`], anna);
      const decided = await Promise.allSettled([
        site.approve(id, bert),
        beside.rooms.decisions.reject(id, cora, refuse),
        beside.cancel(id, anna),
      ]);
      // Who asked may cancel what was approved and not begun; nothing else comes second.
      const won = decided.filter(({ status }) => status === 'fulfilled').length;
      const { state, decidedBy } = await site.rooms.approvals.get(id);
      expect(won).toBe(state === 'cancelled' && decidedBy?.id === 'bert' ? 2 : 1);
    }
    expect(fleet.carriedOut).toEqual([]);
  });

  it('are refused where If-Match names another version, and where they are unknown', async () => {
    const { id } = await site.ask('EraseDevice', ['MAC-1'], anna);
    const decision = { reason: undefined, ifMatch: '"7"' };
    await expect(site.rooms.decisions.approve(id, bert, decision)).rejects.toMatchObject({ status: 412 });
    await expect(site.approve(randomUUID(), bert)).rejects.toMatchObject({ code: 'ESP_APPROVAL_UNKNOWN' });
    await expect(site.rooms.approvals.get(randomUUID())).rejects.toMatchObject({ status: 404 });
    expect(await site.rooms.decisions.approve(id, bert, { ...decision, ifMatch: '"1"' })).toMatchObject({
      state: 'approved',
      version: 2,
    });
  });

  it('list by filters and pages, and go after a year', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      ids.unshift((await site.ask('EraseDevice', [`MAC-${n}`], anna)).id);
      clock.pass(1);
    }
    await site.cancel(ids[0] ?? '', anna);
    const list = (request: object) => site.rooms.approvals.list({}, { limit: 2, ...request });
    const first = await list({});
    expect(first.items.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    expect((await list({ cursor: first.nextCursor })).items.map(({ id }) => id)).toEqual(ids.slice(2));
    expect((await list({ filter: "state eq 'cancelled'" })).items.map(({ id }) => id)).toEqual([ids[0]]);
    await expect(list({ filter: 'paramsSealed eq 1' })).rejects.toMatchObject({ status: 400 });
    expect(JSON.stringify(first)).not.toContain('ealed');
    clock.pass(401 * DAY);
    while (await site.rooms.upkeep.step());
    expect((await list({})).items.map(({ state }) => state)).toEqual(['expired', 'expired']);
    clock.pass(401 * DAY);
    while (await site.rooms.upkeep.step());
    expect((await list({})).items).toEqual([]);
  });

  it('are needed to change what needs them', async () => {
    const settings = { required: false, threshold: 0, expiryHours: 1, hourlyCap: 3 };
    const change = { kind: 'erase', settings } as const;
    const request = { key: 'key', reason: 'We trust each other.', ifMatch: '"0"' };
    const asked = (await site.rooms.policyService.replace(change, anna, request)) as Approval;
    expect(asked).toMatchObject({ state: 'needs-approval', kind: 'policy-change' });
    expect((await site.rooms.policyService.list()).items[0]).toMatchObject({ kind: 'erase', required: true });
    site.run();
    await site.approve(asked.id, bert);
    await site.until(asked.id, 'completed');
    expect((await site.rooms.policyService.list()).items[0]).toMatchObject({
      ...settings,
      version: 1,
      changedBy: 'anna (spec), approved by bert',
    });
    expect(await site.need('EraseDevice', ['MAC-1'], anna)).toBe('no');
    await expect(
      site.rooms.policyService.replace(change, anna, { ...request, key: 'other' }),
    ).rejects.toMatchObject({ status: 412 });
    const limitless = { kind: 'erase', settings: { ...settings, hourlyCap: null } } as const;
    await expect(
      site.rooms.policyService.replace(limitless, anna, { ...request, ifMatch: undefined }),
    ).rejects.toMatchObject({ fields: { hourlyCap: 'must be a number' } });
    const off = replica(db, { mode: 'off' });
    expect(
      await off.rooms.policyService.replace(change, anna, { ...request, key: 'off', ifMatch: '"1"' }),
    ).toMatchObject({ version: 2 });
  });

  it('leave it in the audit log at every start where no second person is wanted, or where a new one will do', async () => {
    const started = async (site: ReturnType<typeof replica>): Promise<unknown> => {
      await site.rooms.start();
      await site.rooms.stop();
      for (const entry of site.audited)
        expect(entry).toMatchObject({ outcome: 'succeeded', actor: { type: 'service', id: 'config-proxy' } });
      return site.audited.map(({ action }) => action);
    };
    expect(await started(replica(db, { mode: 'off', restHours: 1 }))).toEqual(['approvals.off']);
    expect(await started(replica(db, { restHours: 0 }))).toEqual(['approvals.no-rest']);
    expect(await started(replica(db, { restHours: 1 }))).toEqual([]);
  });
});
