import type { Database, Queryable, Tx } from '@espalier/persistence';
import { expectMssqlDdl, expectMssqlStatements } from '@espalier/testing';
import { ExplainStore } from '../explain/explain.store.js';
import { createDeployments } from '../migrations/2026-11-21-create-deployments.js';
import { DeviceStateStore } from '../state-messages/device-state.store.js';
import { StateIntakeService } from '../state-messages/state-intake.service.js';
import { StateIntakeStore } from '../state-messages/state-intake.store.js';
import { StateRetentionStore } from '../state-messages/state-retention.store.js';
import { StatusMessageStore } from '../status-messages/status-message.store.js';
import { policyItem } from './deployment.fixture.js';
import { DeploymentHistoryStore } from './deployment-history.store.js';
import { deviceModel } from './deployment.models.js';
import { DeploymentStore } from './deployment.store.js';
import { DeploymentSummaryStore } from './deployment-summary.store.js';
import { EvaluationStore } from './evaluation.store.js';

const spec = import.meta.url;
const schema = 'config_proxy';
const page = { limit: 2 };

describe('deployments on SQL Server', () => {
  it('have the tables that the golden file shows', async () => {
    await expectMssqlDdl([createDeployments], { spec, schema, file: 'deployments.mssql.sql' });
  });

  it('send the statements that the golden file shows', async () => {
    await expectMssqlStatements(
      async (on: Queryable) => {
        // Only a transaction may write; the recorder stands for one, and for the database.
        const tx = on as Tx;
        const db = { ...on, dialect: 'mssql' } as Database;
        const deployments = new DeploymentStore(db);
        await deployments.lockCollection(tx, 'ESP00014');
        await deployments.lockOfThings(tx, [{ thingKind: 'baseline', thingId: 'thing' }]);
        await deployments.findCounted(on, 'deployment');
        await deployments.list({
          ...page,
          filter: "contains(name,'x') and priority eq 2",
          orderBy: 'collectionName',
        });
        await deployments.ofResource(7, 2);
        await deployments.leastCounted(1);
        const summaries = new DeploymentSummaryStore();
        await summaries.create(tx, 'deployment', [policyItem({ ciId: 'ci' })]);
        await summaries.delete(tx, 'deployment');
        const history = new DeploymentHistoryStore(db);
        await history.list({ ...page, filter: 'untilAt eq null' });
        await history.prune(1, 2);
        const states = new DeviceStateStore(db, { devices: deviceModel });
        const target = {
          deploymentId: 'deployment',
          collectionId: 'ESP00014',
          collectionKind: 'device',
        } as const;
        await states.listDevices(target, undefined, page);
        await states.listDevices({ ...target, collectionKind: 'user' }, 'unknown', page);
        await states.listDevices(target, 'error', page);
        await states.device(on, target, 7);
        await states.items(on, 'deployment', ['MAC-1']);
        await states.listStates(7, page);
        await new StateRetentionStore(db).pruneGone(1, 2);
        await new StatusMessageStore(db).prune(1, 2, 3);
        await new EvaluationStore().ofCollection(on, 'ESP00014', 0, 2);
        await new ExplainStore().enrollments(on, 7);
      },
      { spec, schema, file: 'deployment-statements.mssql.sql' },
    );
  });

  it('take in state messages by the statements that the golden file shows', async () => {
    const intake = new StateIntakeService(new StateIntakeStore(), () => new Date(5));
    const message = { enrollmentId: 'MAC-1', stateId: 1, at: 1, sequence: 1 } as const;
    await expectMssqlStatements(
      (on: Queryable) =>
        intake.take(
          on as Tx,
          // One whose rows are there, and one whose rows are not.
          ['MAC-1', 'MAC-2'].flatMap((enrollmentId) => [
            { ...message, enrollmentId, topicType: 301, topicId: 'deployment', reason: 'because' },
            { ...message, enrollmentId, topicType: 401, topicId: 'deployment/ci' },
            { ...message, enrollmentId, topicType: 501, topicId: 'scan' },
          ]),
        ),
      { spec, schema, file: 'state-intake-statements.mssql.sql' },
      // One row that fits all three: as it was before.
      [
        {
          deployment_id: 'deployment',
          ci_id: 'ci',
          enrollment_id: 'MAC-1',
          topic_type: 501,
          topic_id: 'scan',
          status: 0,
          state: -1,
          sequence: 0,
          compliance_state: null,
          compliance_sequence: null,
          enforcement_state: null,
          enforcement_sequence: null,
          evaluation_state: null,
          evaluation_sequence: null,
        },
      ],
    );
  });
});
