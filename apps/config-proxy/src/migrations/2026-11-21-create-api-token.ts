import { portableMigration, t } from '@espalier/persistence';

/** API tokens: only hashes of them, so that a stolen database lets nobody in. */
export const createApiToken = portableMigration('2026-11-21-create-api-token', {
  up: async (schema) => {
    await schema.createTable('api_token', {
      columns: {
        id: t.id(),
        name: t.text(100),
        /** SHA-256 of the token, hex. */
        hash: t.text(64),
        /** Separated by spaces. */
        scopes: t.text(1_000),
        created_at: t.time(),
        created_by: t.text(255),
        expires_at: t.time({ nullable: true }),
        revoked_at: t.time({ nullable: true }),
        revoked_by: t.text(255, { nullable: true }),
        last_used_at: t.time({ nullable: true }),
      },
      primaryKey: ['id'],
      unique: [['hash']],
    });
  },
  down: (schema) => schema.dropTable('api_token'),
});
