import { portableMigration, t, type ColumnSpec } from '@espalier/persistence';

/** `<device>:<user>`, as mdm has them. */
const enrollmentId = (): ColumnSpec => t.text(384);

/** Deployments with their history, what devices report of them, counters of that, and the log of the services. */
export const createDeployments = portableMigration('2026-11-21-create-deployments', {
  up: async (schema) => {
    await schema.createTable('deployment', {
      columns: {
        id: t.id(),
        assignment_id: t.integer(),
        name: t.text(255),
        name_folded: t.text(300),
        comment: t.text(1_000),
        thing_kind: t.text(20),
        thing_id: t.id(),
        thing_name: t.text(255),
        thing_name_folded: t.text(300),
        /** Null: follows the newest. */
        revision: t.integer({ nullable: true }),
        deployed_revision: t.integer(),
        collection_id: t.text(8),
        intent: t.text(10),
        action: t.text(10),
        is_enabled: t.flag(),
        start_at: t.time(),
        deadline_at: t.time({ nullable: true }),
        is_local_time: t.flag(),
        priority: t.integer(),
        override_windows: t.flag(),
        notify: t.flag(),
        /** What it is made of, as the policy gets it. */
        items: t.json(),
        version: t.integer(),
        created_at: t.time(),
        created_by: t.text(300),
        changed_at: t.time(),
        changed_by: t.text(300),
        /** When the counters were last checked. */
        counted_at: t.time(),
      },
      primaryKey: ['id'],
      indexes: [
        { columns: ['created_at desc', 'id'] },
        { columns: ['collection_id', 'id'] },
        { columns: ['thing_id'] },
        { columns: ['counted_at'] },
      ],
    });
    await schema.createTable('deployment_version', {
      columns: {
        deployment_id: t.id(),
        version: t.integer(),
        /** created, changed, content or deleted */
        change: t.text(10),
        changed_by: t.text(300),
        from_at: t.time(),
        until_at: t.time({ nullable: true }),
        name: t.text(255),
        name_folded: t.text(300),
        thing_kind: t.text(20),
        thing_id: t.id(),
        thing_name: t.text(255),
        deployed_revision: t.integer(),
        collection_id: t.text(8),
        settings: t.json(),
        items: t.json(),
      },
      primaryKey: ['deployment_id', 'version'],
      indexes: [
        { columns: ['from_at desc', 'deployment_id', 'version desc'] },
        { columns: ['until_at'], where: 'until_at IS NOT NULL' },
      ],
    });
    await schema.createTable('deployment_summary', {
      columns: {
        deployment_id: t.id(),
        success: t.integer({ default: 0 }),
        in_progress: t.integer({ default: 0 }),
        requirements_not_met: t.integer({ default: 0 }),
        failed: t.integer({ default: 0 }),
      },
      primaryKey: ['deployment_id'],
    });
    await schema.createTable('deployment_item_summary', {
      columns: {
        deployment_id: t.id(),
        ci_id: t.id(),
        compliant: t.integer({ default: 0 }),
        non_compliant: t.integer({ default: 0 }),
        conflict: t.integer({ default: 0 }),
        failed: t.integer({ default: 0 }),
        unknown: t.integer({ default: 0 }),
      },
      primaryKey: ['deployment_id', 'ci_id'],
    });
    await schema.createTable('deployment_state', {
      columns: {
        deployment_id: t.id(),
        enrollment_id: enrollmentId(),
        /** ConfigMgr's asset status: 1 success, 2 in progress, 3 requirements not met, 4 unknown, 5 error; 0 gone. */
        status: t.integer({ default: 0 }),
        /** Topics 300, 301 and 302; state null where it is gone. */
        compliance_state: t.integer({ nullable: true }),
        compliance_sequence: t.bigint({ nullable: true }),
        enforcement_state: t.integer({ nullable: true }),
        enforcement_sequence: t.bigint({ nullable: true }),
        evaluation_state: t.integer({ nullable: true }),
        evaluation_sequence: t.bigint({ nullable: true }),
        compliance_at: t.time({ nullable: true }),
        enforcement_at: t.time({ nullable: true }),
        evaluation_at: t.time({ nullable: true }),
        /** Of topic 301, as everything below. */
        reason: t.text(1_000, { nullable: true }),
        error_code: t.text(128, { nullable: true }),
        command_id: t.id({ nullable: true }),
        targeted_at: t.time({ nullable: true }),
        evaluated_at: t.time({ nullable: true }),
        queued_at: t.time({ nullable: true }),
        pushed_at: t.time({ nullable: true }),
        fetched_at: t.time({ nullable: true }),
        acknowledged_at: t.time({ nullable: true }),
        verified_at: t.time({ nullable: true }),
        updated_at: t.time(),
      },
      primaryKey: ['deployment_id', 'enrollment_id'],
      indexes: [
        { columns: ['enrollment_id', 'deployment_id'] },
        // Status first: without statistics PostgreSQL would take it for a lookup by the primary key's columns.
        { columns: ['status', 'deployment_id', 'enrollment_id'] },
        { name: 'ix_deployment_state_gone', columns: ['updated_at'], where: 'status = 0' },
      ],
    });
    await schema.createTable('deployment_item_state', {
      columns: {
        deployment_id: t.id(),
        ci_id: t.id(),
        enrollment_id: enrollmentId(),
        /** Of topic 401; -1 gone. */
        state: t.integer({ default: -1 }),
        sequence: t.bigint({ nullable: true }),
        at: t.time({ nullable: true }),
        reason: t.text(1_000, { nullable: true }),
        error_code: t.text(128, { nullable: true }),
        updated_at: t.time(),
      },
      primaryKey: ['deployment_id', 'ci_id', 'enrollment_id'],
      indexes: [
        { columns: ['enrollment_id', 'deployment_id'] },
        { name: 'ix_deployment_item_state_gone', columns: ['updated_at'], where: 'state = -1' },
      ],
    });
    await schema.createTable('state_message', {
      columns: {
        enrollment_id: enrollmentId(),
        topic_type: t.integer(),
        topic_id: t.text(200),
        state_id: t.integer(),
        at: t.time(),
        sequence: t.bigint(),
        reason: t.text(1_000, { nullable: true }),
        error_code: t.text(128, { nullable: true }),
        is_gone: t.flag(),
        updated_at: t.time(),
      },
      primaryKey: ['enrollment_id', 'topic_type', 'topic_id'],
      indexes: [{ name: 'ix_state_message_gone', columns: ['updated_at'], where: 'is_gone = 1' }],
    });
    await schema.createTable('status_message', {
      columns: {
        id: t.sequence(),
        at: t.time(),
        service: t.text(32),
        severity: t.text(16),
        component: t.text(64),
        message_id: t.text(64),
        text: t.text(2_000),
        enrollment_id: t.text(384, { nullable: true }),
        resource_id: t.integer({ nullable: true }),
        deployment_id: t.text(64, { nullable: true }),
        collection_id: t.text(64, { nullable: true }),
      },
      primaryKey: ['id'],
      indexes: [{ columns: ['at desc', 'id desc'] }],
    });
  },
  down: async (schema) => {
    for (const table of [
      'status_message',
      'state_message',
      'deployment_item_state',
      'deployment_state',
      'deployment_item_summary',
      'deployment_summary',
      'deployment_version',
      'deployment',
    ])
      await schema.dropTable(table);
  },
});
