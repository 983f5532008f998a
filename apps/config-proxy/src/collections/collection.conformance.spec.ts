import type { Tx } from '@espalier/persistence';
import { describeOnEachDatabase, expectMssqlDdl, expectMssqlStatements } from '@espalier/testing';
import { createCollections } from '../migrations/2026-11-21-create-collections.js';
import { ScopeStore } from '../scope/scope.store.js';
import { ChangeLogStore } from './change-log.store.js';
import { CollectionStateStore } from './collection-state.store.js';
import { EvaluationLock } from './evaluation-lock.js';
import { EvaluationStore } from './evaluation.store.js';
import {
  anyVersion,
  asker,
  byName,
  CollectionHarness,
  collectionMigrations,
  DEVICE,
  USER,
} from './collection.fixture.js';

const IN_USE = { code: 'ESP_COLLECTION_IN_USE' };

/** What is stored of collections, who becomes a member, and what is refused. */
describeOnEachDatabase('collections', { migrations: collectionMigrations }, (open) => {
  let harness: CollectionHarness;
  beforeEach(async () => {
    harness = new CollectionHarness(await open());
    await harness.seed();
    await harness.settle();
  });

  const devices = (count: number): Promise<void> =>
    harness.addDevices(
      ...Array.from({ length: count }, (_, n) => ({
        id: DEVICE + n,
        name: `${n % 2 === 0 ? 'lab' : 'desk'}-${n}`,
        platform: n % 3 === 0 ? 'iphone' : 'mac',
      })),
    );
  const idOf = async (name: string): Promise<string> => {
    const { items } = await harness.rooms.collections.list({ limit: 10, filter: `name eq '${name}'` });
    return items[0]?.id ?? 'none';
  };

  describe('members', () => {
    it('of the built-ins are all active devices and all users; platforms fill by themselves', async () => {
      await devices(7);
      await harness.addDevices({ id: DEVICE + 7, state: 'obsolete' });
      await harness.addUsers(USER, USER + 1);
      await harness.settle();
      expect(await harness.members('SMS00001')).toEqual([0, 1, 2, 3, 4, 5, 6]);
      expect(await harness.members('SMS00002')).toEqual([0, 1]);
      expect(await harness.members('SMS00004')).toEqual([0, 1]);
      expect(await harness.members(await idOf('All Macs'))).toEqual([1, 2, 4, 5]);
      expect(await harness.members(await idOf('All iPhones'))).toEqual([0, 3, 6]);
      const macs = await harness.rooms.collections.get(await idOf('All Macs'));
      expect(macs).toMatchObject({
        memberCount: 4,
        status: 'ready',
        isBuiltIn: false,
        limitingName: 'All Systems',
      });
    });

    it('are those of direct, query and include rules; exclude wins; none outside the limiting collection', async () => {
      await devices(10);
      const macs = await idOf('All Macs');
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
      await devices(6);
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
      await devices(4);
      const frozen = await harness.make('Frozen', { refresh: 'manual', rules: [byName('lab-%')] });
      await harness.settle();
      await harness.change(DEVICE, { state: 'decommissioned' }, ['*']);
      await harness.settle();
      for (const id of ['SMS00001', frozen]) expect(await harness.members(id)).not.toContain(0);
      expect((await harness.rooms.collections.get(frozen)).memberCount).toBe(1);
    });

    it('whose record is gone fall out at a whole evaluation', async () => {
      await devices(3);
      await harness.settle();
      await harness.db.execute('DELETE FROM {resource} WHERE resource_id = :id', { id: DEVICE + 2 });
      await harness.rooms.collections.evaluateAll('spec');
      await harness.settle();
      expect(await harness.members('SMS00001')).toEqual([0, 1]);
    });

    it('that leave a limiting collection leave what it limits, though that is evaluated by hand only', async () => {
      await devices(4);
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
      await devices(4);
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

  describe('definitions', () => {
    it('are refused where they form a circle, with its path, and nothing changes', async () => {
      const a = await harness.make('A');
      const b = await harness.make('B', { rules: [{ kind: 'include', collectionId: a }] });
      const c = await harness.make('C', { limitingId: b });
      const definition = {
        name: 'A',
        comment: '',
        limitingId: 'SMS00001',
        refresh: 'incremental',
        schedule: null,
        rules: [{ kind: 'exclude', collectionId: c }],
      } as const;
      const asked = { ...definition, rules: [...definition.rules] };
      await expect(harness.rooms.collections.replace(a, asked, 'spec', anyVersion)).rejects.toMatchObject({
        code: 'ESP_COLLECTION_CIRCLE',
        detail: 'A → C → B → A.',
      });
      await expect(
        harness.rooms.collections.replace(a, { ...asked, limitingId: a, rules: [] }, 'spec', anyVersion),
      ).rejects.toMatchObject({ code: 'ESP_COLLECTION_CIRCLE', detail: 'A → A.' });
      expect(await harness.rooms.collections.get(a)).toMatchObject({ version: 1, rules: [] });
    });

    it.each([
      ['a query that cannot be read', [{ kind: 'query', name: 'q', query: 'select * form X' }] as const],
      [
        'a property that does not exist',
        [byName('x', 'ok'), { ...byName('x', 'bad'), query: 'select * from SMS_R_System where Nmae = "x"' }],
      ],
      ['two rules of one name', [byName('a', 'Same'), byName('b', 'same')]],
    ])('are refused with %s', async (_what, rules) => {
      await expect(harness.make('Bad', { rules: [...rules] })).rejects.toMatchObject({
        code: 'ESP_COLLECTION_RULE_INVALID',
      });
      expect(await idOf('Bad')).toBe('none');
    });

    it('say where a query is wrong', async () => {
      await expect(
        harness.make('Bad', {
          rules: [{ kind: 'query', name: 'q', query: 'select *\nfrom SMS_R_System where Nmae = "x"' }],
        }),
      ).rejects.toMatchObject({ detail: expect.stringMatching(/Rule "q".*"Name".*line 2, column 25/) });
    });

    it('refer only to collections of their kind that exist, and have a name of their own', async () => {
      const invalid = { code: 'ESP_COLLECTION_REFERENCE_INVALID' };
      await expect(harness.make('X', { limitingId: 'SMS00002' })).rejects.toMatchObject(invalid);
      await expect(harness.make('X', { limitingId: 'DEV99999' })).rejects.toMatchObject(invalid);
      await harness.make('Straße');
      await expect(harness.make('STRAßE')).rejects.toMatchObject({ code: 'ESP_COLLECTION_NAME_TAKEN' });
      // Users have names of their own.
      await harness.make('Straße', { kind: 'user', limitingId: 'SMS00002' });
    });

    it('keep the ids of rules that stay, and never use an id again', async () => {
      const id = await harness.make('R', { rules: [byName('a'), byName('b')] });
      const change = { id, by: 'spec', check: anyVersion };
      await harness.rooms.rules.remove(change, 2);
      const { rules, version } = await harness.rooms.rules.add(change, byName('c'));
      expect(rules).toMatchObject([
        { ruleId: 1, name: 'a' },
        { ruleId: 3, name: 'c' },
      ]);
      expect(version).toBe(3);
      await expect(harness.rooms.rules.remove(change, 2)).rejects.toMatchObject({
        code: 'ESP_COLLECTION_RULE_UNKNOWN',
      });
    });

    it('of built-ins cannot be changed or deleted', async () => {
      const builtIn = { code: 'ESP_COLLECTION_BUILT_IN' };
      await expect(harness.rooms.collections.delete('SMS00001', anyVersion)).rejects.toMatchObject(builtIn);
      await expect(
        harness.rooms.rules.writeDirect({ id: 'SMS00002', by: 'x', check: anyVersion }, [USER], 'add'),
      ).rejects.toMatchObject(builtIn);
    });

    it('are not deleted while others refer to them or something is deployed to them', async () => {
      const target = await harness.make('Target', { directResourceIds: [] });
      const limited = await harness.make('Limited', { limitingId: target });
      const including = await harness.make('Including', {
        rules: [{ kind: 'include', collectionId: target }],
      });
      const remove = (id: string) => harness.rooms.collections.delete(id, anyVersion);
      await expect(remove(target)).rejects.toMatchObject({
        ...IN_USE,
        detail: 'It limits the collection "Limited", is included by the collection "Including".',
      });
      await remove(limited);
      await remove(including);
      harness.rooms.addDependant({ blockers: async () => ['has the deployment "Wi-Fi"'] });
      await expect(remove(target)).rejects.toMatchObject({
        ...IN_USE,
        detail: 'It has the deployment "Wi-Fi".',
      });
    });

    it('are deleted with all that belongs to them', async () => {
      await devices(4);
      const id = await harness.make('Gone', { directResourceIds: [DEVICE] });
      await harness.settle();
      expect(await harness.members(id)).toEqual([0]);
      await harness.rooms.variables.replace(
        { collectionId: id },
        [{ name: 'a', value: 'b', isMasked: false }],
        anyVersion,
      );
      await harness.rooms.collections.delete(id, anyVersion);
      await expect(harness.rooms.collections.get(id)).rejects.toMatchObject({
        code: 'ESP_COLLECTION_UNKNOWN',
      });
      for (const table of ['collection_member', 'collection_direct_rule', 'collection_rule'])
        expect(
          await harness.db.query(`SELECT 1 AS one FROM {${table}} WHERE collection_id = :id`, { id }),
        ).toEqual([]);
      expect(await harness.db.query('SELECT 1 AS one FROM {variable_set}')).toEqual([]);
      await harness.settle();
    });

    it('are made once for an idempotency key', async () => {
      const body = {
        kind: 'device',
        name: 'Once',
        comment: '',
        limitingId: 'SMS00001',
        refresh: 'manual',
        schedule: null,
        rules: [],
      } as const;
      const make = () => harness.rooms.collections.create({ ...body, rules: [] }, asker, 'key');
      const [one, two] = [await make(), await make()];
      expect(one.id).toBe(two.id);
      expect(one.id).toMatch(/^DEV[0-9A-Z]{5}$/);
    });
  });

  describe('direct rules in bulk', () => {
    it('are all written or none, and those whom they name join at once, whatever the refresh is', async () => {
      await devices(6);
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
      await devices(8);
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
      await devices(6);
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

  describe('variables', () => {
    it('are kept, masked ones sealed and never shown again', async () => {
      const id = await harness.make('V');
      const { variables } = harness.rooms;
      const given = [
        { name: 'Plain', value: 'seen', isMasked: false },
        { name: 'Secret', value: 'canary-secret', isMasked: true },
      ];
      expect(await variables.replace({ collectionId: id }, given, anyVersion)).toEqual({
        version: 1,
        variables: [
          { name: 'Plain', value: 'seen', isMasked: false },
          { name: 'Secret', value: null, isMasked: true },
        ],
      });
      const stored = await harness.db.query<{ masked_sealed: string }>('SELECT * FROM {variable_set}');
      expect(JSON.stringify(stored)).not.toContain('canary');
      await variables.replace({ collectionId: id }, [{ name: 'secret', isMasked: true }], anyVersion);
      const [row] = await harness.db.query<{ masked_sealed: string }>('SELECT * FROM {variable_set}');
      const place = { table: 'variable_set', column: 'masked_sealed', row: id };
      expect(harness.vault.open(row?.masked_sealed ?? '', place).toString()).toBe(
        '{"secret":"canary-secret"}',
      );
      await expect(
        variables.replace({ collectionId: id }, [{ name: 'New', isMasked: true }], anyVersion),
      ).rejects.toMatchObject({ code: 'ESP_COLLECTION_VARIABLES_INVALID' });
      await expect(variables.get({ deviceId: DEVICE })).rejects.toMatchObject({
        code: 'ESP_RESOURCE_UNKNOWN',
      });
    });
  });

  it('are evaluated when their schedule says so, all that are due in one job', async () => {
    const daily = { refresh: 'periodic', schedule: { kind: 'daily', at: '23:30' } } as const;
    const ids = [await harness.make('D1', daily), await harness.make('D2', daily)];
    await harness.settle();
    await harness.rooms.scheduler.startDue();
    expect(harness.waiting).toEqual([]);
    harness.now = new Date(Date.UTC(2026, 10, 21, 23, 30));
    await Promise.all([harness.rooms.scheduler.startDue(), harness.rooms.scheduler.startDue()]);
    expect(harness.waiting).toEqual([{ kind: 'collection-evaluation', params: { collectionIds: ids } }]);
    await harness.settle();
    expect((await harness.rooms.collections.get(ids[0] ?? '')).lastEvaluatedAt).toBe(harness.now.getTime());
  });

  it('are made once, though several replicas start at once; what an admin deleted stays away', async () => {
    const first = new CollectionHarness(await open());
    const second = new CollectionHarness(await open({ beside: first.db }));
    await Promise.all([first.seed(), second.seed()]);
    const names = async () =>
      (await first.rooms.collections.list({ limit: 20 })).items.map(({ name }) => name);
    expect(await names()).toEqual([
      'All iPads',
      'All iPhones',
      'All Macs',
      'All Systems',
      'All Users',
      'All Users and User Groups',
    ]);
    const { items } = await first.rooms.collections.list({ limit: 1, filter: "name eq 'All iPads'" });
    await first.rooms.collections.delete(items[0]?.id ?? '', anyVersion);
    await second.seed();
    expect(await names()).toHaveLength(5);
  });

  it('migrate back and forward with data in them', async () => {
    await harness.make('Data', { rules: [byName('a')] });
    await harness.db.revert(1);
    await harness.db.migrate();
    await harness.seed();
    expect((await harness.rooms.collections.list({ limit: 20 })).items).toHaveLength(6);
  });
});

describe('collections on SQL Server', () => {
  it('make the tables that the golden file shows', async () => {
    await expectMssqlDdl([createCollections], {
      spec: import.meta.url,
      file: 'collection.mssql.sql',
      schema: 'config_proxy',
    });
  });

  it('send the statements that the golden file shows', async () => {
    await expectMssqlStatements(
      async (on) => {
        const tx = { ...on, afterCommit: () => undefined } as unknown as Tx;
        const store = new EvaluationStore();
        const chunk = { ids: [DEVICE, DEVICE + 1] };
        await new EvaluationLock().take(tx);
        await store.active(tx, 'device', chunk);
        await store.endOfChunk(tx, 1, 9, 1_000);
        await store.members(tx, { from: 1, to: 9 }, ['DEV0000K']);
        await store.directRules(tx, chunk);
        const both = { collectionId: 'DEV0000K', joinedDirect: [DEVICE], joinedOtherwise: [DEVICE + 1] };
        await store.write(
          tx,
          [{ ...both, left: [DEVICE + 2], nowDirect: [], nowOtherwise: [DEVICE + 3] }],
          7,
        );
        await new CollectionStateStore().addMembers(tx, [{ id: 'DEV0000K', joined: 2, left: 1 }], 7, true);
        const changes = new ChangeLogStore();
        await changes.record(tx, [{ resourceId: DEVICE, classes: ['*'] }]);
        await changes.oldest(tx, 1_000);
        await changes.remove(tx, [{ changeId: 4, resourceId: DEVICE, classes: ['*'] }]);
        const scope = new ScopeStore();
        await scope.mark(tx, 'DEV0000K', 'is_deployed', true);
        await scope.current(tx, [DEVICE]);
        await scope.memberships(tx, [DEVICE]);
        await scope.save(tx, [{ enrollment_id: 'E1', member_id: DEVICE }], ['E2']);
      },
      { spec: import.meta.url, file: 'collection-statements.mssql.sql', schema: 'config_proxy' },
      [{ collection_id: 'DEV0000K', is_direct: 0, ids: '1', member_count: 2, classes: '[]', is_tracked: 0 }],
    );
  });
});
