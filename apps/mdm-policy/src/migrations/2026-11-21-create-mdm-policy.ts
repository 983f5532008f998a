import { portableMigration, t } from '@espalier/persistence';

/** As long as mdm's: `<device>:<user>`. */
const enrollmentId = (): ReturnType<typeof t.text> => t.text(384);
const collectionId = (): ReturnType<typeof t.text> => t.text(8);

/**
 * Everything mdm-policy keeps. What is written for each enrolment in each round is narrow, and apart from what the
 * device told.
 */
export const createMdmPolicy = portableMigration('2026-11-21-create-mdm-policy', {
  up: async (schema) => {
    await schema.createTable('enrollment', {
      columns: {
        id: enrollmentId(),
        kind: t.text(16),
        state: t.text(16),
        /** Of the event that said so. */
        state_at: t.time(),
        /** The Authenticate that began what we know: what is older is forgotten. */
        epoch_at: t.time(),
        platform: t.text(16, { nullable: true }),
        time_zone: t.text(64, { nullable: true }),
        facts_at: t.time({ nullable: true }),
      },
      primaryKey: ['id'],
    });
    await schema.createTable('agenda', {
      columns: {
        enrollment_id: enrollmentId(),
        /** Null: only when something happens. */
        due_at: t.time({ nullable: true }),
        evaluated_at: t.time({ nullable: true }),
        /** Of the last state messages. */
        sequence: t.bigint({ default: 0 }),
        profiles_asked_at: t.time({ nullable: true }),
        device_asked_at: t.time({ nullable: true }),
        is_wanted: t.flag({ default: 0 }),
      },
      primaryKey: ['enrollment_id'],
      indexes: [{ columns: ['due_at'], where: 'due_at IS NOT NULL' }],
    });
    await schema.createTable('scope', {
      columns: {
        collection_id: collectionId(),
        /** Members of this version and older ones are not members any more. */
        dropped_version: t.bigint({ default: -1 }),
        windows_version: t.bigint({ default: -1 }),
        windows: t.json({ nullable: true }),
        heard_at: t.time(),
      },
      primaryKey: ['collection_id'],
    });
    await schema.createTable('scope_member', {
      columns: {
        collection_id: collectionId(),
        enrollment_id: enrollmentId(),
        version: t.bigint(),
        /** 0: it left. The row stays, so that an older event does not bring it back. */
        is_member: t.flag(),
        since: t.time(),
      },
      primaryKey: ['collection_id', 'enrollment_id'],
      indexes: [{ columns: ['enrollment_id'] }],
    });
    await schema.createTable('deployment', {
      columns: {
        id: t.id(),
        version: t.bigint(),
        collection_id: collectionId(),
        is_deleted: t.flag(),
        definition: t.json({ nullable: true }),
        /** 1 until every member has reached its end. */
        is_rolling_out: t.flag(),
        changed_at: t.time(),
      },
      primaryKey: ['id'],
      indexes: [{ columns: ['collection_id'] }],
    });
    await schema.createTable('spread', {
      columns: { id: t.sequence(), collection_id: collectionId(), after_id: enrollmentId() },
      primaryKey: ['id'],
    });
    await schema.createTable('profile_report', {
      columns: { enrollment_id: enrollmentId(), as_of: t.time(), reported_at: t.time(), profiles: t.json() },
      primaryKey: ['enrollment_id'],
    });
    await schema.createTable('declaration_report', {
      columns: { enrollment_id: enrollmentId(), full_at: t.time({ nullable: true }), declarations: t.json() },
      primaryKey: ['enrollment_id'],
    });
    await schema.createTable('managed_item', {
      columns: {
        enrollment_id: enrollmentId(),
        /** Hash of kind and identifier. */
        item_key: t.text(43),
        memory: t.json(),
      },
      primaryKey: ['enrollment_id', 'item_key'],
    });
    await schema.createTable('assignment', {
      columns: {
        enrollment_id: enrollmentId(),
        deployment_id: t.id(),
        targeted_at: t.time(),
        evaluated_at: t.time({ nullable: true }),
        outcome: t.text(24),
        /** Digests of the state messages that were sent. */
        told: t.json(),
      },
      primaryKey: ['enrollment_id', 'deployment_id'],
      indexes: [{ columns: ['deployment_id', 'outcome'] }],
    });
    await schema.createTable('handover', {
      columns: {
        /** Also mdm's request id. */
        id: t.id(),
        kind: t.text(16),
        /** Questions are asked after the commands whose effect they are to show. */
        rank: t.integer(),
        spec: t.json(),
        enrollment_ids: t.json(),
        enrollment_count: t.integer(),
        created_at: t.time(),
        due_at: t.time(),
        attempts: t.integer({ default: 0 }),
      },
      primaryKey: ['id'],
      indexes: [{ columns: ['due_at'] }],
    });
    await schema.createTable('early_completion', {
      columns: { command_id: t.id(), completion: t.json(), heard_at: t.time() },
      primaryKey: ['command_id'],
      indexes: [{ columns: ['heard_at'] }],
    });
    await schema.createTable('notice', {
      columns: { subject: t.text(200), said_at: t.time() },
      primaryKey: ['subject'],
      indexes: [{ columns: ['said_at'] }],
    });
  },
  down: async (schema) => {
    for (const table of [
      'notice',
      'early_completion',
      'handover',
      'assignment',
      'managed_item',
      'declaration_report',
      'profile_report',
      'spread',
      'deployment',
      'scope_member',
      'scope',
      'agenda',
      'enrollment',
    ])
      await schema.dropTable(table);
  },
});
