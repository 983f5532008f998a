import { t, type SchemaEditor, type TableSpec } from '@espalier/persistence';
import { KEY_LENGTH, type CatalogueClass } from './inventory.class.js';
import { columnsOf } from './inventory.property.js';

/** What every instance has besides its properties. */
export const INSTANCE_COLUMNS = [
  'resource_id',
  'instance_key',
  'fingerprint',
  'revision_id',
  'time_stamp',
] as const;

const instanceColumns = {
  resource_id: t.integer(),
  instance_key: t.text(KEY_LENGTH),
  fingerprint: t.text(16),
  /** Counts the changes of the instance. */
  revision_id: t.integer(),
  /** When the device reported it so for the first time. */
  time_stamp: t.time(),
};

const propertyColumns = ({ properties }: CatalogueClass): TableSpec['columns'] =>
  Object.assign({}, ...properties.map(columnsOf)) as TableSpec['columns'];

/** Columns of both tables of a class, without what only history has. */
export const instanceColumnNames = (item: CatalogueClass): string[] => [
  ...INSTANCE_COLUMNS,
  ...Object.keys(propertyColumns(item)),
];

/**
 * Makes the tables of a class: its current instances, and what they were before. Without foreign keys: they are written
 * by the million, and `inventory_report`, which has one and is locked first, stands for all.
 */
export async function createClassTables(schema: SchemaEditor, item: CatalogueClass): Promise<void> {
  const indexed = item.single ? [] : item.properties.slice(0, 1);
  await schema.createTable(item.table, {
    columns: { ...instanceColumns, ...propertyColumns(item) },
    primaryKey: ['resource_id', 'instance_key'],
    // Queries over classes of many instances ask by name first.
    indexes: indexed.map(({ column, foldedColumn }) => ({
      columns: [foldedColumn ?? column, 'resource_id'],
      name: `ix_${item.table}_name`,
    })),
  });
  await schema.createTable(item.historyTable, {
    columns: { id: t.sequence(), ...instanceColumns, replaced_at: t.time(), ...propertyColumns(item) },
    primaryKey: ['id'],
    indexes: [{ columns: ['resource_id', 'replaced_at'], name: `ix_${item.historyTable}_resource` }],
  });
}

export async function dropClassTables(schema: SchemaEditor, item: CatalogueClass): Promise<void> {
  await schema.dropTable(item.historyTable);
  await schema.dropTable(item.table);
}
