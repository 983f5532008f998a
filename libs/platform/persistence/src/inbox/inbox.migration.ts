import { t } from '../columns/column-specs.js';
import { portableMigration, type Migration } from '../migrations/migration.js';

/** The table of createInbox; put it into the service's list of migrations. */
export const inboxMigration: Migration = portableMigration('2026-11-21-create-inbox', {
  up: (schema) =>
    schema.createTable('inbox', {
      columns: { durable: t.text(128), message_id: t.text(255), handled_at: t.time() },
      primaryKey: ['durable', 'message_id'],
      indexes: [{ columns: ['handled_at'] }],
    }),
  down: (schema) => schema.dropTable('inbox'),
});
