import type { ClassModel, PropertyModel, PropertyType, QueryModel } from '@espalier/conditions';

const property = (name: string, type: PropertyType = 'text'): PropertyModel => ({
  name,
  type,
  column: name.toLowerCase(),
  ...(type === 'text' && { foldedColumn: `${name.toLowerCase()}_folded` }),
});

const classModel = (name: string, table: string, properties: readonly PropertyModel[]): ClassModel => ({
  name,
  table,
  keyColumn: 'resource_id',
  single: table === 'resource',
  properties,
});

/** A small part of what collections of devices can ask about. */
export const wqlModel: QueryModel = {
  root: 'SMS_R_System',
  classes: [
    {
      ...classModel('SMS_R_System', 'resource', [
        property('Name'),
        { name: 'SMSUniqueIdentifier', type: 'text', column: 'smsid' },
        property('Client', 'flag'),
        property('ClientType', 'integer'),
        property('LastLogonTimestamp', 'time'),
        property('CreationDate', 'time'),
        { ...property('SystemOUName'), isNothing: true },
      ]),
      arrays: [
        {
          ...classModel('adapters', 'adapter', [property('MACAddresses')]),
          changesWith: ['SMS_G_System_NETWORK_ADAPTER'],
        },
        classModel('agents', 'agent', [property('AgentName'), property('AgentTime', 'time')]),
      ],
    },
    classModel('SMS_G_System_ExtensionData', 'extension', [
      property('PropertyName'),
      property('PropertyValue'),
    ]),
    classModel('SMS_G_System_INSTALLED_SOFTWARE', 'software', [
      property('Name'),
      property('InstallDate', 'time'),
    ]),
  ],
};
