import type { ClassModel, PropertyModel } from '@espalier/conditions';
import type { EdmType, EntityModel, EntityProperty, MethodModel, ServiceModel } from './index.js';

const text = (name: string, column: string): EntityProperty => ({
  name,
  type: 'Edm.String',
  source: { name, type: 'text', column, foldedColumn: `${column}_folded` },
});
const typed = (
  name: string,
  type: EdmType,
  column: string,
  stored: PropertyModel['type'],
): EntityProperty => ({ name, type, source: { name, type: stored, column } });
const integer = (name: string, column: string): EntityProperty => typed(name, 'Edm.Int32', column, 'integer');
const time = (name: string, column: string): EntityProperty =>
  typed(name, 'Edm.DateTimeOffset', column, 'time');
const flag = (name: string, column: string): EntityProperty => typed(name, 'Edm.Boolean', column, 'flag');

const table = (name: string, keyColumn: string): ClassModel => ({
  name,
  table: name,
  keyColumn,
  single: true,
  properties: [],
});

const address: PropertyModel = {
  name: 'Address',
  type: 'text',
  column: 'address',
  foldedColumn: 'address_folded',
};
const addresses: ClassModel = { ...table('address', 'resource_id'), single: false, properties: [address] };

const system: EntityModel = {
  name: 'SMS_R_System',
  class: table('r_system', 'resource_id'),
  keys: ['ResourceId'],
  superclass: 'SMS_Resource',
  properties: [
    integer('ResourceId', 'resource_id'),
    text('Name', 'name'),
    text('NetbiosName', 'netbios_name'),
    {
      name: 'SMBIOSGUID',
      type: 'Edm.String',
      source: { name: 'SMBIOSGUID', type: 'text', column: 'hardware_uuid' },
    },
    typed('Client', 'Edm.Int32', 'is_client', 'flag'),
    flag('Obsolete', 'is_obsolete'),
    integer('ClientType', 'client_type'),
    time('LastLogonTimestamp', 'last_user_at'),
    time('CreationDate', 'created_at'),
    {
      name: 'IPAddresses',
      type: 'Edm.String',
      isCollection: true,
      elements: { kind: 'rows', class: addresses, property: address },
      read: (row: { readonly addresses?: readonly string[] }) => row.addresses,
    },
    {
      name: 'SMSAssignedSites',
      type: 'Edm.String',
      isCollection: true,
      elements: {
        kind: 'column',
        property: { ...address, name: 'Site', column: 'site', foldedColumn: 'site_folded' },
      },
    },
    { name: 'Notes', type: 'Edm.String', read: (row: { readonly notes?: string }) => row.notes },
  ],
};

const membership: MethodModel['parameters'] = [
  { name: 'collectionRule', type: { complex: 'SMS_CollectionRule' } },
];

const collection: EntityModel = {
  name: 'SMS_Collection',
  class: table('collection', 'id'),
  keys: ['CollectionID'],
  properties: [
    text('CollectionID', 'id'),
    text('Name', 'name'),
    text('Comment', 'comment'),
    integer('MemberCount', 'member_count'),
    integer('CollectionType', 'type'),
    flag('IsBuiltIn', 'is_built_in'),
    time('LastChangeTime', 'changed_at'),
    {
      name: 'CollectionRules',
      type: { complex: 'SMS_CollectionRule' },
      isCollection: true,
      isLazy: true,
      read: (row: { readonly rules?: unknown }) => row.rules,
    },
  ],
  methods: [
    { name: 'AddMembershipRule', kind: 'action', parameters: membership, aliases: ['AddMembershipRules'] },
    { name: 'DeleteMembershipRule', kind: 'action', parameters: membership },
    {
      name: 'RequestRefresh',
      kind: 'action',
      parameters: [{ name: 'IncludeSubCollections', type: 'Edm.Boolean' }],
    },
  ],
};

