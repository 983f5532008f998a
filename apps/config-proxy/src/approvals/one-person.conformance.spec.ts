import { randomUUID } from 'node:crypto';
import type { Database } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import { byName, DEVICE } from '../collections/collection.fixture.js';
import type { Thing } from '../library/thing.js';
import { person } from './approval.fixture.js';
import type { Passed } from './change-gate.js';
import { anna, bert, FleetHarness, fleetMigrations, smallPolicy, waiting } from './fleet.fixture.js';

/** Over the small policy's 5 at once, and 12 an hour. */
const DEVICES = 30;
const devices = (count: number, first = 0): number[] =>
  Array.from({ length: count }, (_, index) => DEVICE + first + index);
const isDone = (passed: Passed<unknown>): boolean => 'done' in passed;
const HELD = { kind: 'large-deployment', state: 'needs-approval' };

/** One suite for every database: ways in which one person alone could change what a whole fleet has. */
describeOnEachDatabase('one person', { migrations: fleetMigrations }, (open) => {
  let db: Database;
  let fleet: FleetHarness;
  let wifi: Thing;

  beforeEach(async () => {
    db = await open();
    fleet = await new FleetHarness(db).fill(DEVICES);
    wifi = await fleet.library.profile({ identifier: 'com.example.wifi' });
  });
  afterEach(() => fleet.stop());

  /** A collection of some devices, named by direct rules. */
  async function some(name: string, count: number, first = 0): Promise<string> {
    const id = await fleet.collections.make(name, { directResourceIds: devices(count, first) });
    await fleet.settle();
    return id;
  }
  async function deployed(collectionId: string, thing: { id: string; kind: string } = wifi): Promise<string> {
    const passed = await fleet.deploy(thing, collectionId);
    if ('done' in passed) return passed.done.id;
    const { state, resultIds } = await fleet.approved(passed);
    expect(state).toBe('completed');
    fleet.later();
    return resultIds[0] ?? '';
  }
  const change = (id: string, collectionId: string, settings: { priority?: number; enabled?: boolean }) =>
    fleet.gate({ what: 'change', collectionId, deploymentId: id, change: settings }, (weigh) =>
      fleet.deployments.deployments.change(id, settings, 'anna', undefined, weigh),
    );
  const end = (id: string, collectionId: string) =>
    fleet.gate({ what: 'delete', collectionId, deploymentId: id }, (weigh) =>
      fleet.deployments.deployments.delete(id, 'anna', undefined, weigh),
    );
  const count = async (sql: string): Promise<number> =>
    (await db.query<{ n: number }>(`SELECT COUNT(*) AS n FROM ${sql}`))[0]?.n ?? 0;

  describe('with deployments', () => {
    it('reaches no more by many small ones within an hour, whatever token they use', async () => {
      const labs = [
        await some('A', 5),
        await some('B', 5, 5),
        await some('C', 3, 10),
        await some('D', 2, 13),
      ];
      const [a = '', b = '', c = '', d = ''] = labs;
      expect(isDone(await fleet.deploy(wifi, a))).toBe(true);
      expect(isDone(await fleet.deploy(wifi, b))).toBe(true);
      const second = person('anna', { credentialId: 'kerberos:anna' });
      expect(waiting(await fleet.deploy(wifi, c, {}, second))).toMatchObject({
        ...HELD,
        deviceCount: 3,
        summary: expect.stringContaining('It reaches 3 devices, and whoever asks has reached others'),
      });
      expect(await count('{deployment}')).toBe(2);
      // What still fits goes through, and nobody else's hour is touched.
      expect(isDone(await fleet.deploy(wifi, d, {}, second))).toBe(true);
      expect(isDone(await fleet.deploy(wifi, c, {}, person('cora')))).toBe(true);
      fleet.later();
      expect(isDone(await fleet.deploy(wifi, a))).toBe(true);
    });

    it('makes what comes twice at once with one key once, and has nothing wait', async () => {
      const beside = new FleetHarness(await open({ beside: db }), fleet.clock);
      const lab = await some('A', 5);
      for (let round = 1; round <= 6; round += 1) {
        beside.collections.now = fleet.collections.now;
        expect(isDone(await fleet.deploy(wifi, lab))).toBe(true);
        const key = randomUUID();
        const both = await Promise.all([fleet, beside].map((one) => one.deploy(wifi, lab, {}, anna, key)));
        expect(both.map(isDone)).toEqual([true, true]);
        expect(await count('{deployment}')).toBe(2 * round);
        fleet.later();
      }
      await beside.stop();
    });

    it('is counted for each change, each enabling and each end, and for nothing that changes nothing', async () => {
      const lab = await some('A', 4);
      const id = await deployed(lab);
      for (let n = 0; n < 9; n += 1) expect(isDone(await change(id, lab, { priority: 1 }))).toBe(true);
      expect(isDone(await change(id, lab, { priority: 2 }))).toBe(true);
      expect(isDone(await change(id, lab, { enabled: false }))).toBe(true);
      for (const next of [change(id, lab, { enabled: true }), change(id, lab, { priority: 0 }), end(id, lab)])
        expect(waiting(await next)).toMatchObject({ ...HELD, deviceCount: 4 });
      expect(await db.query('SELECT priority, is_enabled FROM {deployment}')).toEqual([
        { priority: 2, is_enabled: 0 },
      ]);
    });

    it('does not get around it with a collection that is not evaluated yet', async () => {
      const lab = await fleet.collections.make('All of them', { rules: [byName('%')] });
      expect(waiting(await fleet.deploy(wifi, lab))).toMatchObject({ ...HELD, deviceCount: DEVICES });
      const named = await some('Named', 0);
      await fleet.edit(named, { addDirect: devices(20) });
      expect(waiting(await fleet.deploy(wifi, named))).toMatchObject({ deviceCount: 20 });
      const chained = await fleet.collections.make('Chained', {
        rules: [{ kind: 'include', collectionId: lab }],
      });
      expect(waiting(await fleet.deploy(wifi, chained))).toMatchObject({ deviceCount: DEVICES });
    });

    it('does not get around it with a rule that selects nobody until later', async () => {
      const query = 'select * from SMS_R_System where CreationDate < DateAdd(dd, -40000, GetDate())';
      const lab = await fleet.collections.make('Later', { rules: [{ kind: 'query', name: 'q', query }] });
      await fleet.settle();
      expect(await fleet.collections.members(lab)).toEqual([]);
      expect(waiting(await fleet.deploy(wifi, lab))).toMatchObject({ deviceCount: DEVICES });
      const limited = await some('Lab', 3);
      const small = await fleet.collections.make('Later in the lab', {
        limitingId: limited,
        rules: [{ kind: 'query', name: 'q', query }],
      });
      await fleet.settle();
      expect(isDone(await fleet.deploy(wifi, small))).toBe(true);
      const other = await some('Other', 2);
      await deployed(other);
      expect(waiting(await fleet.define(other, [{ kind: 'query', name: 'q', query }]))).toMatchObject({
        deviceCount: DEVICES,
      });
    });

    it('does not get around it with a limit that is about to grow, and a rule for later', async () => {
      const query = 'select * from SMS_R_System where CreationDate < DateAdd(dd, -40000, GetDate())';
      const lab = await some('Lab', 2);
      await deployed(lab);
      const limitingId = await fleet.collections.make('Limit', { rules: [byName('%')] });
      const later = [{ kind: 'query' as const, name: 'later', query }];
      expect(waiting(await fleet.define(lab, later, { limitingId }))).toMatchObject({ deviceCount: DEVICES });
    });

    it('does not deploy to a collection while somebody makes it grow', async () => {
      const beside = new FleetHarness(await open({ beside: db }), fleet.clock);
      beside.collections.now = fleet.collections.now;
      for (let round = 0; round < 6; round += 1) {
        const lab = await some(`Lab ${round}`, 1, round);
        const both = await Promise.all([fleet.deploy(wifi, lab), beside.define(lab, [byName('%')])]);
        // One of them sees the other: whichever was second waits.
        expect(both.filter(isDone)).toHaveLength(1);
        fleet.later();
        beside.collections.now = fleet.collections.now;
      }
      await beside.stop();
    });
  });

  describe('with collections that something is deployed to', () => {
    let lab: string;
    beforeEach(async () => {
      lab = await some('Lab', 2);
      await deployed(lab);
      fleet.later();
    });
    const members = () => fleet.collections.members(lab);

    it.each([
      ['another rule', () => fleet.define(lab, [byName('%')]), DEVICES - 2],
      ['a rule more', () => fleet.edit(lab, { add: [byName('lab-%')] }), 14],
      ['direct members', () => fleet.edit(lab, { addDirect: devices(10) }), 8],
      ['all direct members', () => fleet.define(lab, [], { directResourceIds: devices(9, 1) }), 9],
    ])('does not grow them by %s', async (_how, grow, deviceCount) => {
      expect(waiting(await grow())).toMatchObject({ ...HELD, deviceCount });
      await fleet.settle();
      expect(await members()).toEqual([0, 1]);
    });

    it('does not grow them through what they include, exclude or are limited by', async () => {
      const inner = await fleet.collections.make('Inner');
      const outer = await fleet.collections.make('Outer', {
        rules: [{ kind: 'include', collectionId: inner }],
      });
      await fleet.settle();
      expect(isDone(await fleet.edit(lab, { add: [{ kind: 'include', collectionId: outer }] }))).toBe(true);
      await fleet.settle();
      expect(waiting(await fleet.define(inner, [byName('%')]))).toMatchObject({ deviceCount: DEVICES - 2 });
      expect(waiting(await fleet.edit(inner, { addDirect: devices(20) }))).toMatchObject({ deviceCount: 20 });

      const limit = await some('Limit', 3);
      const open = await fleet.collections.make('Open', { limitingId: limit, rules: [byName('%')] });
      await fleet.settle();
      await deployed(open);
      expect(waiting(await fleet.define(limit, [byName('%')]))).toMatchObject({ deviceCount: DEVICES - 3 });
      expect(waiting(await fleet.define(open, [byName('%')]))).toMatchObject({ deviceCount: DEVICES - 3 });

      const shut = await fleet.collections.make('Shut', { rules: [byName('%')] });
      const few = await fleet.collections.make('Few', {
        rules: [byName('%'), { kind: 'exclude', collectionId: shut }],
      });
      await fleet.settle();
      await deployed(few);
      expect(waiting(await fleet.define(shut, []))).toMatchObject({ deviceCount: DEVICES });
      await fleet.settle();
      expect(await members()).toEqual([0, 1]);
    });

    it('does not include what is about to grow, nor both at once', async () => {
      const inner = await fleet.collections.make('Inner');
      await fleet.settle();
      expect(isDone(await fleet.define(inner, [byName('%')]))).toBe(true);
      expect(
        waiting(await fleet.edit(lab, { add: [{ kind: 'include', collectionId: inner }] })),
      ).toMatchObject({
        deviceCount: DEVICES - 2,
      });
      const beside = new FleetHarness(await open({ beside: db }), fleet.clock);
      for (let round = 0; round < 4; round += 1) {
        const next = await fleet.collections.make(`Next ${round}`);
        await fleet.settle();
        const both = await Promise.all([
          fleet.edit(lab, { add: [{ kind: 'include', collectionId: next }] }),
          beside.edit(next, { addDirect: devices(20) }),
        ]);
        expect(both.filter(isDone)).toHaveLength(1);
      }
      await beside.stop();
    });

    it('does not empty them, and does not take them away', async () => {
      const all = await fleet.collections.make('All', { rules: [byName('%')] });
      await fleet.settle();
      await deployed(all);
      fleet.later();
      expect(waiting(await fleet.define(all, []))).toMatchObject({ deviceCount: DEVICES });
      expect(waiting(await fleet.edit(all, { remove: [1] }))).toMatchObject({ deviceCount: DEVICES });
      await expect(fleet.collections.rooms.collections.delete(all, () => undefined)).rejects.toMatchObject({
        code: 'ESP_COLLECTION_IN_USE',
      });
    });

    it('grows them a little, which is counted, and is not asked where nobody moves', async () => {
      for (let n = 0; n < 3; n += 1)
        expect(isDone(await fleet.edit(lab, { addDirect: devices(4, 2 + 4 * n) }))).toBe(true);
      expect(waiting(await fleet.edit(lab, { addDirect: devices(1, 20) }))).toMatchObject({ deviceCount: 1 });
      const named = { name: 'Another name', directResourceIds: devices(14) };
      for (let n = 0; n < 20; n += 1) expect(isDone(await fleet.define(lab, [], named))).toBe(true);
      // Devices that come by themselves are nobody's doing.
      await fleet.define(lab, [byName('new-%')], named);
      await fleet.collections.addDevices(...devices(9, 50).map((id) => ({ id, name: `new-${id}` })));
      await fleet.settle();
      expect(await members()).toHaveLength(23);
    });

    it('grows them once a second person says so, if they are still what they were', async () => {
      const [first, second] = [
        await fleet.define(lab, [byName('%')]),
        await fleet.edit(lab, { add: [byName('lab-%')] }),
      ];
      expect(await fleet.approved(first)).toMatchObject({ state: 'completed', resultIds: [lab] });
      expect(await fleet.approved(second)).toMatchObject({
        state: 'failed',
        outcome: expect.stringContaining('not what it was when this was asked for'),
      });
      await fleet.settle();
      expect(await members()).toHaveLength(DEVICES);
    });
  });

  describe('with what is deployed', () => {
    let everybody: string;
    beforeEach(async () => {
      everybody = await fleet.collections.make('Everybody', { rules: [byName('%')] });
      await fleet.settle();
    });
    const revisions = () => count(`{library_revision} WHERE thing_id = '${wifi.id}'`);

    it('does not send a new revision to all, directly or through a baseline', async () => {
      expect(isDone(await fleet.revise(wifi))).toBe(true);
      const { id } = await fleet.library.baseline([{ ciId: wifi.id }]);
      await deployed(everybody, { id, kind: 'baseline' });
      const asked = await fleet.revise(wifi, 'evil');
      expect(waiting(asked)).toMatchObject({ ...HELD, deviceCount: DEVICES });
      expect(await revisions()).toBe(2);
      const other = await fleet.library.profile({ identifier: 'com.example.other' });
      const members = [{ ciId: other.id, revision: null }];
      const swap = { note: '', members };
      expect(
        waiting(
          await fleet.gate({ what: 'baseline', thingId: id, change: swap }, (weigh) =>
            fleet.library.rooms.baselines.change(id, swap, () => undefined, anna, weigh),
          ),
        ),
      ).toMatchObject({ ...HELD, targets: [{ type: 'thing', id }] });
      expect(await fleet.approved(asked)).toMatchObject({ state: 'completed' });
      expect(await revisions()).toBe(3);
      const [row] = await db.query<{ items: string }>('SELECT items FROM {deployment}');
      expect(JSON.parse(row?.items ?? '[]')).toMatchObject([{ ciId: wifi.id, revision: 3 }]);
    });

    it('sends few devices a new revision until the hour is full; what is not reached is not counted', async () => {
      const lab = await some('Lab', 4);
      await deployed(lab);
      fleet.later();
      for (let n = 0; n < 3; n += 1) expect(isDone(await fleet.revise(wifi))).toBe(true);
      expect(waiting(await fleet.revise(wifi))).toMatchObject({ ...HELD, deviceCount: 4 });
      fleet.later();
      // At a fixed revision, and where it is disabled, nothing new goes out; the end of either is weighed.
      const pinned = await fleet.library.profile({ identifier: 'com.example.pinned' });
      await fleet.approved(await fleet.deploy(pinned, everybody, { revision: 1 }));
      for (let n = 0; n < 5; n += 1) expect(isDone(await fleet.revise(pinned))).toBe(true);
      const held = await fleet.library.profile({ identifier: 'com.example.held' });
      const made = await fleet.approved(await fleet.deploy(held, everybody, { enabled: false }));
      for (let n = 0; n < 5; n += 1) expect(isDone(await fleet.revise(held))).toBe(true);
      expect(waiting(await change(made.resultIds[0] ?? '', everybody, { enabled: true }))).toMatchObject(
        HELD,
      );
    });

    it('adds collections up, but never more devices than there are', async () => {
      const [a, b] = [await some('A', 20), await some('B', 20, 5)];
      await deployed(a);
      await deployed(b);
      expect(waiting(await fleet.revise(wifi))).toMatchObject({ deviceCount: DEVICES });
    });

    it('does not have approved what is swapped afterwards', async () => {
      const [content, target] = [await fleet.deploy(wifi, everybody), await some('Small', 6)];
      expect(isDone(await fleet.revise(wifi, 'evil'))).toBe(true);
      const failed = { state: 'failed', outcome: expect.stringContaining('not what it was') };
      expect(await fleet.approved(content)).toMatchObject(failed);
      const grown = await fleet.deploy(wifi, target);
      expect(waiting(grown)).toMatchObject({ deviceCount: 6 });
      expect(isDone(await fleet.define(target, [byName('%')]))).toBe(true);
      await fleet.settle();
      expect(await fleet.approved(grown)).toMatchObject(failed);
      // Nor where as many others take the place of those it was asked for.
      const part = await fleet.collections.make('Part');
      const include = { kind: 'include' as const, collectionId: part };
      const lab = await fleet.collections.make('Labs', { rules: [byName('lab-%'), include] });
      await fleet.settle();
      const swapped = await fleet.deploy(wifi, lab);
      expect(waiting(swapped)).toMatchObject({ deviceCount: DEVICES / 2 });
      expect(isDone(await fleet.define(lab, [byName('desk-%')]))).toBe(true);
      await fleet.settle();
      expect(await fleet.approved(swapped)).toMatchObject(failed);
      // Devices that come by themselves are more than anybody agreed to, too.
      const patient = await fleet.deploy(wifi, everybody);
      await fleet.collections.addDevices(...devices(9, 50).map((id) => ({ id, name: `new-${id}` })));
      await fleet.collections.settle();
      expect(await fleet.approved(patient)).toMatchObject({
        state: 'failed',
        outcome: expect.stringContaining('It would reach 39 devices; when it was asked for, they were 30.'),
      });
      expect(await count('{deployment}')).toBe(0);
    });

    it('is changed only for whoever may change it still', async () => {
      await deployed(everybody);
      const asked = [await fleet.revise(wifi, 'evil'), await fleet.define(everybody, [])].map(waiting);
      const now = (
        roleId: 'helpdesk' | 'application-administrator',
        collectionIds: string[] | null,
      ): void => {
        const assignments = [{ roleId, collectionIds }];
        fleet.approvals.people.set('anna', { kind: 'person', isEnabled: true, changedAt: 0, assignments });
      };
      const lost = (scope: string) => ({
        code: 'ESP_APPROVAL_RIGHTS_LOST',
        detail: expect.stringContaining(`lacks ${scope}`),
      });
      now('helpdesk', null);
      for (const [n, scope] of ['library:write', 'collections:write'].entries())
        await expect(fleet.approvals.approve(asked[n]?.id ?? '', bert)).rejects.toMatchObject(lost(scope));
      // The library is the whole site's; the collection is theirs, and so is what limits it.
      now('application-administrator', ['SMS00001']);
      await expect(fleet.approvals.approve(asked[0]?.id ?? '', bert)).rejects.toMatchObject(
        lost('library:write'),
      );
      expect(await fleet.approvals.approve(asked[1]?.id ?? '', bert)).toMatchObject({ state: 'approved' });
    });

    it('is revised once, where two ask for it', async () => {
      await deployed(everybody);
      const [first, second] = [await fleet.revise(wifi, 'one'), await fleet.revise(wifi, 'two')];
      expect(await fleet.approved(first)).toMatchObject({ state: 'completed' });
      expect(await fleet.approved(second)).toMatchObject({ state: 'failed' });
      expect(await revisions()).toBe(2);
    });
  });

  it('has limits, also where the policy was stored before there were any', async () => {
    const { policies } = fleet.approvals.rooms;
    await db.execute('UPDATE {approval_policy} SET alone_cap = NULL, hourly_cap = NULL, threshold = 9');
    expect(await policies.of(db, 'large-deployment')).toMatchObject({
      threshold: 9,
      aloneCap: 2_000,
      hourlyCap: 500_000,
    });
    const { aloneCap: _alone, ...settings } = { ...smallPolicy, hourlyCap: 20_000 };
    const change = { at: 1, by: 'spec' };
    const stays = await db.transaction(async (tx) => {
      await policies.replace(tx, 'large-deployment', { ...settings, aloneCap: 7 }, change);
      return policies.replace(tx, 'large-deployment', settings, change);
    });
    expect(stays).toMatchObject({ aloneCap: 7, hourlyCap: 20_000 });
    for (const wrong of [{ aloneCap: null }, { hourlyCap: null }])
      expect(() => policies.check('large-deployment', { ...settings, ...wrong })).toThrow(/limit|at once/);
    expect(() => policies.check('erase', settings)).toThrow(/at once/);
  });

  it('still meets the limit of an hour where nothing needs an approval, and with approvals', async () => {
    const off = new FleetHarness(db, fleet.clock, 'off');
    off.collections.now = fleet.collections.now;
    const everybody = await fleet.collections.make('Everybody', { rules: [byName('%')] });
    await fleet.settle();
    const over = { code: 'ESP_APPROVAL_CAP_REACHED', status: 429 };
    for (let n = 0; n < 6; n += 1) expect(isDone(await off.deploy(wifi, everybody))).toBe(true);
    await expect(off.deploy(wifi, everybody)).rejects.toMatchObject(over);
    expect(await count('{deployment}')).toBe(6);
    for (let n = 0; n < 6; n += 1) waiting(await fleet.deploy(wifi, everybody));
    await expect(fleet.deploy(wifi, everybody)).rejects.toMatchObject(over);
    await off.stop();
  });
});
