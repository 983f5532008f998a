import { portableMigration, t } from '@espalier/persistence';

/** Actions that need a second person, when they do, and how much of it one person has done lately. */
export const createApprovals = portableMigration('2026-11-21-create-approvals', {
  up: async (schema) => {
    await schema.createTable('approval', {
      columns: {
        id: t.id(),
        kind: t.text(32),
        state: t.text(16),
        /** What is to be done, as JSON, sealed: a command's arguments hold PINs and keys. */
        params_sealed: t.longText(),
        summary: t.text(400),
        targets: t.json(),
        device_count: t.integer(),
        reason: t.text(500),
        requester_id: t.id(),
        requester_name: t.text(255),
        /** The administrator who made the requester's credential, where it was another one. */
        requester_maker_id: t.id({ nullable: true }),
        /** Who asked, for the services that carry it out. */
        requester_actor: t.json(),
        requester_title: t.text(255),
        /** With the key of the request: the same one again finds what it made. */
        credential_id: t.text(64),
        request_key: t.text(80),
        created_at: t.time(),
        expires_at: t.time(),
        decided_at: t.time({ nullable: true }),
        decided_by_id: t.id({ nullable: true }),
        decided_by_name: t.text(255, { nullable: true }),
        decision_reason: t.text(500, { nullable: true }),
        job_id: t.id({ nullable: true }),
        /** When its execution first began: from then on it may have happened. */
        begun_at: t.time({ nullable: true }),
        finished_at: t.time({ nullable: true }),
        outcome: t.text(500, { nullable: true }),
        result_ids: t.json(),
        version: t.integer({ default: 1 }),
        /** Needs approval, or approved and not carried out yet. */
        is_open: t.flag({ default: 1 }),
      },
      primaryKey: ['id'],
      unique: [['credential_id', 'request_key']],
      indexes: [
        { name: 'approval_open', columns: ['expires_at'], where: 'is_open = 1' },
        { columns: ['created_at desc', 'id'] },
        { columns: ['requester_id', 'created_at desc'] },
      ],
    });
    await schema.createTable('approval_policy', {
      columns: {
        kind: t.text(32),
        required: t.flag(),
        threshold: t.integer(),
        expiry_hours: t.integer(),
        hourly_cap: t.integer({ nullable: true }),
        version: t.integer(),
        changed_at: t.time(),
        changed_by: t.text(255),
      },
      primaryKey: ['kind'],
    });
    await schema.createTable('action_count', {
      columns: {
        administrator_id: t.id(),
        kind: t.text(32),
        /** `asked` or `done`. */
        phase: t.text(8),
        /** [minute, devices] of the last hour, as JSON. One row, so that one lock keeps two requests apart. */
        minutes: t.json(),
        counted_at: t.time(),
      },
      primaryKey: ['administrator_id', 'kind', 'phase'],
      indexes: [{ columns: ['counted_at'] }],
    });
    await schema.createTable('approval_clock', {
      columns: {
        id: t.text(8),
        /** The latest time that any replica has seen. */
        latest_at: t.time(),
      },
      primaryKey: ['id'],
    });
  },
  down: async (schema) => {
    for (const table of ['approval_clock', 'action_count', 'approval_policy', 'approval'])
      await schema.dropTable(table);
  },
});
