import { portableMigration, t } from '@espalier/persistence';

/** Collections of devices and users, their members, and what waits to be evaluated or told to the policy. */
export const createCollections = portableMigration('2026-11-21-create-collections', {
  up: async (schema) => {
    await schema.createTable('collection', {
      columns: {
        /** Site code and five characters, as in `DEV00014`; built-ins `SMS00001`. */
        collection_id: t.text(8),
        /** `device` or `user`. */
        kind: t.text(10),
        name: t.text(255),
        name_folded: t.text(400),
        comment: t.text(1_000),
        /** Null for built-ins only. */
        limiting_id: t.text(8, { nullable: true }),
        is_built_in: t.flag(),
        /** 1 manual, 2 periodic, 4 incremental, 6 both, as ConfigMgr counts. */
        refresh_type: t.integer(),
        schedule: t.json({ nullable: true }),
        /** Of the definition: the ETag. */
        version: t.integer(),
        next_rule_id: t.integer(),
        member_count: t.integer(),
        window_count: t.integer(),
        /** `ready`, `awaiting` or `evaluating`. */
        status: t.text(12),
        /** When the schedule wants the next whole evaluation. */
        due_at: t.time({ nullable: true }),
        last_evaluated_at: t.time({ nullable: true }),
        last_member_change_at: t.time({ nullable: true }),
        /** Of the whole evaluation that is under way: told when it ends. */
        evaluation_joined: t.integer(),
        evaluation_left: t.integer(),
        created_at: t.time(),
        created_by: t.text(255),
        changed_at: t.time(),
        changed_by: t.text(255),
      },
      primaryKey: ['collection_id'],
      unique: [['kind', 'name_folded']],
      indexes: [{ columns: ['limiting_id'] }, { columns: ['due_at'], where: 'due_at IS NOT NULL' }],
    });
    await schema.createTable('collection_rule', {
      columns: {
        collection_id: t.text(8),
        /** Unique in its collection, never used again. */
        rule_id: t.integer(),
        /** `query`, `include` or `exclude`. */
        kind: t.text(10),
        name: t.text(255),
        query: t.longText({ nullable: true }),
        /** The collection that is included or excluded. */
        target_id: t.text(8, { nullable: true }),
      },
      primaryKey: ['collection_id', 'rule_id'],
      indexes: [{ columns: ['target_id'] }],
      foreignKeys: [
        { columns: ['collection_id'], references: 'collection', referencedColumns: ['collection_id'] },
        { columns: ['target_id'], references: 'collection', referencedColumns: ['collection_id'] },
      ],
    });
    await schema.createTable('collection_direct_rule', {
      columns: {
        collection_id: t.text(8),
        resource_id: t.integer(),
        created_at: t.time(),
        created_by: t.text(255),
      },
      primaryKey: ['collection_id', 'resource_id'],
      indexes: [{ columns: ['resource_id', 'collection_id'] }],
      foreignKeys: [
        { columns: ['collection_id'], references: 'collection', referencedColumns: ['collection_id'] },
      ],
    });
    // Written by the million: no foreign keys, all writers hold the evaluation lock.
    await schema.createTable('collection_member', {
      columns: {
        collection_id: t.text(8),
        resource_id: t.integer(),
        is_direct: t.flag(),
        joined_at: t.time(),
      },
      primaryKey: ['collection_id', 'resource_id'],
      // Holds all that an evaluation reads of a resource.
      indexes: [{ columns: ['resource_id', 'collection_id', 'is_direct'] }],
    });
    await schema.createTable('collection_evaluation', {
      columns: {
        id: t.integer(),
        /** Grows with every change of a definition, so that replicas know when to read them anew. */
        definition_version: t.bigint(),
      },
      primaryKey: ['id'],
    });
    await schema.execute('INSERT INTO {collection_evaluation} (id, definition_version) VALUES (1, 1)');
    await schema.createTable('resource_change', {
      columns: {
        change_id: t.sequence(),
        resource_id: t.integer(),
        /** JSON array of class names; `*` for all. */
        classes: t.json(),
      },
      primaryKey: ['change_id'],
      indexes: [{ columns: ['resource_id'] }],
    });
    await schema.createTable('variable_set', {
      columns: {
        /** A collection id, or the resource id of a device as text. */
        owner_id: t.text(20),
        version: t.integer(),
        /** Names and values; values of masked ones stand sealed in `masked_sealed`. */
        variables: t.json(),
        masked_sealed: t.longText({ nullable: true }),
      },
      primaryKey: ['owner_id'],
    });
    await schema.createTable('maintenance_window', {
      columns: {
        window_id: t.id(),
        collection_id: t.text(8),
        /** As in the contract. */
        definition: t.json(),
        version: t.integer(),
      },
      primaryKey: ['window_id'],
      indexes: [{ columns: ['collection_id', 'window_id'] }],
      foreignKeys: [
        { columns: ['collection_id'], references: 'collection', referencedColumns: ['collection_id'] },
      ],
    });
    await schema.createTable('scope_collection', {
      columns: {
        collection_id: t.text(8),
        is_deployed: t.flag(),
        has_windows: t.flag(),
        /** One of the two: its members are told to the policy. */
        is_tracked: t.flag(),
        /** Grows with everything that is told of the collection. */
        version: t.bigint(),
      },
      primaryKey: ['collection_id'],
      indexes: [{ columns: ['collection_id'], where: 'is_tracked = 1', name: 'ix_scope_collection_tracked' }],
    });
    await schema.createTable('scope_enrollment', {
      columns: {
        enrollment_id: t.text(400),
        /** The device or user as whose enrolment the policy knows it. */
        member_id: t.integer(),
      },
      primaryKey: ['enrollment_id'],
      indexes: [{ columns: ['member_id', 'enrollment_id'] }],
    });
  },
  down: async (schema) => {
    for (const table of [
      'scope_enrollment',
      'scope_collection',
      'maintenance_window',
      'variable_set',
      'resource_change',
      'collection_evaluation',
      'collection_member',
      'collection_direct_rule',
      'collection_rule',
      'collection',
    ])
      await schema.dropTable(table);
  },
});
