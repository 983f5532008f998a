import { portableMigration, t } from '@espalier/persistence';
import { SITE_ADMINISTRATOR_ID, WHOLE_SITE } from '../administrators/administrator.rows.js';

/** Administrators, how they sign in and what they may do where; API tokens belong to them from now on. */
export const createAdministrators = portableMigration('2026-11-21-create-administrators', {
  up: async (schema) => {
    await schema.createTable('administrator', {
      columns: {
        id: t.id(),
        /** Logon name. */
        name: t.text(100),
        name_folded: t.text(300),
        display_name: t.text(255),
        display_name_folded: t.text(400),
        /** `person` or `service`. */
        kind: t.text(16),
        is_enabled: t.flag(),
        is_built_in: t.flag(),
        /** For ETags: grows with every change, also of identities and assignments. */
        version: t.integer(),
        created_at: t.time(),
        created_by: t.text(300),
        changed_at: t.time(),
        changed_by: t.text(300),
      },
      primaryKey: ['id'],
      unique: [['name_folded']],
    });
    await schema.createTable('administrator_identity', {
      columns: {
        /** As in the contract: `oidc:<issuer>#<subject>` and the like. */
        identity_key: t.text(400),
        administrator_id: t.id(),
      },
      primaryKey: ['identity_key'],
      indexes: [{ columns: ['administrator_id'] }],
      foreignKeys: [{ columns: ['administrator_id'], references: 'administrator', onDelete: 'cascade' }],
    });
    await schema.createTable('administrator_assignment', {
      columns: {
        administrator_id: t.id(),
        role_id: t.text(64),
        /** A collection, or `*` for the whole site. */
        collection_id: t.text(8),
      },
      primaryKey: ['administrator_id', 'role_id', 'collection_id'],
      indexes: [{ columns: ['collection_id'] }],
      foreignKeys: [{ columns: ['administrator_id'], references: 'administrator', onDelete: 'cascade' }],
    });
    await schema.execute(
      `INSERT INTO {administrator} (id, name, name_folded, display_name, display_name_folded, kind, is_enabled,
         is_built_in, version, created_at, created_by, changed_at, changed_by)
       VALUES ('${SITE_ADMINISTRATOR_ID}', 'site', 'site', 'Site', 'site', 'service', 1, 1, 1, 0, 'Espalier', 0,
         'Espalier')`,
    );
    await schema.execute(
      `INSERT INTO {administrator_assignment} (administrator_id, role_id, collection_id)
       VALUES ('${SITE_ADMINISTRATOR_ID}', 'full-administrator', '${WHOLE_SITE}')`,
    );
    // No foreign key: SQLite cannot add one. Deleting an administrator deletes the tokens in the same transaction.
    await schema.addColumn('api_token', 'administrator_id', t.text(64, { default: SITE_ADMINISTRATOR_ID }));
    /** The administrator who made it; null where that was nobody of them. */
    await schema.addColumn('api_token', 'made_by', t.text(64, { nullable: true }));
    await schema.createIndex('api_token', { columns: ['administrator_id', 'created_at desc', 'id'] });
  },
  down: async (schema) => {
    await schema.dropIndex('api_token', { columns: ['administrator_id', 'created_at desc', 'id'] });
    await schema.dropColumn('api_token', 'made_by');
    await schema.dropColumn('api_token', 'administrator_id');
    for (const table of ['administrator_assignment', 'administrator_identity', 'administrator'])
      await schema.dropTable(table);
  },
});
