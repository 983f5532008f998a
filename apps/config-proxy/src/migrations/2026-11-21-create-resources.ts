import { portableMigration, t, type TableSpec } from '@espalier/persistence';
import { inventoryClasses } from '../inventory/inventory.catalogue.js';
import { columnsOf } from '../inventory/inventory.property.js';
import { createClassTables, dropClassTables } from '../inventory/inventory.tables.js';
import {
  resourceProperties,
  systemProperties,
  userProperties,
  type ResourceProperty,
} from '../resources/resource.properties.js';

/** `<device>:<user>`: at most 128 + 1 + 255 characters. */
const enrollmentId = (nullable = false): ReturnType<typeof t.text> => t.text(384, { nullable });
const ofResource = (column = 'resource_id') =>
  ({
    columns: [column],
    references: 'resource',
    referencedColumns: ['resource_id'],
    onDelete: 'cascade',
  }) as const;

const propertyColumns = Object.assign({}, ...resourceProperties.map(columnsOf)) as TableSpec['columns'];

const columnNames = (properties: readonly ResourceProperty[]): string =>
  [...new Set(properties.flatMap((property) => Object.keys(columnsOf(property))))]
    .map((name) => `"${name}"`)
    .join(', ');

/** Resources (devices and users), what they are tied to, and their inventory. */
export const createResources = portableMigration('2026-11-21-create-resources', {
  up: async (schema) => {
    await schema.createTable('resource', {
      columns: {
        ...propertyColumns,
        /** Devices from 16777219, users from 2063597569. */
        resource_id: t.integer(),
        /** `device` or `user`. */
        kind: t.text(16),
        resource_type: t.integer(),
        name: t.text(255),
        name_folded: t.text(255),
        /** `active`, `obsolete` or `decommissioned`. */
        state: t.text(16),
        state_folded: t.text(16),
        created_at: t.time(),
        /** For ETags: grows with every change. */
        version: t.integer({ default: 1 }),
        updated_at: t.time(),
        /** Time of the facts in the discovery properties: older facts do not overwrite them. */
        facts_at: t.bigint({ default: 0 }),
        /** Newest enrolment: of two records of one device that with the newer one wins. */
        enrolled_at: t.time({ nullable: true }),
        decommissioned_at: t.time({ nullable: true }),
      },
      primaryKey: ['resource_id'],
      indexes: [
        // The rules of identity read as much as they write, also of records that are obsolete.
        { columns: ['serial_number'] },
        {
          columns: ['serial_number'],
          unique: true,
          where: 'serial_number IS NOT NULL AND is_obsolete = 0',
          name: 'ux_resource_serial_number',
        },
        { columns: ['smsid'] },
        { columns: ['name'], unique: true, where: "kind = 'user'", name: 'ux_resource_user_name' },
        { columns: ['hardware_uuid'] },
        { columns: ['udid'] },
        // What lists order by, each with the key that makes the order total.
        ...[
          'name_folded',
          'serial_number_folded',
          'platform_folded',
          'model_folded',
          'model_name_folded',
          'os_version_folded',
          'last_user_name_folded',
          'created_at',
        ].map((column) => ({ columns: ['kind', column, 'resource_id'] })),
      ],
    });
    await schema.createTable('resource_enrollment', {
      columns: {
        enrollment_id: enrollmentId(),
        enrollment_id_folded: enrollmentId(),
        /** Null while the device of a user's enrolment is not known yet. */
        resource_id: t.integer({ nullable: true }),
        user_resource_id: t.integer({ nullable: true }),
        /** The device channel's enrolment; its own id for a device. */
        device_enrollment_id: enrollmentId(),
        /** `device` or `user`. */
        kind: t.text(16),
        kind_folded: t.text(16),
        is_active: t.flag(),
        /** `pending`, `enrolled` or `removed`. */
        state: t.text(16),
        state_folded: t.text(16),
        /** Time of the fact that `state` comes from: older ones change nothing. */
        state_at: t.time(),
        enrolled_at: t.time({ nullable: true }),
        removed_at: t.time({ nullable: true }),
      },
      primaryKey: ['enrollment_id'],
      indexes: [
        { columns: ['resource_id'] },
        { columns: ['user_resource_id'] },
        { columns: ['device_enrollment_id'] },
      ],
      foreignKeys: [ofResource()],
    });
    await schema.createTable('resource_seen', {
      columns: { resource_id: t.integer(), last_seen_at: t.time() },
      primaryKey: ['resource_id'],
      indexes: [{ columns: ['last_seen_at', 'resource_id'] }],
      foreignKeys: [ofResource()],
    });
    await schema.createTable('inventory_report', {
      columns: {
        resource_id: t.integer(),
        /** `device`, `security`, `profiles` or `applications`. */
        source: t.text(16),
        reported_at: t.time(),
        /** Group to the fingerprint of its instances. */
        fingerprints: t.json(),
      },
      primaryKey: ['resource_id', 'source'],
      foreignKeys: [ofResource()],
    });
    for (const item of inventoryClasses) await createClassTables(schema, item);
    await schema.createTable('extension_data', {
      columns: {
        resource_id: t.integer(),
        property_name: t.text(128),
        property_name_folded: t.text(128),
        property_value: t.text(400),
        property_value_folded: t.text(400),
        updated_at: t.time(),
        updated_by: t.text(255),
      },
      primaryKey: ['resource_id', 'property_name_folded'],
      indexes: [
        { columns: ['property_name_folded', 'property_value_folded'], name: 'ix_extension_data_value' },
      ],
      foreignKeys: [ofResource()],
    });
    await schema.createTable('user_affinity', {
      columns: {
        resource_id: t.integer(),
        user_resource_id: t.integer(),
        /** The enrolment of the user's channel on the device made it. */
        by_enrollment: t.flag({ default: 0 }),
        by_admin: t.flag({ default: 0 }),
        is_primary: t.flag({ default: 0 }),
        created_at: t.time(),
        updated_by: t.text(255),
      },
      primaryKey: ['resource_id', 'user_resource_id'],
      indexes: [{ columns: ['user_resource_id'] }],
      foreignKeys: [ofResource()],
    });
    await schema.createView(
      'r_system',
      `SELECT ${columnNames(systemProperties)} FROM {resource} WHERE kind = 'device'`,
    );
    await schema.createView(
      'r_user',
      `SELECT ${columnNames(userProperties)} FROM {resource} WHERE kind = 'user'`,
    );
    await schema.createView(
      'user_machine_relationship',
      `SELECT a.resource_id, a.user_resource_id, d.name AS resource_name, d.name_folded AS resource_name_folded,
         u.name AS unique_user_name, u.name_folded AS unique_user_name_folded, a.is_primary, a.created_at
       FROM {user_affinity} AS a
       INNER JOIN {resource} AS d ON d.resource_id = a.resource_id
       INNER JOIN {resource} AS u ON u.resource_id = a.user_resource_id`,
    );
  },
  down: async (schema) => {
    for (const view of ['user_machine_relationship', 'r_user', 'r_system']) await schema.dropView(view);
    await schema.dropTable('user_affinity');
    await schema.dropTable('extension_data');
    for (const item of inventoryClasses.toReversed()) await dropClassTables(schema, item);
    for (const table of ['inventory_report', 'resource_seen', 'resource_enrollment', 'resource'])
      await schema.dropTable(table);
  },
});
