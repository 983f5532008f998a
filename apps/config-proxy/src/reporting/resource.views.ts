import { systemProperties, userProperties } from '../resources/resource.properties.js';
import { propertyColumn } from './inventory.views.js';
import { empty, number, text, time, type ReportView } from './report-view.js';

const DEVICES = "FROM {resource} AS r WHERE r.kind = 'device'";

/** Times of a device, by source. */
const WITH_TIMES = `FROM {resource} AS r
  LEFT JOIN {resource_seen} AS s ON s.resource_id = r.resource_id
  LEFT JOIN {inventory_report} AS h ON h.resource_id = r.resource_id AND h.source = 'device'
  LEFT JOIN {inventory_report} AS w ON w.resource_id = r.resource_id AND w.source = 'applications'`;

const arrayView = (property: string, column: string, sql: string, from: string): ReportView => ({
  name: `v_RA_System_${property}`,
  type: 'Discovery',
  columns: [number('ResourceID', 'r.resource_id'), text(column, sql)],
  from,
});

/** Discovery, client activity and users. */
export const resourceViews: readonly ReportView[] = [
  {
    name: 'v_R_System',
    type: 'Discovery',
    columns: [
      ...systemProperties.map((property) => propertyColumn('r', property)),
      ...empty(
        'text',
        'Client_Version0',
        'User_Domain0',
        'AD_Site_Name0',
        'Distinguished_Name0',
        'Full_Domain_Name0',
        'Resource_Domain_OR_Workgr0',
      ),
    ],
    from: DEVICES,
  },
  {
    name: 'v_R_User',
    type: 'Discovery',
    columns: [
      ...userProperties.map((property) => propertyColumn('r', property)),
      ...empty('text', 'Windows_NT_Domain0', 'Distinguished_Name0', 'Full_Domain_Name0'),
    ],
    from: "FROM {resource} AS r WHERE r.kind = 'user'",
  },
  arrayView('ResourceNames', 'Resource_Names0', 'r.name', DEVICES),
  arrayView('SMSAssignedSites', 'SMS_Assigned_Sites0', 'r.site_code', DEVICES),
  arrayView('SMSInstalledSites', 'SMS_Installed_Sites0', 'r.site_code', `${DEVICES} AND r.is_client = 1`),
  arrayView(
    'MACAddresses',
    'MAC_Addresses0',
    'n.mac_address',
    'FROM {resource} AS r INNER JOIN {gs_network_adapter} AS n ON n.resource_id = r.resource_id',
  ),
  {
    name: 'v_AgentDiscoveries',
    type: 'Discovery',
    columns: [
      number('ResourceId', 'a.resource_id'),
      text('AgentName', 'a.agent_name'),
      text('AgentSite', 'r.site_code'),
      time('AgentTime', 'a.agent_time'),
    ],
    from: `FROM (
    SELECT resource_id, 'MDM enrollment' AS agent_name, MAX(state_at) AS agent_time
      FROM {resource_enrollment} WHERE resource_id IS NOT NULL GROUP BY resource_id
    UNION ALL SELECT resource_id, CASE source WHEN 'device' THEN 'MDM device information'
      WHEN 'security' THEN 'MDM security information' WHEN 'profiles' THEN 'MDM profile list'
      ELSE 'MDM application list' END, reported_at FROM {inventory_report}) AS a
  INNER JOIN {resource} AS r ON r.resource_id = a.resource_id`,
  },
  {
    name: 'v_CH_ClientSummary',
    type: 'Status',
    columns: [
      number('ResourceID', 'r.resource_id'),
      text('NetBiosName', 'r.netbios_name'),
      number('ClientActiveStatus', 'r.is_client'),
      time('LastActiveTime', 's.last_seen_at'),
      time('LastOnline', 's.last_seen_at'),
      time('LastDDR', 'COALESCE(h.reported_at, r.enrolled_at)'),
      time('LastHW', 'h.reported_at'),
      time('LastSW', 'w.reported_at'),
      time('LastPolicyRequest', 's.last_seen_at'),
      ...empty('time', 'LastStatusMessage'),
    ],
    from: `${WITH_TIMES} WHERE r.kind = 'device'`,
  },
  {
    name: 'v_CombinedDeviceResources',
    type: 'Discovery',
    columns: [
      number('MachineID', 'r.resource_id'),
      number('ResourceID', 'r.resource_id'),
      text('Name', 'r.name'),
      text('SMSID', 'r.smsid'),
      text('SerialNumber', 'r.serial_number'),
      text('SiteCode', 'r.site_code'),
      ...empty('text', 'Domain', 'ClientVersion'),
      text('UserName', 'r.last_user_name'),
      text('DeviceOS', 'r.os_name'),
      text('DeviceType', 'r.model'),
      // ClientEdition: 5 is a Mac, 8 is iOS.
      number(
        'ClientEdition',
        "CASE WHEN r.platform = 'mac' THEN 5 WHEN r.platform IS NULL THEN NULL ELSE 8 END",
      ),
      number('ClientType', 'r.client_type'),
      number('ClientActiveStatus', 'r.is_client'),
      number('IsClient', 'r.is_client'),
      number('IsActive', 'r.is_active'),
      number('IsObsolete', 'r.is_obsolete'),
      number('IsDecommissioned', 'r.is_decommissioned'),
      number('IsApproved', '1'),
      number('IsBlocked', '0'),
      time('LastActiveTime', 's.last_seen_at'),
      time('LastDDR', 'COALESCE(h.reported_at, r.enrolled_at)'),
      time('LastHardwareScan', 'h.reported_at'),
      time('LastPolicyRequest', 's.last_seen_at'),
      time('CreationDate', 'r.created_at'),
    ],
    from: `${WITH_TIMES} WHERE r.kind = 'device'`,
  },
  {
    name: 'v_UserMachineRelationship',
    type: 'Discovery',
    columns: [
      number('MachineResourceID', 'a.resource_id'),
      text('MachineResourceName', 'a.resource_name'),
      number('UserResourceID', 'a.user_resource_id'),
      text('UniqueUserName', 'a.unique_user_name'),
      number('IsPrimary', 'a.is_primary'),
      time('CreationTime', 'a.created_at'),
    ],
    from: 'FROM {user_machine_relationship} AS a',
  },
  {
    name: 'v_GS_ExtensionData',
    type: 'Inventory',
    columns: [
      number('ResourceID', 'e.resource_id'),
      text('PropertyName', 'e.property_name'),
      text('PropertyValue', 'e.property_value'),
      time('TimeStamp', 'e.updated_at'),
    ],
    from: 'FROM {extension_data} AS e',
  },
  {
    name: 'v_GS_MDM_ENROLLMENT',
    type: 'Inventory',
    columns: [
      number('ResourceID', 'e.resource_id'),
      text('EnrollmentID0', 'e.enrollment_id'),
      text('Kind0', 'e.kind'),
      text('State0', 'e.state'),
      number('IsActive0', 'e.is_active'),
      time('EnrolledTime0', 'e.enrolled_at'),
      time('RemovedTime0', 'e.removed_at'),
    ],
    from: 'FROM {resource_enrollment} AS e WHERE e.resource_id IS NOT NULL',
  },
];
