import { describeOnEachDatabase } from '@espalier/testing';
import {
  anyVersion,
  byName,
  CollectionHarness,
  collectionMigrations,
  DEVICE,
  USER,
} from './collection.fixture.js';

/** Who becomes a member, who would, and why. */
describeOnEachDatabase('members of collections', { migrations: collectionMigrations }, (open) => {
  let harness: CollectionHarness;
  beforeEach(async () => {
    harness = new CollectionHarness(await open());
    await harness.seed();
    await harness.settle();
  });

  describe('members', () => {
    it('of the built-ins are all active devices and all users; platforms fill by themselves', async () => {
      await harness.addSample(7);
      await harness.addDevices({ id: DEVICE + 7, state: 'obsolete' });
      await harness.addUsers(USER, USER + 1);
      await harness.settle();
      expect(await harness.members('SMS00001')).toEqual([0, 1, 2, 3, 4, 5, 6]);
      expect(await harness.members('SMS00002')).toEqual([0, 1]);
      expect(await harness.members('SMS00004')).toEqual([0, 1]);
      expect(await harness.members(await harness.idOf('All Macs'))).toEqual([1, 2, 4, 5]);
      expect(await harness.members(await harness.idOf('All iPhones'))).toEqual([0, 3, 6]);
      const macs = await harness.rooms.collections.get(await harness.idOf('All Macs'));
      expect(macs).toMatchObject({
        memberCount: 4,
        status: 'ready',
        isBuiltIn: false,
        limitingName: 'All Systems',
      });
    });

    it('are those of direct, query and include rules; exclude wins; none outside the limiting collection', async () => {
      await harness.addSample(10);
      const macs = await harness.idOf('All Macs');
      const lab = await harness.make('Lab', { rules: [byName('lab-%')] });
      const first = await harness.make('First', { directResourceIds: [DEVICE, DEVICE + 1, DEVICE + 2] });
      const all = await harness.make('Mixed', {
        limitingId: macs,
        rules: [
          byName('desk-5'),
          { kind: 'include', collectionId: lab },
          { kind: 'exclude', collectionId: first },
        ],
        directResourceIds: [DEVICE + 1, DEVICE + 3, DEVICE + 7],
      });
      await harness.settle();
      expect(await harness.members(lab)).toEqual([0, 2, 4, 6, 8]);
      // 0 and 6 are iPhones, 1 and 2 excluded, 3 is an iPhone although a direct rule names it.
      expect(await harness.members(all)).toEqual([4, 5, 7, 8]);
      const { items } = await harness.rooms.members.list(all, { limit: 2, filter: 'isDirect eq true' });
      expect(items).toMatchObject([{ resourceId: DEVICE + 7, name: 'desk-7', isDirect: true }]);
    });

    it('follow changed facts, with what depends on them, and only where a rule asks for them', async () => {
      await harness.addSample(6);
      const lab = await harness.make('Lab', { rules: [byName('lab-%')] });
      const notLab = await harness.make('Others', {
        rules: [byName('%'), { kind: 'exclude', collectionId: lab }],
      });
      const frozen = await harness.make('Frozen', { refresh: 'manual', rules: [byName('lab-%')] });
      await harness.settle();
      await harness.change(DEVICE + 1, { name: 'lab-1' });
      await harness.settle();
      expect(await harness.members(lab)).toEqual([0, 1, 2, 4]);
      expect(await harness.members(notLab)).toEqual([3, 5]);
      expect(await harness.members(frozen)).toEqual([0, 2, 4]);
      // A change of a class that no rule names changes nothing, though the name did.
      await harness.change(DEVICE + 3, { name: 'lab-3' }, ['SMS_G_System_MDM_ENROLLMENT']);
      await harness.settle();
      expect(await harness.members(lab)).toEqual([0, 1, 2, 4]);
      await harness.rooms.collections.evaluate(lab, 'spec');
      await harness.settle();
      expect(await harness.members(lab)).toEqual([0, 1, 2, 3, 4]);
      // What depends on it was evaluated too.
      expect(await harness.members(notLab)).toEqual([5]);
    });

    it('leave everything, manual collections too, once their record is not active', async () => {
      await harness.addSample(4);
      const frozen = await harness.make('Frozen', { refresh: 'manual', rules: [byName('lab-%')] });
      await harness.settle();
      await harness.change(DEVICE, { state: 'decommissioned' }, ['*']);
      await harness.settle();
      for (const id of ['SMS00001', frozen]) expect(await harness.members(id)).not.toContain(0);
      expect((await harness.rooms.collections.get(frozen)).memberCount).toBe(1);
    });

    it('whose record is deleted leave nothing that people gave them', async () => {
      await harness.addSample(2);
      const named = await harness.make('Named', { directResourceIds: [DEVICE, DEVICE + 1] });
      const { variables, directRules, forgetDevice } = harness.rooms;
      await variables.replace(
        { deviceId: DEVICE },
        [{ name: 'pin', value: '1', isMasked: true }],
        anyVersion,
      );
      await harness.db.transaction((tx) => forgetDevice(tx, DEVICE));
      expect(await harness.db.query('SELECT owner_id FROM {variable_set}')).toEqual([]);
      const { items } = await directRules.list(named, { limit: 10 });
      expect(items.map(({ resourceId }) => resourceId)).toEqual([DEVICE + 1]);
    });

    it('wait for another evaluation where one is given up in the middle', async () => {
      await harness.addSample(7);
      await harness.settle();
      const macs = await harness.idOf('All Macs');
      const evaluation = harness.kindOf('collection-evaluation');
      const job = { id: 'job', params: { collectionIds: [macs] }, cursor: null, createdBy: 'spec' };
      await evaluation.step(job, new AbortController().signal);
      expect((await harness.rooms.collections.get(macs)).status).toBe('evaluating');
      await harness.db.transaction(async (tx) => evaluation.abandoned?.(tx, job.params));
      expect((await harness.rooms.collections.get(macs)).status).toBe('awaiting');
      expect((await harness.rooms.collections.get('SMS00001')).status).toBe('ready');
    });

    it('whose record is gone fall out at a whole evaluation', async () => {
      await harness.addSample(3);
      await harness.settle();
      await harness.db.execute('DELETE FROM {resource} WHERE resource_id = :id', { id: DEVICE + 2 });
      await harness.rooms.collections.evaluateAll('spec');
      await harness.settle();
      expect(await harness.members('SMS00001')).toEqual([0, 1]);
    });

    it('that leave a limiting collection leave what it limits, though that is evaluated by hand only', async () => {
      await harness.addSample(4);
      const outer = await harness.make('Outer', { rules: [byName('lab-%')] });
      const inner = await harness.make('Inner', {
        limitingId: outer,
        refresh: 'manual',
        rules: [byName('%')],
      });
      await harness.settle();
      expect(await harness.members(inner)).toEqual([0, 2]);
      await harness.change(DEVICE, { name: 'desk-0' });
      await harness.settle();
      expect(await harness.members(inner)).toEqual([2]);
      await harness.change(DEVICE, { name: 'lab-0' });
      await harness.settle();
      expect(await harness.members(inner)).toEqual([2]);
    });

    it('are told of: who joined and left with each change, and in sum at the end of an evaluation', async () => {
      await harness.addSample(4);
      await harness.settle();
      const lab = await harness.make('Lab', { rules: [byName('lab-%')] });
      await harness.settle();
      await harness.change(DEVICE, { name: 'desk-0' });
      await harness.settle();
      const events = (await harness.events<{ collectionId: string }>('collection.changed')).filter(
        ({ collectionId }) => collectionId === lab,
      );
      expect(events).toMatchObject([
        { what: 'created', memberCount: 0 },
        { what: 'evaluated', memberCount: 2, joined: 2, left: 0 },
        { what: 'members', memberCount: 1, joined: 0, left: 1 },
      ]);
    });
  });

  describe('direct rules in bulk', () => {
    it('are all written or none, and those whom they name join at once, whatever the refresh is', async () => {
      await harness.addSample(6);
      const id = await harness.make('Bulk', { refresh: 'manual' });
      await harness.settle();
      const write = (ids: number[], how: 'add' | 'remove' = 'add') =>
        harness.rooms.rules.writeDirect({ id, by: 'spec', check: anyVersion }, ids, how);
      await expect(write([DEVICE, DEVICE + 99])).rejects.toMatchObject({
        code: 'ESP_COLLECTION_RULE_INVALID',
        detail: `There is no device ${DEVICE + 99}.`,
      });
      expect((await harness.rooms.directRules.list(id, { limit: 5 })).items).toEqual([]);
      expect(await write([DEVICE, DEVICE + 1, DEVICE + 1])).toEqual({ changed: 2, version: 2 });
      expect(await write([DEVICE])).toEqual({ changed: 0, version: 2 });
      expect(harness.waiting).toEqual([]);
      await harness.settle();
      expect(await harness.members(id)).toEqual([0, 1]);
      expect(await write([DEVICE, DEVICE + 5], 'remove')).toEqual({ changed: 1, version: 3 });
      await harness.settle();
      expect(await harness.members(id)).toEqual([1]);
    });
  });

  describe('previews', () => {
    it('say who would join and leave, and change nothing', async () => {
      await harness.addSample(8);
      const id = await harness.make('Lab', { rules: [byName('lab-%')] });
      await harness.settle();
      const definition = {
        kind: 'device',
        name: 'Lab',
        comment: '',
        limitingId: 'SMS00001',
        refresh: 'incremental',
        schedule: null,
        rules: [byName('%-4'), byName('desk-_')],
      } as const;
      const asked = { ...definition, rules: [...definition.rules] };
      expect(await harness.rooms.previews.preview(id, asked)).toEqual({
        joins: {
          count: 4,
          first: [1, 3, 5, 7].map((n) => ({ resourceId: DEVICE + n, name: `desk-${n}` })),
        },
        leaves: {
          count: 3,
          first: [0, 2, 6].map((n) => ({ resourceId: DEVICE + n, name: `lab-${n}` })),
        },
        evaluated: 8,
        isComplete: true,
        hints: [],
      });
      expect(await harness.rooms.previews.preview(undefined, { ...asked, name: 'New' })).toMatchObject({
        joins: { count: 5 },
        leaves: { count: 0 },
      });
      expect(await harness.members(id)).toEqual([0, 2, 4, 6]);
      await expect(
        harness.rooms.previews.preview(id, { ...asked, rules: [{ kind: 'include', collectionId: id }] }),
      ).rejects.toMatchObject({ code: 'ESP_COLLECTION_CIRCLE' });
    });
  });

  describe('explanations', () => {
    it('name the rules that make a member, and what stands in the way', async () => {
      await harness.addSample(6);
      const desk = await harness.make('Desk', { rules: [byName('desk-%')] });
      const id = await harness.make('Lab', {
        rules: [byName('lab-%', 'names'), { kind: 'exclude', collectionId: desk }],
        directResourceIds: [DEVICE, DEVICE + 1],
      });
      await harness.settle();
      const kinds = async (resourceId: number) => {
        const { isMember, reasons } = await harness.rooms.explainer.explainMembership(id, resourceId);
        return [isMember, ...reasons.map(({ kind }) => kind)];
      };
      expect(await kinds(DEVICE)).toEqual([true, 'direct', 'query']);
      expect(await kinds(DEVICE + 1)).toEqual([false, 'exclude', 'direct']);
      expect(await kinds(DEVICE + 2)).toEqual([true, 'query']);
      expect(await kinds(DEVICE + 3)).toEqual([false, 'exclude', 'no-rule']);
      await harness.change(DEVICE + 2, { name: 'other' });
      expect(await kinds(DEVICE + 2)).toEqual([true, 'no-rule', 'pending']);
      const { items } = await harness.rooms.explainer.memberships(DEVICE, { limit: 10 });
      expect(items.map(({ collectionName }) => collectionName).sort()).toEqual([
        'All Systems',
        'All iPhones',
        'Lab',
      ]);
      await expect(harness.rooms.explainer.explainMembership(id, 1)).rejects.toMatchObject({
        code: 'ESP_RESOURCE_UNKNOWN',
      });
    });
  });
});
