import type { Tx } from '@espalier/persistence';
import { describeOnEachDatabase, expectMssqlDdl, expectMssqlStatements } from '@espalier/testing';
import { createCollections } from '../migrations/2026-11-21-create-collections.js';
import { ScopeStore } from '../scope/scope.store.js';
import { ChangeLogStore } from './change-log.store.js';
import { CollectionStateStore } from './collection-state.store.js';
import { EvaluationLock } from './evaluation-lock.js';
import { EvaluationStore } from './evaluation.store.js';
import { ReachStore } from './reach.store.js';
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

/** What is stored of collections, and what is refused. */
describeOnEachDatabase('collections', { migrations: collectionMigrations }, (open) => {
  let harness: CollectionHarness;
  beforeEach(async () => {
    harness = new CollectionHarness(await open());
    await harness.seed();
    await harness.settle();
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
      expect(await harness.idOf('Bad')).toBe('none');
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
      await harness.rooms.rules.edit(change, { remove: [2] });
      const { rules, version } = await harness.rooms.rules.edit(change, { add: [byName('c')] });
      expect(rules).toMatchObject([
        { ruleId: 1, name: 'a' },
        { ruleId: 3, name: 'c' },
      ]);
      expect(version).toBe(3);
      await expect(harness.rooms.rules.edit(change, { remove: [2] })).rejects.toMatchObject({
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
      await harness.addSample(4);
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
        await changes.unpack(tx, 20, () => true);
        await changes.oldest(tx, 1_000);
        await changes.remove(tx, [{ changeId: 4, resourceId: DEVICE, classes: ['*'] }]);
        const scope = new ScopeStore();
        await scope.mark(tx, 'DEV0000K', 'is_deployed', true);
        await scope.current(tx, [DEVICE]);
        await scope.memberships(tx, [DEVICE]);
        await scope.save(tx, [{ enrollment_id: 'E1', member_id: DEVICE }], ['E2']);
        const reach = new ReachStore();
        await reach.counted(tx, ['DEV0000K']);
        await reach.moving(tx, ['DEV0000K'], 7);
        await reach.versions(tx, ['DEV0000K']);
        await reach.deployed(tx, ['DEV0000K']);
        await reach.devicesOf(tx, 'user', [USER]);
        await reach.devicesOfAll(tx, 'user');
      },
      { spec: import.meta.url, file: 'collection-statements.mssql.sql', schema: 'config_proxy' },
      [
        {
          collection_id: 'DEV0000K',
          is_direct: 0,
          ids: '1',
          member_count: 2,
          classes: '{"classes":"[]","resourceIds":[1,2]}',
          is_tracked: 0,
        },
      ],
    );
  });
});