const scripts: EntityModel = {
  name: 'SMS_Scripts',
  class: table('script', 'id'),
  keys: ['ScriptGuid'],
  properties: [
    text('ScriptGuid', 'guid'),
    text('ScriptName', 'name'),
    integer('ApprovalState', 'approval'),
    {
      name: 'Script',
      type: 'Edm.String',
      isLazy: true,
      read: (row: { readonly script?: string }) => row.script,
    },
  ],
  methods: [
    {
      name: 'CreateScripts',
      kind: 'action',
      isStatic: true,
      parameters: [{ name: 'ScriptName', type: 'Edm.String' }],
    },
    {
      name: 'UpdateApprovalState',
      kind: 'action',
      parameters: [{ name: 'ApprovalState', type: 'Edm.String' }],
    },
  ],
};

const admin: EntityModel = {
  name: 'SMS_Admin',
  class: table('admin', 'id'),
  keys: ['AdminID'],
  properties: [
    integer('AdminID', 'id'),
    text('LogonName', 'name'),
    {
      name: 'RoleNames',
      type: 'Edm.String',
      isCollection: true,
      elements: {
        kind: 'rows',
        class: { ...table('admin_role', 'admin_id'), single: false },
        property: { name: 'RoleName', type: 'text', column: 'role', foldedColumn: 'role_folded' },
      },
      read: (row: { readonly roles?: readonly string[] }) => row.roles,
    },
  ],
};

const member: EntityModel = {
  name: 'SMS_FullCollectionMembership',
  class: table('member', 'resource_id'),
  keys: ['CollectionID', 'ResourceID'],
  properties: [
    text('CollectionID', 'collection_id'),
    integer('ResourceID', 'resource_id'),
    text('Name', 'name'),
    flag('IsDirect', 'is_direct'),
  ],
};

/** Part of the classes of a site, in a form that has every kind of property, key and method. */
export const wmiService: ServiceModel = {
  route: 'wmi',
  entities: [system, collection, scripts, admin, member],
  complexTypes: [
    {
      name: 'SMS_CollectionRule',
      isAbstract: true,
      properties: [{ name: 'RuleName', type: 'Edm.String' }],
    },
    {
      name: 'SMS_CollectionRuleDirect',
      base: 'SMS_CollectionRule',
      properties: [
        { name: 'ResourceClassName', type: 'Edm.String' },
        { name: 'ResourceID', type: 'Edm.Int32' },
      ],
    },
  ],
};

const device: EntityModel = {
  name: 'Device',
  class: table('r_system', 'resource_id'),
  keys: ['MachineId'],
  properties: [integer('MachineId', 'resource_id'), text('Name', 'name')],
  navigations: [
    { name: 'ResourceCollectionMembership', target: 'ResourceCollectionMembership', isCollection: true },
  ],
  methods: [
    {
      name: 'RunCMPivot',
      kind: 'action',
      parameters: [{ name: 'InputQuery', type: 'Edm.String' }],
      returns: { type: { complex: 'Operation' } },
    },
    {
      name: 'ScriptResult',
      kind: 'function',
      parameters: [{ name: 'OperationId', type: 'Edm.Int32' }],
      returns: { type: { complex: 'Operation' } },
    },
  ],
};

const inCollection: EntityModel = {
  name: 'ResourceCollectionMembership',
  class: table('member', 'resource_id'),
  keys: ['CollectionID', 'MachineId'],
  properties: [text('CollectionID', 'collection_id'), integer('MachineId', 'resource_id')],
  navigations: [{ name: 'Collection', target: 'Collections', isCollection: false }],
};

const collections: EntityModel = { ...collection, name: 'Collections', methods: [] };

export const smallService: ServiceModel = {
  route: 'v1.0',
  entities: [device, inCollection, { ...collections, properties: collections.properties.slice(0, -1) }],
  complexTypes: [
    { name: 'Operation', isOpen: true, properties: [{ name: 'OperationId', type: 'Edm.Int32' }] },
  ],
};

/** An entity of the fixture. */
export function fixtureEntity(name: string): EntityModel {
  const entity = [...wmiService.entities, ...smallService.entities].find((item) => item.name === name);
  if (entity === undefined) throw new TypeError(`No ${name} in the fixture`);
  return entity;
}
