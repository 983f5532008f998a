import { randomUUID } from 'node:crypto';
import type { Approval, LibraryThing } from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import { DeploymentHarness, deploymentMigrations, newDeployment } from '../deployments/deployment.fixture.js';
import { createApprovals } from '../migrations/2026-11-21-create-approvals.js';
import { ApprovalHarness, person, SpecClock, SpecFleet } from './approval.fixture.js';

const [anna, bert] = [person('anna'), person('bert')];
const COLLECTION = 'ESP00014';
const MANY = 501;

/** One suite for every database: deployments that reach many devices. */
describeOnEachDatabase(
  'approvals of deployments',
  { migrations: [...deploymentMigrations, createApprovals] },
  (open) => {
    let db: Database;
    let site: DeploymentHarness;
    let harness: ApprovalHarness;
    let thing: LibraryThing;

    beforeEach(async () => {
      db = await open();
      site = new DeploymentHarness(db);
      harness = new ApprovalHarness(db, new SpecClock(), new SpecFleet(), {
        deployments: site.rooms.deployments,
      });
      await site.addCollection(COLLECTION, await site.addDevices(MANY));
      thing = site.library.add('baseline', 'Security');
    });
    afterEach(() => harness.stop());

    const request = (key: string = randomUUID()) => ({ key, reason: 'The yearly rollout.' });
    const deployments = async (): Promise<{ name: string; priority: number; created_by: string }[]> =>
      db.query('SELECT name, priority, created_by FROM {deployment}');
    async function approved(asked: 'no' | Approval): Promise<Approval> {
      if (asked === 'no') throw new Error('no approval was needed');
      await harness.approve(asked.id, bert);
      return harness.until(asked.id, 'completed', 'failed');
    }

    it('make, change and end it after a second person said so, and not before', async () => {
      const { site: approvals } = harness.rooms;
      const wanted = newDeployment(thing, COLLECTION);
      const key = randomUUID();
      const asked = await approvals.newDeployment(wanted, anna, request(key));
      expect(asked).toMatchObject({
        kind: 'large-deployment',
        deviceCount: MANY,
        summary: `Make the deployment "Security_Lab ESP00014_Install", which is for 501 members of ${COLLECTION}.`,
      });
      expect(await approvals.newDeployment(wanted, anna, request(key))).toEqual(asked);
      expect(await deployments()).toEqual([]);
      harness.run();
      const { resultIds } = await approved(asked);
      expect(await deployments()).toMatchObject([{ created_by: 'anna (spec), approved by bert' }]);
      const [id = ''] = resultIds;

      const change = await approvals.deployment(id, { priority: 2 }, anna, { ...request(), ifMatch: '"1"' });
      expect(await deployments()).toMatchObject([{ priority: 1 }]);
      expect(await approved(change)).toMatchObject({ state: 'completed', resultIds: [id] });
      expect(await deployments()).toMatchObject([{ priority: 2 }]);
      await expect(
        approvals.deployment(id, 'delete', anna, { ...request(), ifMatch: '"1"' }),
      ).rejects.toMatchObject({ status: 412 });
      await approved(await approvals.deployment(id, 'delete', anna, request()));
      expect(await deployments()).toEqual([]);
    });

    it('are not asked for what cannot be made, nor for few devices', async () => {
      const { site: approvals } = harness.rooms;
      const unknown = newDeployment({ ...thing, thingId: randomUUID() }, COLLECTION);
      await expect(approvals.newDeployment(unknown, anna, request())).rejects.toMatchObject({
        code: 'ESP_LIBRARY_UNKNOWN',
      });
      const [device = 0] = await site.addDevices(1, MANY);
      await site.addCollection('ESP00015', [device]);
      expect(await approvals.newDeployment(newDeployment(thing, 'ESP00015'), anna, request())).toBe('no');
      expect((await harness.rooms.approvals.list({}, { limit: 9 })).items).toEqual([]);
      expect(await deployments()).toEqual([]);
    });

    it('make one deployment, however often its execution is begun', async () => {
      const asked = await harness.rooms.site.newDeployment(newDeployment(thing, COLLECTION), anna, request());
      const { id } = await harness.ask('EraseDevice', ['MAC-1'], anna);
      const action = harness.rooms.actions.of('large-deployment');
      const params = { what: 'create', collectionId: COLLECTION, wanted: newDeployment(thing, COLLECTION) };
      const context = { approvalId: id, actor: anna.actor, title: 'anna' };
      const [first, second] = [await action.execute(params, context), await action.execute(params, context)];
      expect(second).toEqual(first);
      expect(await deployments()).toHaveLength(1);
      expect(asked).toMatchObject({ state: 'needs-approval' });
    });
  },
);
