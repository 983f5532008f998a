import { randomUUID } from 'node:crypto';
import { mdmErrors, type RoleAssignment } from '@espalier/contracts';
import { insertRows, type Database, type Queryable } from '@espalier/persistence';
import { describeOnEachDatabase, expectMssqlStatements } from '@espalier/testing';
import { CollectionStore } from '../collections/collection.store.js';
import { configProxyMigrations } from '../migrations/index.js';
import { Rights } from '../roles/rights.js';
import { restrictCollections, restrictDevices, restricting } from './restrict.js';
import { Visibility } from './visibility.service.js';
import { VisibilityStore } from './visibility.store.js';

const store = new VisibilityStore();

/** Collections by id, each with what limits it, whom it includes, and who is in it. */
const SITE: Readonly<Record<string, { limiting?: string; include?: string; members?: number[] }>> = {
  ALL00000: { members: [1, 2, 3] },
  BBB00001: { limiting: 'ALL00000', members: [2, 100] },
  BBB00002: { limiting: 'BBB00001', members: [2] },
  AAA00001: { limiting: 'ALL00000', members: [1] },
  AAA00002: { limiting: 'AAA00001', members: [1] },
  AAA00003: { limiting: 'AAA00002', include: 'BBB00002', members: [] },
};

async function populate(db: Database): Promise<string> {
  const collections = new CollectionStore();
  const made = { at: 1, by: 'spec' };
  for (const [id, { limiting = null, include, members = [] }] of Object.entries(SITE))
    await db.transaction(async (tx) => {
      const definition = { name: id, comment: '', refreshType: 1, schedule: null, dueAt: null };
      await collections.insert(tx, id, 'device', { ...definition, limitingId: limiting }, made);
      if (include !== undefined)
        await collections.replaceRules(
          tx,
          id,
          [{ collection_id: id, rule_id: 1, kind: 'include', name: '', query: null, target_id: include }],
          2,
        );
      if (members.length > 0)
        await insertRows(
          tx,
          'collection_member',
          members.map((resource_id) => ({ collection_id: id, resource_id, is_direct: 0, joined_at: 1 })),
        );
    });
  const enrollment = (id: string, device: number | null, user: number | null) => ({
    enrollment_id: id,
    enrollment_id_folded: id.toLowerCase(),
    resource_id: null,
    user_resource_id: user,
    device_enrollment_id: String(device),
    kind: 'device',
    kind_folded: 'device',
    is_active: 1,
    state: 'enrolled',
    state_folded: 'enrolled',
    state_at: 1,
  });
  for (const resource_id of [1, 2, 3, 100])
    await insertRows(db, 'resource', [
      {
        resource_id,
        kind: 'device',
        resource_type: 5,
        name: `r${resource_id}`,
        name_folded: `r${resource_id}`,
        state: 'active',
        state_folded: 'active',
        created_at: 1,
        updated_at: 1,
      },
    ]);
  await insertRows(db, 'resource_enrollment', [
    { ...enrollment('E1', 1, null), resource_id: 1 },
    { ...enrollment('E2', 2, null), resource_id: 2 },
    // The channel of the user 100 on the device 3.
    { ...enrollment('E3:U', 3, 100), resource_id: 3 },
    enrollment('E4', null, null),
  ]);
  const deployment = randomUUID();
  const texts = [
    'name',
    'name_folded',
    'comment',
    'thing_name',
    'thing_name_folded',
    'created_by',
    'changed_by',
  ];
  const numbers = [
    'assignment_id',
    'deployed_revision',
    'is_enabled',
    'start_at',
    'is_local_time',
    'priority',
  ];
  const more = ['override_windows', 'notify', 'version', 'created_at', 'changed_at', 'counted_at'];
  await insertRows(db, 'deployment', [
    {
      id: deployment,
      collection_id: 'BBB00002',
      thing_kind: 'baseline',
      thing_id: randomUUID(),
      intent: 'required',
      action: 'install',
      items: '[]',
      ...Object.fromEntries(texts.map((name) => [name, 'x'])),
      ...Object.fromEntries([...numbers, ...more].map((name) => [name, 1])),
    },
  ]);
  return deployment;
}

