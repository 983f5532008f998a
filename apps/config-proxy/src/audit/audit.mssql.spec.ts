import type { Queryable, Tx } from '@espalier/persistence';
import { expectMssqlDdl, expectMssqlStatements } from '@espalier/testing';
import { createAudit } from '../migrations/2026-11-21-create-audit.js';
import { newVault } from './audit.fixture.js';
import { AuditCheckpointStore } from './audit-checkpoint.store.js';
import { AuditHeadStore } from './audit-head.store.js';
import { AuditKeyStore } from './audit-key.store.js';
import { AuditStore } from './audit.store.js';
import { GENESIS_HASH } from './audit.canonical.js';

const hash = 'a'.repeat(64);
const golden = { spec: import.meta.url, schema: 'config_proxy' } as const;

describe('the audit log on SQL Server', () => {
  it('has the tables that were reviewed', () =>
    expectMssqlDdl([createAudit], { ...golden, file: 'audit.mssql.sql' }));

  it('sends the statements that were reviewed', () =>
    expectMssqlStatements(run, { ...golden, file: 'audit.statements.mssql.sql' }, [
      { sequence: 1, newest: 1, next: 1, hash, checkpoint_sequence: 0, checkpoint_at: 0, seal: '' },
    ]));
});

async function run(on: Queryable): Promise<void> {
  // Only a transaction may write; the recorder stands for one, and for the database.
  const tx = on as Tx;
  const head = new AuditHeadStore();
  await head.lock(tx);
  await head.write(tx, { sequence: 2, hash, checkpointSequence: 1, checkpointAt: 5, seal: hash });
  const store = new AuditStore(tx as never);
  await store.insert(tx, [
    {
      sequence: 2,
      at: 5,
      action: 'deleteDevice',
      outcome: 'begun',
      actor: null,
      credentialId: null,
      address: '192.0.2.7',
      targets: [{ type: 'device', id: '16777219', name: null }],
      requestId: 'r',
      approvalId: null,
      errorCode: null,
      details: {},
      prevHash: GENESIS_HASH,
      hash,
    },
  ]);
  const ask = async (question: Promise<unknown>): Promise<void> => {
    // The one row of the recorder is no record: what counts is what was sent.
    await question.catch((error: unknown) => expect(error).toBeInstanceOf(TypeError));
  };
  await ask(
    store.list({ limit: 2, actorId: 'jane', target: { type: 'device', id: '1' }, filter: 'at gt 5' }),
  );
  await ask(store.read(tx, 1, 9, 100));
  await store.oldest(tx);
  await store.newest(tx);
  await store.deleteThrough(tx, 1);
  const checkpoints = new AuditCheckpointStore();
  await checkpoints.insert(tx, { sequence: 2, hash, at: 5, previous: 1, keyId: hash }, 'signature');
  await checkpoints.read(tx, 1, 9, 100);
  await checkpoints.list(tx, 2);
  await checkpoints.endOfRetention(tx, 1, 5, 100);
  await ask(new AuditKeyStore(newVault()).all({ ...tx, query: async (sql) => (await tx.query(sql), []) }));
}
