import type { CatalogueProperty } from '../../inventory/inventory.property.js';
import { absentOfSystems, absentOfUsers } from '../../inventory/query-model.absent.js';
import { systemProperties, userProperties } from '../../resources/resource.properties.js';
import { RESOURCE_TYPE } from '../../resources/resource.row.js';
import {
  always,
  array,
  defineClass,
  flag,
  folded,
  integer,
  long,
  noNumber,
  noText,
  noTexts,
  number01,
  text,
  texts,
  time,
  word,
  type AdminClass,
  type PropertySpec,
} from '../class.model.js';
import { clientSummaryClass, combinedDeviceClass } from './combined-device.classes.js';
import { agents, macAddresses } from './device.arrays.js';

/** A property of the catalogue, of the table with that alias. */
export function catalogued(alias: string, item: CatalogueProperty, numericFlags = false): PropertySpec {
  const { name, type, column, foldedColumn } = item;
  const sql = `${alias}."${column}"`;
  switch (type) {
    case 'text':
      return text(name, sql, foldedColumn === undefined ? undefined : `${alias}."${foldedColumn}"`);
    case 'time':
      return time(name, sql);
    case 'flag':
      return (numericFlags ? number01 : flag)(name, sql);
    case 'integer':
      // Ids and classes fit into 32 bits, sizes of disks do not.
      return name.startsWith('Resource') || name.endsWith('Type') ? integer(name, sql) : long(name, sql);
  }
}

const own = (properties: readonly CatalogueProperty[], ...apart: readonly string[]): PropertySpec[] =>
  properties.filter(({ name }) => !apart.includes(name)).map((item) => catalogued('r', item, true));

const assignedSites = texts('SMSAssignedSites', {
  sql: 'r.site_code',
  foldedSql: 'r.site_code_folded',
});
const installed = texts('SMSInstalledSites', { sql: 'CASE WHEN r.is_client = 1 THEN r.site_code END' });
/** Shown from columns that rows have anyway. */
const installedSites: PropertySpec = {
  ...installed,
  property: {
    ...installed.property,
    read: ({ Client, SMSAssignedSites }) =>
      Number(Client) === 1 && typeof SMSAssignedSites === 'string' ? [SMSAssignedSites] : [],
  },
  reads: ['Client', 'SMSAssignedSites'],
};
const resourceNames = texts('ResourceNames', { sql: 'r.name', foldedSql: 'r.name_folded' }, 'Name');

/** SMS_R_System: discovery. */
const systemClass = (siteCode: string): AdminClass =>
  defineClass({
    name: 'SMS_R_System',
    superclass: 'SMS_Resource',
    keys: ['ResourceId'],
    scope: 'devices:read',
    from: '{resource} AS r',
    where: "r.kind = 'device'",
    subject: { kind: 'device', column: 'r.resource_id' },
    properties: [
      ...own(systemProperties, 'SMSAssignedSites', 'ResourceType'),
      always(integer('ResourceType', 'r.resource_type'), RESOURCE_TYPE.device),
      assignedSites,
      installedSites,
      resourceNames,
      macAddresses,
      ...agents(siteCode),
      ...noTexts(...absentOfSystems.arrays),
      ...noText(...absentOfSystems.texts, 'SID'),
      ...noNumber(...absentOfSystems.numbers),
    ],
  });

/** SMS_R_User. */
export const userClass = defineClass({
  name: 'SMS_R_User',
  superclass: 'SMS_Resource',
  keys: ['ResourceId'],
  scope: 'devices:read',
  from: '{resource} AS r',
  where: "r.kind = 'user'",
  // The ids of users and devices never meet, so that whoever sees some devices sees no user by this.
  subject: { kind: 'device', column: 'r.resource_id' },
  properties: [...own(userProperties, 'SMSAssignedSites'), assignedSites, ...noText(...absentOfUsers.texts)],
});

/** SMS_G_System_ExtensionData. */
export const extensionDataClass = defineClass({
  name: 'SMS_G_System_ExtensionData',
  superclass: 'SMS_G_System',
  keys: ['ResourceID', 'PropertyName'],
  scope: 'devices:read',
  from: '{extension_data} AS e',
  subject: { kind: 'device', column: 'e.resource_id' },
  properties: [
    integer('ResourceID', 'e.resource_id'),
    folded('PropertyName', 'e.property_name'),
    folded('PropertyValue', 'e.property_value'),
    time('TimeStamp', 'e.updated_at'),
  ],
});

/** SMS_G_System_MDM_ENROLLMENT. */
const enrollmentClass = defineClass({
  name: 'SMS_G_System_MDM_ENROLLMENT',
  superclass: 'SMS_G_System',
  keys: ['ResourceID', 'EnrollmentID'],
  scope: 'devices:read',
  from: '{resource_enrollment} AS e',
  where: 'e.resource_id IS NOT NULL',
  subject: { kind: 'device', column: 'e.resource_id' },
  properties: [
    integer('ResourceID', 'e.resource_id'),
    folded('EnrollmentID', 'e.enrollment_id'),
    word('Kind', 'e.kind'),
    word('State', 'e.state'),
    flag('IsActive', 'e.is_active'),
    time('EnrolledTime', 'e.enrolled_at'),
    time('RemovedTime', 'e.removed_at'),
  ],
});

/** SMS_UserMachineRelationship: who uses which device. */
const relationshipClass = defineClass({
  name: 'SMS_UserMachineRelationship',
  keys: ['ResourceID', 'UserResourceID'],
  scope: 'devices:read',
  from: `{user_affinity} AS a
    INNER JOIN {resource} AS d ON d.resource_id = a.resource_id
    INNER JOIN {resource} AS u ON u.resource_id = a.user_resource_id`,
  subject: { kind: 'device', column: 'a.resource_id' },
  methods: [
    {
      name: 'CreateRelationship',
      kind: 'action',
      isStatic: true,
      parameters: [
        { name: 'MachineResourceId', type: 'Edm.Int32' },
        { name: 'SourceId', type: 'Edm.Int32', isOptional: true },
        { name: 'TypeId', type: 'Edm.Int32', isOptional: true },
        { name: 'UserAccountName', type: 'Edm.String' },
      ],
    },
  ],
  properties: [
    integer('ResourceID', 'a.resource_id'),
    integer('UserResourceID', 'a.user_resource_id'),
    folded('ResourceName', 'd.name'),
    folded('UniqueUserName', 'u.name'),
    integer('ResourceClientType', 'd.client_type'),
    flag('IsActive', '1'),
    flag('IsPrimary', 'a.is_primary'),
    number01('ByEnrollment', 'a.by_enrollment'),
    number01('ByAdmin', 'a.by_admin'),
    time('CreationTime', 'a.created_at'),
    array('Sources', 'Edm.Int32', {
      reads: ['ByAdmin', 'ByEnrollment'],
      // 2 an administrator, 3 the user, by enrolling.
      read: ({ ByAdmin, ByEnrollment }) => [
        ...(ByAdmin === 1 ? [2] : []),
        ...(ByEnrollment === 1 ? [3] : []),
      ],
    }),
  ],
});

/** @param siteCode three letters or digits */
export const deviceClasses = (siteCode: string): readonly AdminClass[] => [
  systemClass(siteCode),
  combinedDeviceClass,
  extensionDataClass,
  enrollmentClass,
  clientSummaryClass,
  relationshipClass,
  userClass,
];
