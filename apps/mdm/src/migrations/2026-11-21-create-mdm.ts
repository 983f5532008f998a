import { portableMigration, t } from '@espalier/persistence';

/** `<device>:<user>`, see resolveEnrollment: at most 128 + 1 + 255 characters. */
const enrollmentId = (): ReturnType<typeof t.text> => t.text(384);

/** Everything the mdm service keeps. Hot rows are narrow; what grows (commands, results) is apart and pruned. */
export const createMdm = portableMigration('2026-11-21-create-mdm', {
  up: async (schema) => {
    await schema.createTable('enrollment', {
      columns: {
        id: enrollmentId(),
        kind: t.text(16),
        device_id: enrollmentId(),
        state: t.text(16),
        fingerprint: t.text(64, { nullable: true }),
        topic: t.text(255, { nullable: true }),
        serial_number: t.text(64, { nullable: true }),
        device_name: t.text(255, { nullable: true }),
        model: t.text(128, { nullable: true }),
        model_name: t.text(128, { nullable: true }),
        product_name: t.text(128, { nullable: true }),
        os_version: t.text(64, { nullable: true }),
        build_version: t.text(64, { nullable: true }),
        user_short_name: t.text(255, { nullable: true }),
        authenticated_at: t.time(),
        enrolled_at: t.time({ nullable: true }),
        removed_at: t.time({ nullable: true }),
      },
      primaryKey: ['id'],
      indexes: [
        { columns: ['device_id'] },
        { columns: ['serial_number'] },
        // One certificate belongs to one device; users of a device have none of their own.
        { columns: ['fingerprint'], unique: true, where: 'fingerprint IS NOT NULL' },
      ],
    });
    await schema.createTable('push_token', {
      columns: {
        enrollment_id: enrollmentId(),
        state: t.text(16),
        topic: t.text(255, { nullable: true }),
        token_sealed: t.longText({ nullable: true }),
        magic_sealed: t.longText({ nullable: true }),
        unlock_token_sealed: t.longText({ nullable: true }),
        awaiting_configuration: t.flag({ default: 0 }),
        token_updates: t.integer({ default: 0 }),
        updated_at: t.time(),
      },
      primaryKey: ['enrollment_id'],
    });
    await schema.createTable('push_schedule', {
      columns: {
        enrollment_id: enrollmentId(),
        due_at: t.time(),
        attempts: t.integer({ default: 0 }),
        forced: t.flag({ default: 0 }),
      },
      primaryKey: ['enrollment_id'],
      indexes: [{ columns: ['due_at'] }],
    });
    await schema.createTable('last_seen', {
      columns: { enrollment_id: enrollmentId(), seen_at: t.time() },
      primaryKey: ['enrollment_id'],
    });
    await schema.createTable('command', {
      columns: {
        id: t.id(),
        request_id: t.text(128),
        request_hash_sealed: t.longText(),
        request_type: t.text(64),
        payload_sealed: t.longText(),
        created_at: t.time(),
        created_by: t.text(255),
      },
      primaryKey: ['id'],
      indexes: [{ columns: ['request_id'], unique: true }, { columns: ['created_at'] }],
    });
    await schema.createTable('queued_command', {
      columns: {
        sequence: t.sequence(),
        id: t.id(),
        command_id: t.id(),
        enrollment_id: enrollmentId(),
        request_type: t.text(64),
        created_by: t.text(255),
        state: t.text(16),
        is_open: t.flag({ default: 1 }),
        priority: t.integer({ default: 0 }),
        created_at: t.time(),
        sent_at: t.time({ nullable: true }),
        not_now_count: t.integer({ default: 0 }),
        not_now_since: t.time({ nullable: true }),
        completed_at: t.time({ nullable: true }),
        error_chain: t.json({ nullable: true }),
      },
      primaryKey: ['sequence'],
      indexes: [
        { columns: ['id'], unique: true },
        { columns: ['command_id'] },
        { columns: ['enrollment_id', 'sequence desc'] },
        // The next command of a device is the first row of its part of this index, however long its history is.
        {
          name: 'queued_command_open',
          columns: ['enrollment_id', 'priority desc', 'sequence'],
          where: 'is_open = 1',
        },
        { name: 'queued_command_done', columns: ['completed_at'], where: 'is_open = 0' },
      ],
    });
    await schema.createTable('command_result', {
      columns: { queued_command_id: t.id(), report_sealed: t.longText() },
      primaryKey: ['queued_command_id'],
    });
    await schema.createTable('enrollment_link', {
      columns: {
        id: t.id(),
        token_hash: t.text(64),
        max_uses: t.integer(),
        uses: t.integer({ default: 0 }),
        signed: t.flag({ default: 1 }),
        created_at: t.time(),
        created_by: t.text(255),
        expires_at: t.time(),
      },
      primaryKey: ['id'],
      indexes: [{ columns: ['token_hash'], unique: true }, { columns: ['expires_at'] }],
    });
    await schema.createTable('scep_challenge', {
      columns: {
        challenge_hash: t.text(64),
        purpose: t.text(64),
        link_id: t.id({ nullable: true }),
        created_at: t.time(),
        expires_at: t.time(),
        used_at: t.time({ nullable: true }),
      },
      primaryKey: ['challenge_hash'],
      indexes: [{ columns: ['expires_at'] }],
    });
    await schema.createTable('identity_certificate', {
      columns: {
        serial: t.text(64),
        fingerprint: t.text(64),
        subject: t.text(400),
        not_before: t.time(),
        not_after: t.time(),
        issued_at: t.time(),
        transaction_id: t.text(256),
        public_key_hash: t.text(64),
        challenge_hash: t.text(64),
        certificate: t.bytes(),
      },
      primaryKey: ['serial'],
      indexes: [
        { columns: ['fingerprint'], unique: true },
        { columns: ['challenge_hash'] },
        { columns: ['not_after'] },
      ],
    });
  },
  down: async (schema) => {
    for (const table of [
      'identity_certificate',
      'scep_challenge',
      'enrollment_link',
      'command_result',
      'queued_command',
      'command',
      'last_seen',
      'push_schedule',
      'push_token',
      'enrollment',
    ])
      await schema.dropTable(table);
  },
});
