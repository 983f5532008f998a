import type { MethodModel } from '@espalier/odata';
import {
  defineClass,
  derived,
  flag,
  folded,
  integer,
  lazy,
  noText,
  number01,
  text,
  time,
  type AdminClass,
  type PropertySpec,
} from '../class.model.js';
import { clientMethods } from './client.methods.js';

const rule = { complex: 'SMS_CollectionRule' } as const;

/** What can be done with a collection, also by scripts that spell it otherwise. */
const methods: readonly MethodModel[] = [
  { name: 'AddMembershipRule', kind: 'action', parameters: [{ name: 'collectionRule', type: rule }] },
  {
    name: 'AddMembershipRules',
    kind: 'action',
    parameters: [{ name: 'collectionRules', type: rule, isCollection: true }],
  },
  { name: 'DeleteMembershipRule', kind: 'action', parameters: [{ name: 'collectionRule', type: rule }] },
  {
    name: 'DeleteMembershipRules',
    kind: 'action',
    parameters: [{ name: 'collectionRules', type: rule, isCollection: true }],
  },
  {
    name: 'RequestRefresh',
    kind: 'action',
    parameters: [{ name: 'IncludeSubCollections', type: 'Edm.Boolean' }],
  },
];

const WITH_LIMITING = '{collection} AS c LEFT JOIN {collection} AS l ON l.collection_id = c.limiting_id';
const subject = { kind: 'collection', column: 'c.collection_id' } as const;

const summary: readonly PropertySpec[] = [
  text('CollectionID', 'c.collection_id'),
  folded('Name', 'c.name'),
  text('Comment', 'c.comment'),
  // 1 users, 2 devices.
  integer('CollectionType', "CASE WHEN c.kind = 'user' THEN 1 ELSE 2 END"),
  text('LimitToCollectionID', 'c.limiting_id'),
  folded('LimitToCollectionName', 'l.name'),
  integer('MemberCount', 'c.member_count'),
  integer('LocalMemberCount', 'c.member_count'),
  integer('RefreshType', 'c.refresh_type'),
  // 1 ready, 2 being evaluated, 5 waiting to be.
  integer('CurrentStatus', "CASE c.status WHEN 'ready' THEN 1 WHEN 'evaluating' THEN 2 ELSE 5 END"),
  flag('IsBuiltIn', 'c.is_built_in'),
  integer('ServiceWindowsCount', 'c.window_count'),
  time('LastRefreshTime', 'c.last_evaluated_at'),
  time('LastMemberChangeTime', 'c.last_member_change_at'),
  time('LastChangeTime', 'c.changed_at'),
  ...noText('ObjectPath'),
];

/** SMS_Collection. */
export const collectionClass = defineClass({
  name: 'SMS_Collection',
  keys: ['CollectionID'],
  scope: 'collections:read',
  from: WITH_LIMITING,
  subject,
  methods,
  properties: [
    ...summary,
    derived(
      'MemberClassName',
      'Edm.String',
      ['CollectionID'],
      ({ CollectionID }) => `SMS_CM_RES_COLL_${String(CollectionID)}`,
    ),
    derived('OwnedByThisSite', 'Edm.Boolean', [], () => true),
    text('LastModifiedBy', 'c.changed_by'),
    lazy('CollectionRules', rule, true),
    lazy('RefreshSchedule', { complex: 'SMS_ScheduleToken' }, true),
  ],
});

/** `v1.0/Collections`. */
export const collectionEntity = defineClass({
  name: 'Collections',
  keys: ['CollectionID'],
  scope: 'collections:read',
  from: WITH_LIMITING,
  subject,
  properties: summary,
  methods: clientMethods,
});

const MEMBERS = '{collection_member} AS m INNER JOIN {resource} AS r ON r.resource_id = m.resource_id';
const member: readonly PropertySpec[] = [
  text('CollectionID', 'm.collection_id'),
  integer('ResourceID', 'm.resource_id'),
  integer('ResourceType', 'r.resource_type'),
  folded('Name', 'r.name'),
  folded('SMSID', 'r.smsid'),
  folded('SiteCode', 'r.site_code'),
  integer('ClientType', 'r.client_type'),
  flag('IsDirect', 'm.is_direct'),
  flag('IsClient', 'r.is_client'),
  flag('IsActive', 'r.is_active'),
  flag('IsObsolete', 'r.is_obsolete'),
  flag('IsDecommissioned', 'r.is_decommissioned'),
  flag('IsAssigned', '1'),
  number01('IsApproved', '1'),
  flag('IsBlocked', '0'),
  ...noText('ClientVersion', 'Domain'),
];
const membership = {
  keys: ['CollectionID', 'ResourceID'],
  scope: 'collections:read',
  from: MEMBERS,
  subject: { kind: 'member', device: 'm.resource_id', collection: 'm.collection_id' },
  properties: member,
} as const;

/** SMS_FullCollectionMembership. */
const membershipClass = defineClass({ ...membership, name: 'SMS_FullCollectionMembership' });

/** The members of one collection, as its `MemberClassName` calls them. */
export const membersClass = (collectionId: string): AdminClass =>
  defineClass({ ...membership, name: `SMS_CM_RES_COLL_${collectionId}`, keys: ['ResourceID'] });

/** `v1.0/Device(…)/ResourceCollectionMembership`. */
export const membershipEntity = defineClass({
  ...membership,
  name: 'ResourceCollectionMembership',
  keyColumn: 'ResourceID',
  navigations: [{ name: 'Collection', target: 'Collections', isCollection: false }],
});

/** SMS_MachineSettings: variables of devices. */
const machineSettingsClass = defineClass({
  name: 'SMS_MachineSettings',
  keys: ['ResourceID'],
  scope: 'devices:read',
  from: '{resource} AS r',
  where: "r.kind = 'device'",
  subject: { kind: 'device', column: 'r.resource_id' },
  properties: [
    integer('ResourceID', 'r.resource_id'),
    folded('SourceSite', 'r.site_code'),
    integer('LocaleID', '1033'),
    lazy('MachineVariables', { complex: 'SMS_MachineVariable' }, true),
  ],
});

/** SMS_CollectionSettings: variables and windows of collections. */
const collectionSettingsClass = defineClass({
  name: 'SMS_CollectionSettings',
  keys: ['CollectionID'],
  scope: 'collections:read',
  from: '{collection} AS c',
  subject,
  properties: [
    text('CollectionID', 'c.collection_id'),
    integer('ServiceWindowsCount', 'c.window_count'),
    time('LastModificationTime', 'c.changed_at'),
    integer('LocaleID', '1033'),
    lazy('CollectionVariables', { complex: 'SMS_CollectionVariable' }, true),
  ],
});

export const collectionClasses: readonly AdminClass[] = [
  collectionClass,
  membershipClass,
  machineSettingsClass,
  collectionSettingsClass,
];
