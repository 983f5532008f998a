import { portableMigration, t } from '@espalier/persistence';

/** Scripts with their versions, Mac clients, and what these are to do. */
export const createScripts = portableMigration('2026-11-21-create-scripts', {
  up: async (schema) => {
    await schema.createTable('script', {
      columns: {
        id: t.id(),
        name: t.text(255),
        name_folded: t.text(255),
        /** The newest version: what is shown, and what would run. */
        current_number: t.integer(),
        /** For ETags: grows with every change. */
        version: t.integer({ default: 1 }),
        created_at: t.time(),
        created_by: t.text(255),
        changed_at: t.time(),
        changed_by: t.text(255),
      },
      primaryKey: ['id'],
      indexes: [{ columns: ['name_folded', 'id'] }],
    });
    await schema.createTable('script_version', {
      columns: {
        id: t.id(),
        script_id: t.id(),
        number: t.integer(),
        language: t.text(16),
        text_sealed: t.longText(),
        /** Of the text, hexadecimal. */
        sha256: t.text(64),
        length: t.integer(),
        parameters: t.json(),
        /** As ConfigMgr counts: 0 waiting, 1 denied, 3 approved. */
        approval_state: t.integer(),
        author_id: t.id(),
        /** The administrator who made the author's token, where it was another one. */
        author_maker_id: t.id({ nullable: true }),
        author_name: t.text(255),
        written_at: t.time(),
        approver_id: t.id({ nullable: true }),
        approver_name: t.text(255, { nullable: true }),
        decided_at: t.time({ nullable: true }),
        comment: t.text(500, { nullable: true }),
      },
      primaryKey: ['id'],
      unique: [['script_id', 'number']],
      foreignKeys: [{ columns: ['script_id'], references: 'script', onDelete: 'cascade' }],
    });
    await schema.createTable('mac_client', {
      columns: { device_id: t.integer(), version: t.text(64), registered_at: t.time() },
      primaryKey: ['device_id'],
      foreignKeys: [
        {
          columns: ['device_id'],
          references: 'resource',
          referencedColumns: ['resource_id'],
          onDelete: 'cascade',
        },
      ],
    });
    await schema.createTable('task_operation', {
      columns: {
        /** Of the series that SMS_ClientOperation numbers come from. */
        id: t.integer(),
        /** `run-script`, `cmpivot` or `install-application`. */
        kind: t.text(32),
        title: t.text(400),
        /** Null where devices were named. */
        collection_id: t.text(8, { nullable: true }),
        script_id: t.id({ nullable: true }),
        script_number: t.integer({ nullable: true }),
        sha256: t.text(64, { nullable: true }),
        application_id: t.id({ nullable: true }),
        /** Parameters or query as JSON, sealed. */
        params_sealed: t.longText(),
        job_id: t.id({ nullable: true }),
        requested_by: t.text(255),
        requested_at: t.time(),
        expires_at: t.time(),
        cancelled_at: t.time({ nullable: true }),
      },
      primaryKey: ['id'],
      indexes: [{ columns: ['requested_at', 'id'] }, { columns: ['script_id', 'script_number'] }],
    });
    await schema.createTable('client_task', {
      columns: {
        id: t.id(),
        operation_id: t.integer(),
        device_id: t.integer(),
        state: t.text(32),
        /** Waiting or fetched. */
        is_open: t.flag(),
        reason: t.text(500, { nullable: true }),
        exit_code: t.integer({ nullable: true }),
        output_sealed: t.longText({ nullable: true }),
        /** Its beginning: what lists of results show. */
        head_sealed: t.longText({ nullable: true }),
        output_bytes: t.integer({ default: 0 }),
        is_truncated: t.flag({ default: 0 }),
        created_at: t.time(),
        fetched_at: t.time({ nullable: true }),
        finished_at: t.time({ nullable: true }),
        expires_at: t.time(),
      },
      primaryKey: ['id'],
      unique: [['operation_id', 'device_id']],
      indexes: [
        { name: 'client_task_open', columns: ['device_id', 'created_at', 'id'], where: 'is_open = 1' },
        { name: 'client_task_due', columns: ['expires_at', 'id'], where: 'is_open = 1' },
        { columns: ['operation_id', 'state'] },
      ],
      foreignKeys: [
        { columns: ['operation_id'], references: 'task_operation', onDelete: 'cascade' },
        {
          columns: ['device_id'],
          references: 'resource',
          referencedColumns: ['resource_id'],
          onDelete: 'cascade',
        },
      ],
    });
  },
  down: async (schema) => {
    for (const table of ['client_task', 'task_operation', 'mac_client', 'script_version', 'script'])
      await schema.dropTable(table);
  },
});
