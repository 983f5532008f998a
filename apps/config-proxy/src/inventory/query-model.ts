import type { ClassModel, PropertyModel, QueryModel } from '@espalier/conditions';
import { systemProperties, userProperties } from '../resources/resource.properties.js';
import { networkAdapter, operatingSystem } from './groups/hardware.classes.js';
import type { CatalogueClass } from './inventory.class.js';
import { inventoryClasses } from './inventory.catalogue.js';
import type { CatalogueProperty } from './inventory.property.js';
import { absentSystemProperties, absentUserProperties } from './query-model.absent.js';

const model = ({ name, type, column, foldedColumn }: CatalogueProperty): PropertyModel => ({
  name,
  type,
  column,
  ...(foldedColumn !== undefined && { foldedColumn }),
});
const text = (name: string, column: string): PropertyModel => ({
  name,
  type: 'text',
  column,
  foldedColumn: `${column}_folded`,
});
const other = (name: string, type: PropertyModel['type'], column: string): PropertyModel => ({
  name,
  type,
  column,
});

const resourceId = other('ResourceID', 'integer', 'resource_id');

function classesOf({ name, aliases, table, single, properties }: CatalogueClass): ClassModel[] {
  return [{ name, properties }, ...aliases].map((shown) => ({
    name: shown.name,
    table,
    keyColumn: 'resource_id',
    single,
    properties: [
      resourceId,
      other('RevisionID', 'integer', 'revision_id'),
      other('TimeStamp', 'time', 'time_stamp'),
      ...shown.properties.map(model),
    ],
  }));
}

/** Name of the class that extension data changes. */
export const EXTENSION_DATA = 'SMS_G_System_ExtensionData';
/** Name of the class that enrolments change. */
export const MDM_ENROLLMENT = 'SMS_G_System_MDM_ENROLLMENT';
/** Name of the class that affinities change. */
export const USER_MACHINE_RELATIONSHIP = 'SMS_UserMachineRelationship';

const enrollment: ClassModel = {
  name: MDM_ENROLLMENT,
  table: 'resource_enrollment',
  keyColumn: 'resource_id',
  single: false,
  properties: [
    resourceId,
    text('EnrollmentID', 'enrollment_id'),
    text('Kind', 'kind'),
    text('State', 'state'),
    other('IsActive', 'flag', 'is_active'),
    other('EnrolledTime', 'time', 'enrolled_at'),
    other('RemovedTime', 'time', 'removed_at'),
  ],
};

const extensionData: ClassModel = {
  name: EXTENSION_DATA,
  table: 'extension_data',
  keyColumn: 'resource_id',
  single: false,
  properties: [resourceId, text('PropertyName', 'property_name'), text('PropertyValue', 'property_value')],
};

/**
 * When a device was last heard of. It changes all the time, so such changes are no resource changes: rules over it
 * take effect at full evaluations.
 */
const clientSummary: ClassModel = {
  name: 'SMS_G_System_CH_ClientSummary',
  table: 'resource_seen',
  keyColumn: 'resource_id',
  single: true,
  properties: [resourceId, other('LastActiveTime', 'time', 'last_seen_at')],
};

/** Classes are joined by ResourceID, which here is the one of the objects that are selected: devices or users. */
const relationship = (key: 'resource_id' | 'user_resource_id'): ClassModel => ({
  name: USER_MACHINE_RELATIONSHIP,
  table: 'user_machine_relationship',
  keyColumn: key,
  single: false,
  properties: [
    other('ResourceID', 'integer', key),
    other('MachineResourceID', 'integer', 'resource_id'),
    other('UserResourceID', 'integer', 'user_resource_id'),
    text('ResourceName', 'resource_name'),
    text('UniqueUserName', 'unique_user_name'),
    other('IsPrimary', 'flag', 'is_primary'),
    other('CreationTime', 'time', 'created_at'),
  ],
});

const SYSTEM = 'SMS_R_System';

const systemArray = (name: string, array: Omit<ClassModel, 'name' | 'keyColumn' | 'single'>): ClassModel => ({
  name,
  keyColumn: 'resource_id',
  single: false,
  ...array,
});

/**
 * What a device has several of. `AgentTime` moves with each report that a device makes, which is no change of a
 * resource: rules over it take effect at full evaluations.
 */
const systemArrays: readonly ClassModel[] = [
  systemArray('network adapters', {
    table: networkAdapter.table,
    changesWith: [networkAdapter.name],
    properties: [text('MACAddresses', 'mac_address')],
  }),
  systemArray('discovery agents', {
    table: 'r_system_agent',
    // Every device tells its operating system in its first report.
    changesWith: [MDM_ENROLLMENT, operatingSystem.name],
    properties: [
      text('AgentName', 'agent_name'),
      text('AgentSite', 'site_code'),
      other('AgentTime', 'time', 'agent_time'),
    ],
  }),
  systemArray('installed sites', {
    table: 'r_system_installed_site',
    changesWith: [SYSTEM],
    properties: [text('SMSInstalledSites', 'site_code')],
  }),
];

/** What rules of device collections can ask about. Tables may be views of the service's schema. */
export const deviceQueryModel: QueryModel = {
  root: SYSTEM,
  classes: [
    {
      name: SYSTEM,
      table: 'r_system',
      keyColumn: 'resource_id',
      single: true,
      properties: [
        ...systemProperties.map(model),
        // An array of one element, which its name always is.
        text('ResourceNames', 'name'),
        ...absentSystemProperties,
      ],
      arrays: systemArrays,
    },
    ...inventoryClasses.flatMap(classesOf),
    enrollment,
    extensionData,
    clientSummary,
    relationship('resource_id'),
  ],
};

/** What rules of user collections can ask about. */
export const userQueryModel: QueryModel = {
  root: 'SMS_R_User',
  classes: [
    {
      name: 'SMS_R_User',
      table: 'r_user',
      keyColumn: 'resource_id',
      single: true,
      properties: [...userProperties.map(model), ...absentUserProperties],
    },
    relationship('user_resource_id'),
  ],
};
