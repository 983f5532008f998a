import type { Queryable, SqlParams, Tx } from '@espalier/persistence';
import { expectMssqlStatements } from '@espalier/testing';
import { disk } from '../inventory/groups/hardware.classes.js';
import { InventoryStore } from '../inventory/inventory.store.js';
import { AffinityStore } from '../users/affinity.store.js';
import { EnrollmentStore } from './enrollment.store.js';
import { ExtensionDataStore } from './extension-data.store.js';
import { identityEvidence } from './identity.js';
import { ResourceStore } from './resource.store.js';
import { SeenStore } from './seen.store.js';

describe('stores of resources on SQL Server', () => {
  it('send the statements that were reviewed', () =>
    expectMssqlStatements(run, {
      spec: import.meta.url,
      file: 'resources.statements.mssql.sql',
      schema: 'config_proxy',
    }));
});

async function run(on: Queryable): Promise<void> {
  const tx = on as Tx;
  const store = new ResourceStore();
  await store.load(tx, [1, 2], true);
  await store.sharing(tx, [identityEvidence({ udid: 'U', serialNumber: 'S' })]);
  await store.usersByName(tx, ['jane']);
  const enrollments = new EnrollmentStore();
  // Asks again until it has a row for each.
  const claimed = async <T>(sql: string, params?: SqlParams): Promise<T[]> => {
    await tx.query(sql, params);
    return [{}, {}] as T[];
  };
  await enrollments.claim({ ...tx, query: claimed }, ['U', 'U:jane']);
  await enrollments.resourcesOf(tx, ['U']);
  await enrollments.orphansOf(tx, ['U']);
  await enrollments.ofResources(tx, [1]);
  await new SeenStore().write(tx, new Map([['U', 5]]));
  const inventory = new InventoryStore();
  await inventory.claimReports(tx, [{ resource_id: 1, source: 'device' }]);
  await inventory.writeReports(tx, [
    { resource_id: 1, source: 'device', reported_at: 5, fingerprints: { disk: 'f' } },
  ]);
  const known = async <T>(sql: string, params?: SqlParams): Promise<T[]> => {
    await tx.query(sql, params);
    const row = { resource_id: 1, fingerprint: 'before', revision_id: 1 };
    return ['', 'gone'].map((instance_key) => ({ ...row, instance_key })) as T[];
  };
  await inventory.replace({ ...tx, query: known }, disk, [
    {
      resourceId: 1,
      at: 5,
      rows: [
        {
          key: '',
          values: [],
          fingerprint: 'f',
          columns: () => ({ caption: 'x', caption_folded: 'x', size: 1 }),
        },
      ],
    },
  ]);
  await inventory.instances(tx, disk, 1, { history: true, limit: 10 });
  await inventory.pruneHistory(tx, disk, 5, 10);
  await new ExtensionDataStore().set(tx, 1, new Map([['AssetTag', 'A1']]), 5, 'admin');
  await new AffinityStore().list(tx, 'resource_id', 1);
}
