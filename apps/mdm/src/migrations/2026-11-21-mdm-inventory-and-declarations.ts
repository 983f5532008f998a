import { portableMigration, t } from '@espalier/persistence';

/** As in create-mdm. */
const enrollmentId = (): ReturnType<typeof t.text> => t.text(384);
/** SHA-256, hex. */
const contentId = t.id;

/** What devices are asked by themselves, the declarations that they are to have, and when commands were pushed. */
export const inventoryAndDeclarations = portableMigration('2026-11-21-mdm-inventory-and-declarations', {
  up: async (schema) => {
    await schema.addColumn('queued_command', 'pushed_at', t.time({ nullable: true }));
    await schema.addColumn('queued_command', 'inventory', t.text(16, { nullable: true }));
    await schema.addColumn('command', 'skipped', t.json({ nullable: true }));
    await schema.addColumn('command', 'is_standing', t.flag({ default: 0 }));
    await schema.createTable('inventory_schedule', {
      columns: { enrollment_id: enrollmentId(), due_at: t.time(), rounds: t.integer({ default: 0 }) },
      primaryKey: ['enrollment_id'],
      indexes: [{ columns: ['due_at'] }],
    });
    // Due since they enrolled: they are asked little by little, and keep the time of day.
    await schema.execute(
      `INSERT INTO {inventory_schedule} (enrollment_id, due_at)
       SELECT id, authenticated_at FROM {enrollment} WHERE state = 'enrolled'`,
    );
    await schema.createTable('declaration', {
      columns: {
        id: contentId(),
        kind: t.text(16),
        identifier: t.text(64),
        type: t.text(128),
        server_token: t.text(64),
        body_sealed: t.longText(),
        used_at: t.time(),
      },
      primaryKey: ['id'],
      indexes: [{ columns: ['used_at'] }],
    });
    await schema.createTable('declaration_set', {
      columns: { id: contentId(), used_at: t.time() },
      primaryKey: ['id'],
      indexes: [{ columns: ['used_at'] }],
    });
    await schema.createTable('declaration_set_item', {
      columns: { set_id: contentId(), declaration_id: contentId() },
      primaryKey: ['set_id', 'declaration_id'],
      indexes: [{ columns: ['declaration_id'] }],
    });
    await schema.createTable('enrollment_declarations', {
      columns: {
        enrollment_id: enrollmentId(),
        set_id: t.id({ nullable: true }),
        set_at: t.time({ nullable: true }),
        advertised_set_id: t.id({ nullable: true }),
        status: t.json({ nullable: true }),
        status_at: t.time({ nullable: true }),
      },
      primaryKey: ['enrollment_id'],
      indexes: [{ columns: ['set_id'] }, { columns: ['advertised_set_id'] }],
    });
  },
  down: async (schema) => {
    for (const table of [
      'enrollment_declarations',
      'declaration_set_item',
      'declaration_set',
      'declaration',
      'inventory_schedule',
    ])
      await schema.dropTable(table);
    await schema.dropColumn('command', 'is_standing');
    await schema.dropColumn('command', 'skipped');
    await schema.dropColumn('queued_command', 'inventory');
    await schema.dropColumn('queued_command', 'pushed_at');
  },
});
