import type { Database, Queryable, Tx } from '@espalier/persistence';
import { expectMssqlDdl, expectMssqlStatements } from '@espalier/testing';
import { restrictDevices, unrestricted } from '../access/restrict.js';
import { createScripts } from '../migrations/2026-11-21-create-scripts.js';
import { ScriptStore } from '../scripts/script.store.js';
import { OperationStore } from './operation.store.js';
import { TargetStore } from './target.store.js';
import { TaskStore } from './task.store.js';

const spec = import.meta.url;
const schema = 'config_proxy';

describe('scripts and tasks on SQL Server', () => {
  it('have the tables that the golden file shows', async () => {
    await expectMssqlDdl([createScripts], { spec, schema, file: 'client-tasks.mssql.sql' });
  });

  it('send the statements that the golden file shows', async () => {
    await expectMssqlStatements(run, { spec, schema, file: 'client-tasks-statements.mssql.sql' });
  });
});

async function run(on: Queryable): Promise<void> {
  // Only a transaction may write; the recorder stands for one, and for the database.
  const [tx, db] = [on as Tx, on as Database];
  const scripts = new ScriptStore();
  const head = { id: 'id-1', name: 'Hello', number: 1, version: 1, at: 1, by: 'anna' };
  await scripts.insert(tx, head);
  await scripts.insertVersion(tx, 'id-1', {
    id: 'version-1',
    number: 1,
    language: 'zsh',
    textSealed: 'sealed',
    sha256: 'abc',
    length: 1,
    parameters: [],
    author: { id: 'anna', makerId: null, name: 'anna' },
    at: 1,
  });
  await scripts.lock(tx, 'id-1');
  await scripts.version(on, 'id-1', 1);
  await scripts.sealedText(on, 'version-1');
  await scripts.change(tx, head);
  await scripts.decide(tx, 'version-1', {
    state: 3,
    approver: { id: 'bert', name: 'bert' },
    at: 2,
    comment: null,
  });
  await scripts.list(db, { limit: 2, filter: "approvalState eq 'waiting'" });
  await scripts.delete(tx, 'id-1');

  const operations = new OperationStore();
  await operations.find(on, 1);
  await operations.findAll(on, [1, 2]);
  await operations.lock(tx, 1);
  await operations.cancel(tx, 1, 1);
  await operations.ofScript(on, 'id-1', 1, 1);
  await operations.prune(on, 1, 500);

  const tasks = new TaskStore();
  const task = {
    operationId: 1,
    deviceId: 7,
    state: 'waiting',
    reason: null,
    at: 1,
    expiresAt: 2,
  } as const;
  await tasks.insertAbsent(tx, [{ ...task, id: 'task-1' }]);
  await tasks.lockOpen(tx, 7, 1, 10);
  await tasks.lock(tx, 'task-1', 7);
  await tasks.fetched(tx, 'task-1', 1, 2);
  await tasks.end(tx, 'task-1', {
    state: 'succeeded',
    reason: null,
    exitCode: 0,
    outputSealed: 'sealed',
    headSealed: 'sealed',
    outputBytes: 5,
    isTruncated: false,
    at: 1,
  });
  await tasks.cancelWaiting(tx, 1, 1, 'because');
  await tasks.expire(on, 1, 500);
  const within = restrictDevices('mssql', 't.device_id', ['TST00020']);
  await tasks.counts(on, 1, within);
  await tasks.find(on, 1, 7);
  await tasks.answered(on, 1, { after: 0, limit: 50, within: unrestricted });
  await tasks.list(db, 1, { limit: 2, filter: "state eq 'failed'" }, within);
  await tasks.prune(on, 1, 500);

  const targets = new TargetStore();
  await targets.registerClient(tx, 7, '1.0', 1);
  await targets.devices(on, [7, 8]);
  await targets.members(on, 'TST00020', 7, 500);
  await targets.collection(on, 'TST00020');
  await targets.bySmsid(on, ['GUID:A'], restrictDevices('mssql', 'r.resource_id', ['TST00020']));
}
