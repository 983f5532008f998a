import { portableMigration, t } from '@espalier/persistence';

/** The audit log: a chain of records, its head, signatures over it and the keys that make them. */
export const createAudit = portableMigration('2026-11-21-create-audit', {
  up: async (schema) => {
    await schema.createTable('audit_record', {
      columns: {
        sequence: t.bigint(),
        at: t.time(),
        action: t.text(64),
        outcome: t.text(16),
        actor_type: t.text(16, { nullable: true }),
        actor_id: t.text(256, { nullable: true }),
        actor_name: t.text(256, { nullable: true }),
        actor_ip: t.text(64, { nullable: true }),
        actor_auth: t.text(64, { nullable: true }),
        credential_id: t.text(300, { nullable: true }),
        address: t.text(64),
        request_id: t.text(64),
        approval_id: t.text(64, { nullable: true }),
        error_code: t.text(64, { nullable: true }),
        targets: t.json(),
        details: t.json(),
        prev_hash: t.text(64),
        hash: t.text(64),
      },
      primaryKey: ['sequence'],
      indexes: [{ columns: ['at'] }, { columns: ['actor_id', 'sequence'] }],
    });
    // What records were about, to find them by; the records themselves say it too, and theirs is what is hashed.
    await schema.createTable('audit_target', {
      columns: { type: t.text(32), target_id: t.text(256), sequence: t.bigint() },
      primaryKey: ['type', 'target_id', 'sequence'],
      indexes: [{ columns: ['sequence'] }],
    });
    // One row, which whoever appends holds: replicas make one chain.
    await schema.createTable('audit_head', {
      columns: {
        id: t.integer(),
        sequence: t.bigint(),
        hash: t.text(64),
        checkpoint_sequence: t.bigint(),
        checkpoint_at: t.time(),
        /** HMAC over the other columns, hex; empty until there is a key. */
        seal: t.text(64),
      },
      primaryKey: ['id'],
    });
    await schema.execute(
      `INSERT INTO {audit_head} (id, sequence, hash, checkpoint_sequence, checkpoint_at, seal)
       VALUES (1, 0, '${'0'.repeat(64)}', 0, 0, '')`,
    );
    await schema.createTable('audit_checkpoint', {
      columns: {
        sequence: t.bigint(),
        hash: t.text(64),
        at: t.time(),
        previous: t.bigint(),
        key_id: t.text(64),
        /** Ed25519, base64. */
        signature: t.text(120),
      },
      primaryKey: ['sequence'],
    });
    await schema.createTable('audit_key', {
      columns: {
        /** SHA-256 of the public key (SPKI, DER), hex. */
        id: t.text(64),
        created_at: t.time(),
        /** The private key (PKCS #8, DER), sealed. The public one is made of it: one that stands here proves nothing. */
        private_key: t.longText(),
      },
      primaryKey: ['id'],
    });
  },
  down: async (schema) => {
    for (const table of ['audit_key', 'audit_checkpoint', 'audit_head', 'audit_target', 'audit_record'])
      await schema.dropTable(table);
  },
});
