import { t } from '../columns/column-specs.js';
import { portableMigration, type Migration } from '../migrations/migration.js';

/** The tables of createOutbox; put it into the service's list of migrations. */
export const outboxMigration: Migration = portableMigration('2026-11-21-create-outbox', {
  up: async (schema) => {
    await schema.createTable('outbox', {
      columns: {
        sequence: t.sequence(),
        subject: t.text(255),
        message_id: t.text(255),
        payload: t.longText(),
        headers: t.json({ nullable: true }),
        created_at: t.time(),
      },
      primaryKey: ['sequence'],
    });
    await schema.createTable('outbox_lease', {
      columns: { id: t.integer(), holder: t.id({ nullable: true }), held_until: t.time() },
      primaryKey: ['id'],
    });
    await schema.execute('INSERT INTO {outbox_lease} (id, holder, held_until) VALUES (1, NULL, 0)');
  },
  down: async (schema) => {
    await schema.dropTable('outbox_lease');
    await schema.dropTable('outbox');
  },
});