describeOnEachDatabase('what is visible', { migrations: configProxyMigrations }, (open) => {
  let db: Database;
  let deployment: string;
  beforeEach(async () => {
    db = await open();
    deployment = await populate(db);
  });

  it('of devices: members of one of the collections', async () => {
    const seen = async (...collectionIds: string[]) =>
      [...(await store.devicesIn(db, [3, 2, 1, 1, 99], collectionIds))].toSorted((a, b) => a - b);
    expect(await seen('AAA00001')).toEqual([1]);
    expect(await seen('AAA00001', 'BBB00001')).toEqual([1, 2]);
    expect(await seen('ALL00000')).toEqual([1, 2, 3]);
    expect(await seen()).toEqual([]);
    expect(await store.deviceIsIn(db, 2, ['AAA00001'])).toBe(false);
    const ids = Array.from({ length: 10_000 }, (_, n) => n);
    expect((await store.devicesIn(db, ids, ['BBB00001'])).size).toBe(2);
  });

  it('of collections: they and all that they limit, but not what they include', async () => {
    const within = async (...ids: string[]) => (await store.within(db, ids)).toSorted();
    expect(await within('AAA00001')).toEqual(['AAA00001', 'AAA00002', 'AAA00003']);
    expect(await within('BBB00002', 'AAA00003')).toEqual(['AAA00003', 'BBB00002']);
    expect(await within('ALL00000')).toEqual(Object.keys(SITE).toSorted());
    expect(await within()).toEqual([]);
    const seen = await store.collectionsIn(db, ['AAA00003', 'BBB00002', 'ALL00000'], ['AAA00001']);
    expect([...seen]).toEqual(['AAA00003']);
    expect((await store.decidingOver(db, ['AAA00003'])).toSorted()).toEqual(Object.keys(SITE).toSorted());
    expect((await store.decidingOver(db, ['BBB00002'])).toSorted()).toEqual([
      'ALL00000',
      'BBB00001',
      'BBB00002',
    ]);
  });

  it('of deployments: those to a collection; of enrolments: those of a device or of its user', async () => {
    expect(await store.deploymentIsIn(db, deployment, ['BBB00001'])).toBe(true);
    expect(await store.deploymentIsIn(db, deployment, ['AAA00001'])).toBe(false);
    expect(await store.deploymentIsIn(db, randomUUID(), ['ALL00000'])).toBe(false);
    const seen = async (id: string) => [...(await store.enrollmentsIn(db, ['E1', 'E2', 'E3:U', 'E4'], [id]))];
    expect(await seen('AAA00001')).toEqual(['E1']);
    expect((await seen('BBB00001')).toSorted()).toEqual(['E2', 'E3:U']);
  });

  it('of lists: what the condition lets through, and nothing where nothing is reached', async () => {
    const devices = async (reach: 'site' | string[]) => {
      const { sql, params } = restrictDevices(db.dialect, 'r.resource_id', reach);
      const rows = await db.query<{ resource_id: number }>(
        `SELECT r.resource_id FROM {resource} r WHERE ${sql} ORDER BY r.resource_id`,
        params,
      );
      return rows.map(({ resource_id }) => resource_id);
    };
    expect(await devices(['AAA00001', 'BBB00001', 'AAA00002'])).toEqual([1, 2, 100]);
    const many = Array.from({ length: 3_000 }, (_, n) => `CCC${String(n).padStart(5, '0')}`);
    expect(await devices([...many, 'BBB00001'])).toEqual([2, 100]);
    expect(await devices([])).toEqual([]);
    expect(await devices('site')).toEqual([1, 2, 3, 100]);
    expect(restricting('AND', restrictDevices(db.dialect, 'x', 'site'))).toBe('');
  });

  it('is asked of mdm for commands, and is not found where it is out of reach', async () => {
    const visibility = new Visibility({
      db,
      store,
      mdm: {
        ask: (_contract, request) => {
          const { id } = request as { id: string };
          return id === 'gone'
            ? Promise.reject(mdmErrors.ESP_MDM_COMMAND_UNKNOWN({ detail: id }))
            : Promise.resolve({ command: { enrollmentId: id } } as never);
        },
      },
    });
    const seen = (id: string) => visibility.requireCommand(id, ['AAA00001'], {});
    await seen('E1');
    for (const id of ['E2', 'gone'])
      await expect(seen(id)).rejects.toMatchObject({ code: 'ESP_MDM_COMMAND_UNKNOWN', detail: id });
    await visibility.requireCommand('E2', 'site', {});
  });

  it('does not change who is in the collections that somebody’s reach hangs on', async () => {
    const visibility = new Visibility({
      db,
      store,
      mdm: { ask: () => Promise.reject(new Error('unasked')) },
    });
    const changes = (id: string, ...assignments: RoleAssignment[]) =>
      visibility
        .requireChangeable(id, { administrator: { rights: Rights.of(assignments) } as never })
        .then(() => 'changed')
        .catch((error: { code: string }) => error.code);
    const limited: RoleAssignment = { roleId: 'helpdesk', collectionIds: ['AAA00003'] };
    for (const id of ['AAA00003', 'AAA00001', 'BBB00002', 'ALL00000'])
      expect(await changes(id, limited)).toBe('ESP_AUTH_NOT_FOR_LIMITED');
    // A role for the whole site that may do less does not help; one that may do all of it does.
    const analyst: RoleAssignment = { roleId: 'read-only-analyst', collectionIds: null };
    expect(await changes('AAA00003', limited, analyst)).toBe('ESP_AUTH_NOT_FOR_LIMITED');
    const full: RoleAssignment = { roleId: 'full-administrator', collectionIds: null };
    expect(await changes('AAA00003', limited, full)).toBe('changed');
    expect(await changes('AAA00002', { roleId: 'helpdesk', collectionIds: ['AAA00001'] })).toBe('changed');
  });
});

describe('what is visible on SQL Server', () => {
  it('is found by the statements that the golden file shows', async () => {
    const collectionIds = ['TST00001', 'TST00002'];
    const list = async (on: Queryable): Promise<void> => {
      const devices = restrictDevices('mssql', 'd.resource_id', collectionIds);
      await on.query(`SELECT d.name FROM {resource} d WHERE ${devices.sql}`, devices.params);
      const within = restrictCollections('mssql', 'c.collection_id', collectionIds);
      await on.query(`SELECT c.name FROM {collection} c WHERE ${within.sql}`, within.params);
    };
    await expectMssqlStatements(
      async (on) => {
        await store.devicesIn(on, [1, 2], collectionIds);
        await store.enrollmentsIn(on, ['E1'], collectionIds);
        await store.within(on, collectionIds);
        await store.decidingOver(on, collectionIds);
        await store.deploymentIsIn(on, 'd-1', collectionIds);
        await list(on);
      },
      { spec: import.meta.url, file: 'visibility-statements.mssql.sql', schema: 'config_proxy' },
    );
  });
});
