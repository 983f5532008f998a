import { portableMigration, t } from '@espalier/persistence';

const created = { created_at: t.time(), created_by: t.text(300) };

/** Configuration items, baselines, applications and packages with their revisions, and the content they have. */
export const createLibrary = portableMigration('2026-11-21-create-library', {
  up: async (schema) => {
    await schema.createTable('library_thing', {
      columns: {
        id: t.id(),
        /** configuration-item, baseline, application or package */
        kind: t.text(20),
        /** What it is made of: profile, declaration, script; else the same as kind. */
        made_of: t.text(20),
        number: t.integer(),
        name: t.text(255),
        name_folded: t.text(255),
        description: t.text(2_000),
        identifier: t.text(255),
        scope: t.text(10),
        /** Of the latest revision, separated by spaces. */
        platforms: t.text(100),
        publisher: t.text(255),
        software_version: t.text(64),
        member_count: t.integer(),
        categories: t.json(),
        revision: t.integer(),
        version: t.integer(),
        ...created,
        changed_at: t.time(),
        changed_by: t.text(300),
      },
      primaryKey: ['id'],
      indexes: [{ columns: ['kind', 'name_folded', 'id'] }],
    });
    await schema.createTable('library_revision', {
      columns: {
        /** `<thing>:<revision>`: one column, so that secrets can be sealed anew by it. */
        id: t.id(),
        thing_id: t.id(),
        revision: t.integer(),
        platforms: t.text(100),
        size: t.integer(),
        sha256: t.text(64),
        deployed_version: t.text(64),
        /** What may be shown of the content. */
        facts: t.json(),
        content_sealed: t.longText(),
        note: t.text(500),
        ...created,
      },
      primaryKey: ['id'],
      unique: [['thing_id', 'revision']],
      foreignKeys: [{ columns: ['thing_id'], references: 'library_thing' }],
    });
    await schema.createTable('baseline_member', {
      columns: {
        baseline_id: t.id(),
        revision: t.integer(),
        position: t.integer(),
        ci_id: t.id(),
        /** Null: always the latest. */
        ci_revision: t.integer({ nullable: true }),
        /** As it was called then: the configuration item may be deleted while the history stays. */
        ci_name: t.text(255),
        ci_identifier: t.text(255),
      },
      primaryKey: ['baseline_id', 'revision', 'position'],
      indexes: [{ columns: ['ci_id', 'baseline_id'] }],
    });
    await schema.createTable('content_item', {
      columns: {
        id: t.id(),
        name: t.text(255),
        name_folded: t.text(255),
        file_name: t.text(200),
        size: t.bigint(),
        sha256: t.text(64),
        ...created,
        /** Since when nothing refers to it; counts only while nothing does. */
        unused_since: t.time(),
      },
      primaryKey: ['id'],
      indexes: [{ columns: ['sha256', 'file_name'] }, { columns: ['unused_since'] }],
    });
    await schema.createTable('content_reference', {
      columns: { content_id: t.id(), thing_id: t.id(), revision: t.integer() },
      primaryKey: ['content_id', 'thing_id', 'revision'],
      indexes: [{ columns: ['thing_id'] }],
      foreignKeys: [{ columns: ['content_id'], references: 'content_item' }],
    });
    await schema.createTable('content_blob', {
      columns: {
        sha256: t.text(64),
        size: t.bigint(),
        /** Never used twice: whoever deletes it late deletes nothing else. */
        file: t.text(150),
        created_at: t.time(),
      },
      primaryKey: ['sha256'],
    });
    await schema.createTable('content_upload', {
      columns: {
        id: t.id(),
        name: t.text(255),
        file_name: t.text(200),
        size: t.bigint(),
        sha256: t.text(64),
        ...created,
        touched_at: t.time(),
        /** Who writes to it now, until when unless renewed. */
        writer: t.text(300, { nullable: true }),
        writer_until: t.time(),
      },
      primaryKey: ['id'],
      indexes: [{ columns: ['sha256'] }, { columns: ['touched_at'] }],
    });
  },
  down: async (schema) => {
    for (const table of [
      'content_upload',
      'content_blob',
      'content_reference',
      'content_item',
      'baseline_member',
      'library_revision',
      'library_thing',
    ])
      await schema.dropTable(table);
  },
});
