import { portableMigration, t } from '@espalier/persistence';

const ofLink = { columns: ['link_id'] };

/** Links can be revoked, and with them the challenges of profiles that they have handed out. */
export const revocableLinks = portableMigration('2026-11-21-revocable-links', {
  up: async (schema) => {
    await schema.addColumn('enrollment_link', 'revoked_at', t.time({ nullable: true }));
    await schema.addColumn('enrollment_link', 'revoked_by', t.text(255, { nullable: true }));
    await schema.createIndex('scep_challenge', ofLink);
  },
  down: async (schema) => {
    await schema.dropIndex('scep_challenge', ofLink);
    await schema.dropColumn('enrollment_link', 'revoked_by');
    await schema.dropColumn('enrollment_link', 'revoked_at');
  },
});
