import type { PropertyType } from '@espalier/conditions';
import { catalogueProperty, type CatalogueProperty } from '../inventory/inventory.property.js';

/** A property of SMS_R_System or SMS_R_User: a column of the table `resource`. */
export interface ResourceProperty extends CatalogueProperty {
  /** Name in v_R_System or v_R_User; missing where the view has no such column. */
  readonly viewColumn: string;
}

interface Options {
  readonly column?: string;
  /** As the JSON API spells it. */
  readonly api?: string;
  readonly view?: string;
}

function property(
  name: string,
  type: PropertyType,
  length?: number,
  options: Options = {},
): ResourceProperty {
  const derived = catalogueProperty(name, { type, ...(length !== undefined && { length }) });
  const column = options.column ?? derived.column;
  return {
    ...derived,
    column,
    ...(type === 'text' && { foldedColumn: `${column}_folded` }),
    apiName: options.api ?? derived.apiName,
    viewColumn: options.view ?? derived.viewColumn,
  };
}

const id = property('ResourceId', 'integer', undefined, { column: 'resource_id', view: 'ResourceID' });
const name = property('Name', 'text', 255);
const createdAt = property('CreationDate', 'time', undefined, {
  column: 'created_at',
  api: 'createdAt',
  view: 'Creation_Date0',
});

/** Discovery properties that devices tell of themselves; null where they never did. */
export const discoveryProperties = [
  name,
  property('NetbiosName', 'text', 32, { view: 'Netbios_Name0' }),
  property('SerialNumber', 'text', 64),
  property('SMBIOSGUID', 'text', 64, { column: 'hardware_uuid', api: 'hardwareUuid', view: 'SMBIOS_GUID0' }),
  property('UDID', 'text', 128),
  property('Platform', 'text', 16),
  property('Model', 'text', 128),
  property('ModelName', 'text', 128, { view: 'Model_Name0' }),
  property('OperatingSystemNameandVersion', 'text', 128, {
    column: 'os_name',
    api: 'operatingSystem',
    view: 'Operating_System_Name_and0',
  }),
  property('OSVersion', 'text', 64, { view: 'OS_Version0' }),
  property('OSMajorVersion', 'integer', undefined, { view: 'OS_Major_Version0' }),
  property('Build', 'text', 64, { column: 'os_build', api: 'osBuild' }),
] as const;

/** SMS_R_System: what is asked of every device. */
export const systemProperties: readonly ResourceProperty[] = [
  id,
  property('ResourceType', 'integer', undefined, { view: 'ResourceType' }),
  ...discoveryProperties,
  property('SMSUniqueIdentifier', 'text', 64, {
    column: 'smsid',
    api: 'smsid',
    view: 'SMS_Unique_Identifier0',
  }),
  property('SMSAssignedSites', 'text', 3, { column: 'site_code', api: 'siteCode', view: 'Assigned_Site0' }),
  property('State', 'text', 16, { view: 'State0' }),
  property('Client', 'flag', undefined, { column: 'is_client', api: 'isManaged' }),
  property('ClientType', 'integer', undefined, { view: 'Client_Type0' }),
  property('Active', 'flag', undefined, { column: 'is_active', api: 'isActive' }),
  property('Obsolete', 'flag', undefined, { column: 'is_obsolete', api: 'isObsolete' }),
  property('Decommissioned', 'flag', undefined, { column: 'is_decommissioned', api: 'isDecommissioned' }),
  property('LastLogonUserName', 'text', 255, {
    column: 'last_user_name',
    api: 'lastUserName',
    view: 'User_Name0',
  }),
  property('LastLogonTimestamp', 'time', undefined, {
    column: 'last_user_at',
    api: 'lastUserAt',
    view: 'Last_Logon_Timestamp0',
  }),
  createdAt,
];

/** SMS_R_User. */
export const userProperties: readonly ResourceProperty[] = [
  id,
  property('ResourceType', 'integer', undefined, { view: 'ResourceType' }),
  name,
  property('UserName', 'text', 255, { column: 'name', api: 'userName', view: 'User_Name0' }),
  property('UniqueUserName', 'text', 255, {
    column: 'name',
    api: 'uniqueUserName',
    view: 'Unique_User_Name0',
  }),
  property('FullUserName', 'text', 255, { column: 'full_name', api: 'fullName', view: 'Full_User_Name0' }),
  property('Mail', 'text', 255),
  property('SMSAssignedSites', 'text', 3, { column: 'site_code', api: 'siteCode', view: 'Assigned_Site0' }),
  createdAt,
];

const distinct = (properties: readonly ResourceProperty[]): readonly ResourceProperty[] => [
  ...new Map(properties.map((item) => [item.column, item])).values(),
];

/** Every column of `resource` that a property names, once. */
export const resourceProperties = distinct([...systemProperties, ...userProperties]);
