import { column, inboxMigration, outboxMigration, portableMigration, t } from '@espalier/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One column of every kind. */
@Entity({ name: 'thing' })
export class ThingEntity {
  @PrimaryColumn(column.id())
  id!: string;

  @Column(column.text({ nullable: true }))
  serial!: string | null;

  @Column(column.longText())
  note!: string;

  @Column(column.json({ nullable: true }))
  facts!: { readonly [key: string]: unknown } | null;

  @Column(column.bytes({ nullable: true }))
  secret!: Buffer | null;

  @Column(column.time({ name: 'created_at' }))
  createdAt!: number;

  @Column(column.integer())
  priority!: number;

  @Column(column.real({ nullable: true }))
  ratio!: number | null;

  @Column(column.flag({ name: 'is_open' }))
  open!: boolean;
}

export const thingMigration = portableMigration('2026-01-01-create-thing', {
  up: (schema) =>
    schema.createTable('thing', {
      columns: {
        id: t.id(),
        serial: t.text(64, { nullable: true }),
        note: t.longText(),
        facts: t.json({ nullable: true }),
        secret: t.bytes({ nullable: true }),
        created_at: t.time(),
        priority: t.integer({ default: 0 }),
        ratio: t.real({ nullable: true }),
        is_open: t.flag({ default: 1 }),
      },
      primaryKey: ['id'],
      indexes: [
        { columns: ['priority desc', 'created_at'], where: 'is_open = 1' },
        { columns: ['serial'], unique: true, where: 'serial IS NOT NULL' },
      ],
    }),
  down: (schema) => schema.dropTable('thing'),
});

export const partMigration = portableMigration('2026-01-02-create-part', {
  up: (schema) =>
    schema.createTable('part', {
      columns: { id: t.sequence(), thing_id: t.id(), name: t.text(40, { default: "it's" }) },
      primaryKey: ['id'],
      unique: [['thing_id', 'name']],
      foreignKeys: [{ columns: ['thing_id'], references: 'thing', onDelete: 'cascade' }],
    }),
  down: (schema) => schema.dropTable('part'),
});

/** Changes a table that has rows, and moves data. */
export const labelMigration = portableMigration('2026-01-03-label-things', {
  up: async (schema) => {
    await schema.addColumn('thing', 'label', t.text(80, { default: '' }));
    await schema.execute("UPDATE {thing} SET label = 'was: ' || note".replace('||', concat(schema.dialect)));
    await schema.renameColumn('thing', 'note', 'description');
    await schema.createIndex('thing', { columns: ['label'] });
  },
  down: async (schema) => {
    await schema.dropIndex('thing', { columns: ['label'] });
    await schema.renameColumn('thing', 'description', 'note');
    await schema.dropColumn('thing', 'label');
  },
});

const concat = (dialect: string): string => (dialect === 'mssql' ? '+' : '||');

export const thingSuite = {
  migrations: [thingMigration, partMigration, outboxMigration, inboxMigration],
  entities: [ThingEntity],
};

/** A row of `thing` with everything set. */
export const thingRow = (id: string, extra: Readonly<Record<string, string | number | null>> = {}) => ({
  id,
  note: 'a note',
  created_at: 1_750_000_000_000,
  priority: 0,
  is_open: 1,
  ...extra,
});
