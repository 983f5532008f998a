import {
  defineClass,
  flag,
  folded,
  integer,
  noNumber,
  noText,
  noTime,
  number01,
  text,
  time,
  type PropertySpec,
} from '../class.model.js';
import { clientMethods } from './client.methods.js';

const WITH_TIMES = `{resource} AS r
  LEFT JOIN {resource_seen} AS s ON s.resource_id = r.resource_id
  LEFT JOIN {inventory_report} AS h ON h.resource_id = r.resource_id AND h.source = 'device'
  LEFT JOIN {inventory_report} AS w ON w.resource_id = r.resource_id AND w.source = 'applications'`;

/** What consoles show in lists of devices. */
const combined = (key: string): PropertySpec[] => [
  integer(key, 'r.resource_id'),
  integer('ResourceType', 'r.resource_type'),
  folded('Name', 'r.name'),
  folded('SMSID', 'r.smsid'),
  folded('SerialNumber', 'r.serial_number'),
  folded('SiteCode', 'r.site_code'),
  folded('UserName', 'r.last_user_name'),
  folded('PrimaryUser', 'r.last_user_name'),
  folded('LastLogonUser', 'r.last_user_name'),
  folded('DeviceOS', 'r.os_name'),
  folded('DeviceOSBuild', 'r.os_build'),
  folded('DeviceType', 'r.model'),
  folded('Model', 'r.model_name'),
  text('Manufacturer', "CASE WHEN r.platform IS NULL THEN NULL ELSE 'Apple Inc.' END"),
  // 5 is a Mac, 8 is iOS.
  integer('ClientEdition', "CASE WHEN r.platform = 'mac' THEN 5 WHEN r.platform IS NOT NULL THEN 8 END"),
  integer('ClientType', 'r.client_type'),
  number01('ClientActiveStatus', 'r.is_client'),
  // PKI: the identity certificate of the MDM enrolment.
  integer('ClientCertType', 'CASE WHEN r.is_client = 1 THEN 2 END'),
  flag('IsClient', 'r.is_client'),
  flag('IsActive', 'r.is_active'),
  flag('IsObsolete', 'r.is_obsolete'),
  flag('IsDecommissioned', 'r.is_decommissioned'),
  number01('IsApproved', '1'),
  flag('IsAssigned', '1'),
  flag('IsBlocked', '0'),
  flag('IsAlwaysInternet', '1'),
  integer('DeviceOwner', '1'),
  time('LastActiveTime', 's.last_seen_at'),
  time('LastDDR', 'COALESCE(h.reported_at, r.enrolled_at)'),
  time('LastHardwareScan', 'h.reported_at'),
  time('LastSoftwareScan', 'w.reported_at'),
  time('LastPolicyRequest', 's.last_seen_at'),
  time('CreationDate', 'r.created_at'),
  ...noText('ADSiteName', 'ClientVersion', 'CurrentLogonUser', 'Domain', 'LastMPServerName'),
  ...noTime('LastStatusMessage'),
  ...noNumber('PolicyApplicationStatus', 'WipeStatus'),
];

/** Where devices stand, beside their classes: the same for `wmi` and `v1.0`. */
const devices = {
  scope: 'devices:read',
  from: WITH_TIMES,
  where: "r.kind = 'device'",
  subject: { kind: 'device', column: 'r.resource_id' },
} as const;

/** SMS_CombinedDeviceResources: what consoles list. */
export const combinedDeviceClass = defineClass({
  ...devices,
  name: 'SMS_CombinedDeviceResources',
  keys: ['ResourceID'],
  properties: combined('ResourceID'),
});

const extensionData = { complex: 'ExtensionData' } as const;

/** `v1.0/Device`. */
export const deviceEntity = defineClass({
  ...devices,
  name: 'Device',
  keys: ['MachineId'],
  properties: [...combined('MachineId'), integer('ResourceId', 'r.resource_id')],
  navigations: [
    { name: 'ResourceCollectionMembership', target: 'ResourceCollectionMembership', isCollection: true },
  ],
  methods: [
    {
      name: 'SetExtensionData',
      kind: 'action',
      parameters: [{ name: 'ExtensionData', type: extensionData }],
      returns: { type: extensionData },
    },
    {
      name: 'GetExtensionData',
      kind: 'function',
      parameters: [{ name: 'PropertyName', type: 'Edm.String', isOptional: true }],
      returns: { type: extensionData },
    },
    // Of all devices.
    {
      name: 'GetExtensionData',
      kind: 'function',
      isStatic: true,
      parameters: [],
      returns: { type: extensionData, isCollection: true },
    },
    {
      name: 'DeleteExtensionData',
      kind: 'action',
      parameters: [{ name: 'PropertyNames', type: 'Edm.String', isCollection: true, isOptional: true }],
      returns: { type: extensionData },
    },
    ...clientMethods,
  ],
});

/** SMS_G_System_CH_ClientSummary. */
export const clientSummaryClass = defineClass({
  ...devices,
  name: 'SMS_G_System_CH_ClientSummary',
  superclass: 'SMS_G_System',
  keys: ['ResourceID'],
  properties: [
    integer('ResourceID', 'r.resource_id'),
    folded('NetBiosName', 'r.netbios_name'),
    number01('ClientActiveStatus', 'r.is_client'),
    time('LastActiveTime', 's.last_seen_at'),
    time('LastOnline', 's.last_seen_at'),
    time('LastDDR', 'COALESCE(h.reported_at, r.enrolled_at)'),
    time('LastHW', 'h.reported_at'),
    time('LastSW', 'w.reported_at'),
    time('LastPolicyRequest', 's.last_seen_at'),
  ],
});
