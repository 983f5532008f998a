import type { ApplePlatform } from './command.types.js';

const everywhere = [
  'UDID',
  'DeviceName',
  'OSVersion',
  'SupplementalOSVersionExtra',
  'BuildVersion',
  'SupplementalBuildVersion',
  'ModelName',
  'ModelNumber',
  'ProductName',
  'SerialNumber',
  'IsSupervised',
  'AwaitingConfiguration',
  'WiFiMAC',
] as const;

const storage = ['DeviceCapacity', 'AvailableDeviceCapacity'] as const;

const mobile = [
  ...everywhere,
  ...storage,
  'Model',
  'BatteryLevel',
  'BluetoothMAC',
  'CellularTechnology',
  'ModemFirmwareVersion',
  'ServiceSubscriptions',
  'DataRoamingEnabled',
  'PersonalHotspotEnabled',
  'EASDeviceIdentifier',
  'IsCloudBackupEnabled',
  'IsDeviceLocatorServiceEnabled',
  'IsMDMLostModeEnabled',
  'IsMultiUser',
  'TimeZone',
  'SoftwareUpdateDeviceID',
] as const;

/** What `DeviceInformation` asks for by default: facts for inventory and for later commands, none on the person. */
export const defaultDeviceQueries: Readonly<Record<ApplePlatform, readonly string[]>> = {
  macOS: [
    ...everywhere,
    ...storage,
    'Model',
    'ProvisioningUDID',
    'IsAppleSilicon',
    'HasBattery',
    'BatteryLevel',
    'BluetoothMAC',
    'EthernetMAC',
    'HostName',
    'LocalHostName',
    'IsActivationLockSupported',
    'SystemIntegrityProtectionEnabled',
    'SupportsiOSAppInstalls',
    'PINRequiredForEraseDevice',
    'PINRequiredForDeviceLock',
    'OSUpdateSettings',
    'SoftwareUpdateDeviceID',
  ],
  iOS: mobile,
  iPadOS: mobile,
  tvOS: [...everywhere, 'Model', 'DeviceID', 'BluetoothMAC', 'TimeZone'],
  watchOS: [...everywhere, ...storage, 'Model', 'BatteryLevel', 'IsMDMLostModeEnabled', 'TimeZone'],
  visionOS: [...everywhere, ...storage, 'BatteryLevel', 'BluetoothMAC', 'TimeZone', 'SoftwareUpdateDeviceID'],
};

const mobileExtra = ['IMEI', 'PhoneNumber', 'LastCloudBackupDate', 'IsActivationLockEnabled'];

/** What inventory asks for: the default, and what ties a device to its owner's other records of it. */
export const inventoryDeviceQueries: Readonly<Record<ApplePlatform, readonly string[]>> = {
  // Apple's schema has no TimeZone for Macs; those that do not know a query leave it out.
  macOS: [...defaultDeviceQueries.macOS, 'IsActivationLockEnabled', 'TimeZone'],
  iOS: [...defaultDeviceQueries.iOS, ...mobileExtra],
  iPadOS: [...defaultDeviceQueries.iPadOS, ...mobileExtra],
  tvOS: defaultDeviceQueries.tvOS,
  watchOS: [...defaultDeviceQueries.watchOS, 'IsActivationLockEnabled'],
  visionOS: defaultDeviceQueries.visionOS,
};
