import { portableMigration, t } from '@espalier/persistence';

/** ConfigMgr's client operations: the number under which a job is known to AdminService's callers. */
export const createClientOperations = portableMigration('2026-11-21-create-client-operations', {
  up: async (schema) => {
    await schema.createTable('client_operation', {
      columns: {
        operation_id: t.integer(),
        job_id: t.id(),
        /** 8 and 9 policy, 12 hardware inventory, as ConfigMgr counts. */
        type: t.integer(),
        collection_id: t.text(8),
      },
      primaryKey: ['operation_id'],
      indexes: [{ columns: ['job_id'] }],
      foreignKeys: [{ columns: ['job_id'], references: 'job', onDelete: 'cascade' }],
    });
  },
  down: (schema) => schema.dropTable('client_operation'),
});
