import { portableMigration, t } from '@espalier/persistence';

/** Finds what has waited for its device for long: the end of its command may not have been heard of. */
export const findQueuedItems = portableMigration('2026-11-21-find-queued-items', {
  up: async (schema) => {
    await schema.addColumn('managed_item', 'queued_at', t.time({ nullable: true }));
    await schema.createIndex('managed_item', QUEUED);
  },
  down: async (schema) => {
    await schema.dropIndex('managed_item', QUEUED);
    await schema.dropColumn('managed_item', 'queued_at');
  },
});

const QUEUED = { columns: ['queued_at', 'enrollment_id', 'item_key'], where: 'queued_at IS NOT NULL' };
