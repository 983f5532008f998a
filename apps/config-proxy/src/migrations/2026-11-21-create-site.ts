import { portableMigration, t } from '@espalier/persistence';

/** What all rooms of the site core share: numbers, repeated requests, long work. */
export const createSite = portableMigration('2026-11-21-create-site', {
  up: async (schema) => {
    await schema.createTable('number_series', {
      columns: { name: t.text(64), next: t.bigint() },
      primaryKey: ['name'],
    });
    await schema.createTable('idempotency_key', {
      columns: {
        caller_id: t.text(64),
        /** As the caller gave it. */
        key: t.text(80),
        /** SHA-256 over the request, hex: the same key for another request is refused. */
        request_hash: t.text(64),
        answer: t.json(),
        created_at: t.time(),
      },
      primaryKey: ['caller_id', 'key'],
      indexes: [{ columns: ['created_at'] }],
    });
    await schema.createTable('job', {
      columns: {
        id: t.id(),
        kind: t.text(64),
        title: t.text(400),
        state: t.text(16),
        params: t.json(),
        /** Where the work stands, in words of its kind. */
        position: t.text(400, { nullable: true }),
        done: t.bigint({ default: 0 }),
        failed: t.bigint({ default: 0 }),
        total: t.bigint({ nullable: true }),
        messages: t.json(),
        created_at: t.time(),
        created_by: t.text(400),
        started_at: t.time({ nullable: true }),
        finished_at: t.time({ nullable: true }),
        /** Until then a replica works on it. */
        leased_until: t.time({ nullable: true }),
        lease_holder: t.text(64, { nullable: true }),
        /** Steps that failed in a row. */
        failures: t.integer({ default: 0 }),
        cancel_requested: t.flag({ default: 0 }),
        is_open: t.flag({ default: 1 }),
      },
      primaryKey: ['id'],
      indexes: [
        { name: 'job_open', columns: ['created_at'], where: 'is_open = 1' },
        { columns: ['created_at desc', 'id'] },
      ],
    });
  },
  down: async (schema) => {
    for (const table of ['job', 'idempotency_key', 'number_series']) await schema.dropTable(table);
  },
});
