import { randomUUID } from 'node:crypto';
import type { Database } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import { byName } from '../collections/collection.fixture.js';
import type { Thing } from '../library/thing.js';
import { anna, bert, FleetHarness, fleetMigrations, waiting } from './fleet.fixture.js';

const DEVICES = 30;

/** One suite for every database: deployments that reach many devices, from the request to what comes of it. */
describeOnEachDatabase('approvals of deployments', { migrations: fleetMigrations }, (open) => {
  let db: Database;
  let fleet: FleetHarness;
  let thing: Thing;
  let everybody: string;

  beforeEach(async () => {
    db = await open();
    fleet = await new FleetHarness(db).fill(DEVICES);
    thing = await fleet.library.profile();
    everybody = await fleet.collections.make('Everybody', { rules: [byName('%')] });
    await fleet.settle();
  });
  afterEach(() => fleet.stop());

  const deployments = (): Promise<{ id: string; priority: number; created_by: string }[]> =>
    db.query('SELECT id, priority, created_by FROM {deployment}');

  it('make, change and end one after a second person said so, and not before', async () => {
    const key = randomUUID();
    const asked = await fleet.deploy(thing, everybody, {}, anna, key);
    expect(waiting(asked)).toMatchObject({
      kind: 'large-deployment',
      deviceCount: DEVICES,
      summary: `Make the deployment of "${thing.name}" (required install) to "Everybody" (${everybody}): "${thing.name}_Everybody_Install". It reaches 30 devices.`,
    });
    expect(await fleet.deploy(thing, everybody, {}, anna, key)).toEqual(asked);
    await expect(fleet.deploy(thing, everybody, { priority: 2 }, anna, key)).rejects.toMatchObject({
      code: 'ESP_SITE_KEY_REUSED',
    });
    expect(await deployments()).toEqual([]);
    const { resultIds } = await fleet.approved(asked);
    const [id = ''] = resultIds;
    expect(await deployments()).toMatchObject([{ id, created_by: 'anna (spec), approved by bert' }]);

    const { deployments: room } = fleet.deployments;
    const change = await fleet.gate(
      { what: 'change', collectionId: everybody, deploymentId: id, change: { priority: 2 } },
      (weigh) => room.change(id, { priority: 2 }, 'anna', '"1"', weigh),
    );
    expect(await deployments()).toMatchObject([{ priority: 1 }]);
    expect(await fleet.approved(change)).toMatchObject({ state: 'completed', resultIds: [id] });
    expect(await deployments()).toMatchObject([{ priority: 2 }]);
    const end = (ifMatch?: string) =>
      fleet.gate({ what: 'delete', collectionId: everybody, deploymentId: id }, (weigh) =>
        room.delete(id, 'anna', ifMatch, weigh),
      );
    await expect(end('"1"')).rejects.toMatchObject({ status: 412 });
    expect(await fleet.approved(await end())).toMatchObject({ state: 'completed' });
    expect(await deployments()).toEqual([]);
  });

  it('are not asked for what cannot be made', async () => {
    await expect(fleet.deploy({ ...thing, id: randomUUID() }, everybody)).rejects.toMatchObject({
      code: 'ESP_LIBRARY_UNKNOWN',
    });
    expect((await fleet.approvals.rooms.approvals.list({}, { limit: 9 })).items).toEqual([]);
  });

  it('make one deployment, however often and on however many replicas their execution is begun', async () => {
    const { id } = waiting(await fleet.deploy(thing, everybody));
    const beside = new FleetHarness(await open({ beside: db }), fleet.clock);
    await beside.approvals.approve(id, bert);
    // The first dies right after its transaction: nobody hears of what it did.
    const { actions } = fleet.approvals.rooms;
    const params = await fleet.params(id);
    const context = { approvalId: id, actor: anna.actor, title: 'anna' };
    const first = await actions.of('large-deployment').execute(params, context);
    fleet.approvals.run();
    beside.approvals.run();
    expect(await beside.approvals.until(id, 'completed', 'failed')).toMatchObject({
      state: 'completed',
      resultIds: first.ids,
    });
    expect(await deployments()).toHaveLength(1);
    await beside.stop();
  });

  it('keep a profile of the largest size, sealed, until it goes out', async () => {
    await fleet.approved(await fleet.deploy(thing, everybody));
    const secret = 'hunter2'.repeat(60_000);
    const asked = await fleet.revise(thing, secret);
    const [row] = await db.query<{ params_sealed: string; summary: string }>(
      'SELECT params_sealed, summary FROM {approval} WHERE id = :id',
      { id: waiting(asked).id },
    );
    expect(row?.summary).toBe(
      `Change "${thing.name}", which is deployed to ${everybody}. It reaches 30 devices.`,
    );
    expect(row?.params_sealed.length).toBeGreaterThan(secret.length);
    expect(row?.params_sealed).not.toContain('hunter2');
    expect(JSON.stringify(waiting(asked))).not.toContain('hunter2');
    expect(await fleet.approved(asked)).toMatchObject({ state: 'completed', resultIds: [thing.id] });
    const content = await fleet.library.rooms.items.readContent(thing.id, 2);
    expect(content.content.toString()).toContain(secret);
  });
});
