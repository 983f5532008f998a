import type { PropertyModel, PropertyType } from '@espalier/conditions';

/** Properties of ConfigMgr's discovery that no Apple device has a value for, by what they would hold. */
type Absent = Readonly<Record<'arrays' | 'texts' | 'numbers', readonly string[]>>;

/** Of SMS_R_System. */
export const absentOfSystems: Absent = {
  arrays: ['IPAddresses', 'IPSubnets', 'IPv6Addresses', 'IPv6Prefixes', 'SystemGroupName', 'SystemOUName'],
  texts: [
    'ADSiteName',
    'ClientVersion',
    'DistinguishedName',
    'FullDomainName',
    'LastLogonUserDomain',
    'ResourceDomainORWorkgroup',
  ],
  numbers: ['WipeStatus'],
};

/** Of SMS_R_User. */
export const absentOfUsers: Absent = {
  arrays: [],
  texts: ['DistinguishedName', 'FullDomainName', 'UserPrincipalName', 'WindowsNTDomain'],
  numbers: [],
};

const absent = (type: PropertyType, names: readonly string[]): PropertyModel[] =>
  names.map((name) => ({
    name,
    type,
    column: name,
    // As the texts that they are compared with.
    ...(type === 'text' && { foldedColumn: name }),
    isNothing: true,
  }));

/** An array without elements is asked for like a text without a value. */
const absentFrom = ({ arrays, texts, numbers }: Absent): PropertyModel[] => [
  ...absent('text', [...arrays, ...texts]),
  ...absent('integer', numbers),
];

/** What rules written for ConfigMgr ask of SMS_R_System and find nothing by: more than scripts look at. */
export const absentSystemProperties: readonly PropertyModel[] = [
  ...absentFrom(absentOfSystems),
  ...absent('text', [
    'CPUType',
    'EASDeviceID',
    'HardwareID',
    'MDMDeviceCategory',
    'PreviousSMSUUID',
    'SecurityGroupName',
    'SID',
    'SMSResidentSites',
    'SNMPCommunityName',
    'SystemContainerName',
    'SystemRoles',
    'VirtualMachineHostName',
  ]),
  ...absent('integer', [
    'AlwaysInternet',
    'InternetEnabled',
    'PrimaryGroupID',
    'Unknown',
    'UserAccountControl',
  ]),
  ...absent('flag', ['IsAssignedToUser', 'IsMachineChangesPersisted', 'IsVirtualMachine']),
  ...absent('time', ['SMSUUIDChangeDate']),
];

/** The same of SMS_R_User. */
export const absentUserProperties: readonly PropertyModel[] = [
  ...absentFrom(absentOfUsers),
  ...absent('text', [
    'AgentName',
    'AgentSite',
    'SecurityGroupName',
    'SID',
    'UserContainerName',
    'UserGroupName',
    'UserOUName',
  ]),
  ...absent('integer', ['PrimaryGroupID', 'UserAccountControl']),
  ...absent('time', ['AgentTime']),
];
