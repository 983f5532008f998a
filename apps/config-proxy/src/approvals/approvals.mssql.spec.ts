import type { Database, Queryable, Tx } from '@espalier/persistence';
import { expectMssqlDdl, expectMssqlStatements } from '@espalier/testing';
import { createApprovals } from '../migrations/2026-11-21-create-approvals.js';
import { limitWhatOnePersonReaches } from '../migrations/2026-11-21-limit-what-one-person-reaches.js';
import { ActionCountStore } from './action-count.store.js';
import { ApprovalClock } from './approval.clock.js';
import { ApprovalPolicyStore } from './approval-policy.store.js';
import type { StoredApproval } from './approval.rows.js';
import { ApprovalStore } from './approval.store.js';

const spec = import.meta.url;
const schema = 'config_proxy';
const approval: StoredApproval = {
  id: 'id-1',
  kind: 'erase',
  state: 'needs-approval',
  summary: 'Send EraseDevice to one device.',
  reason: 'It was stolen.',
  targets: [],
  deviceCount: 1,
  requester: { id: 'anna', name: 'anna' },
  createdAt: 1,
  expiresAt: 2,
  decidedBy: null,
  decidedAt: null,
  decisionReason: null,
  finishedAt: null,
  outcome: null,
  resultIds: [],
  jobId: null,
  version: 1,
  paramsSealed: 'sealed',
  requesterMakerId: null,
  requesterActor: { type: 'person', id: 'anna', name: 'anna' },
  requesterTitle: 'anna',
  credentialId: 'token',
  requestKey: 'key',
  begunAt: null,
};

describe('approvals on SQL Server', () => {
  it('have the tables that the golden file shows', async () => {
    await expectMssqlDdl([createApprovals, limitWhatOnePersonReaches], {
      spec,
      schema,
      file: 'approvals.mssql.sql',
    });
  });

  it('send the statements that the golden file shows', async () => {
    await expectMssqlStatements(
      async (on: Queryable) => {
        // Only a transaction may write; the recorder stands for one, and for the database.
        const [tx, db] = [on as Tx, on as Database];
        const store = new ApprovalStore();
        await store.insert(tx, approval);
        await store.find(on, 'id-1');
        await store.lock(tx, 'id-1');
        await store.findByRequest(on, 'token', 'key');
        await store.due(on, 3, 100);
        await store.change(tx, approval, { state: 'rejected', finishedAt: 3 });
        await store.list(
          db,
          { requestedBy: 'anna', waitingFor: 'bert' },
          { limit: 2, filter: "state eq 'expired'" },
        );
        await store.prune(on, 1, 500);
        const policies = new ApprovalPolicyStore();
        await policies.all(on);
        await policies.lock(tx, 'erase');
        await policies.put(tx, {
          kind: 'erase',
          required: true,
          threshold: 0,
          expiryHours: 1,
          hourlyCap: null,
          aloneCap: 5,
          version: 1,
          changedAt: 1,
          changedBy: 'anna',
        });
        const counts = new ActionCountStore();
        const key = { administratorId: 'anna', kind: 'erase', phase: 'asked' } as const;
        await counts.lock(tx, key, 1);
        await counts.put(tx, key, [[1, 2]], 1);
        await counts.prune(on, 1);
        const clock = new ApprovalClock({ now: () => new Date(5), uptime: () => 0 });
        await clock.tick(tx);
        await clock.peek(db);
      },
      { spec, schema, file: 'approvals-statements.mssql.sql' },
    );
  });
});
