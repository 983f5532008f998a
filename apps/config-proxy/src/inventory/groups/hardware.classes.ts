import type { DeviceFacts } from '@espalier/contracts';
import { osText } from '../../resources/platform.js';
import { inventoryClass } from '../inventory.class.js';
import { flag, integer, text, time } from '../inventory.property.js';

const MEGABYTE = 1_048_576;
const megabytes = (bytes: number | null): number | null =>
  bytes === null ? null : Math.round(bytes / MEGABYTE);
const APPLE = 'Apple Inc.';
const always = (facts: DeviceFacts): readonly DeviceFacts[] => [facts];

export const computerSystem = inventoryClass({
  name: 'COMPUTER_SYSTEM',
  groupId: 1,
  title: 'Computer System',
  source: 'device',
  instances: (facts, { userName }) => [{ ...facts, userName }],
  properties: {
    Name: text(255, ({ deviceName }) => deviceName),
    Manufacturer: text(64, () => APPLE),
    Model: text(128, ({ productName, model }) => productName ?? model),
    ModelName: text(128, ({ modelName }) => modelName),
    ModelNumber: text(64, ({ modelNumber }) => modelNumber),
    Platform: text(16, ({ platform }) => platform),
    SystemType: text(64, ({ isAppleSilicon }) => architecture(isAppleSilicon)),
    Domain: text(255, ({ hostName }) => domainOf(hostName)),
    UserName: text(255, ({ userName }) => userName),
    HostName: text(255, ({ hostName }) => hostName),
    LocalHostName: text(255, ({ localHostName }) => localHostName),
  },
});

export const operatingSystem = inventoryClass({
  name: 'OPERATING_SYSTEM',
  groupId: 2,
  title: 'Operating System',
  source: 'device',
  instances: always,
  properties: {
    Caption: text(128, ({ platform, osVersion }) => osText(platform, osVersion)),
    Version: text(64, ({ osVersion }) => osVersion),
    BuildNumber: text(64, ({ buildVersion }) => buildVersion),
    CSDVersion: text(64, ({ supplementalBuildVersion }) => supplementalBuildVersion),
    TimeZone: text(64, ({ timeZone }) => timeZone),
  },
});

export const pcBios = inventoryClass({
  name: 'PC_BIOS',
  groupId: 3,
  title: 'PC BIOS',
  source: 'device',
  instances: always,
  properties: {
    Manufacturer: text(64, () => APPLE),
    SerialNumber: text(64, ({ serialNumber }) => serialNumber),
  },
});

export const systemEnclosure = inventoryClass({
  name: 'SYSTEM_ENCLOSURE',
  groupId: 4,
  title: 'System Enclosure',
  source: 'device',
  instances: always,
  properties: {
    Manufacturer: text(64, () => APPLE),
    SerialNumber: text(64, ({ serialNumber }) => serialNumber),
    ChassisTypes: text(16, chassisType),
  },
});

export const computerSystemProduct = inventoryClass({
  name: 'COMPUTER_SYSTEM_PRODUCT',
  groupId: 5,
  title: 'Computer System Product',
  source: 'device',
  instances: always,
  properties: {
    Vendor: text(64, () => APPLE),
    Name: text(128, ({ productName, model }) => productName ?? model),
    IdentifyingNumber: text(64, ({ serialNumber }) => serialNumber),
    UUID: text(64, ({ hardwareUuid }) => hardwareUuid),
  },
});

export const processor = inventoryClass({
  name: 'PROCESSOR',
  groupId: 6,
  title: 'Processor',
  source: 'device',
  instances: (facts) => (facts.isAppleSilicon === null ? [] : [facts.isAppleSilicon]),
  properties: {
    Name: text(128, (apple) => (apple ? 'Apple silicon' : 'Intel')),
    Manufacturer: text(64, (apple) => (apple ? 'Apple' : 'GenuineIntel')),
    // Win32_Processor.Architecture: 9 is x64, 12 is ARM64.
    Architecture: integer((apple) => (apple ? 12 : 9)),
    Is64Bit: flag(() => true),
  },
});

export const disk = inventoryClass({
  name: 'DISK',
  groupId: 7,
  title: 'Disk',
  source: 'device',
  instances: (facts) => (facts.deviceCapacity === null ? [] : [facts]),
  properties: {
    Caption: text(64, () => 'Internal storage'),
    /** Megabytes, as ConfigMgr counts. */
    Size: integer(({ deviceCapacity }) => megabytes(deviceCapacity)),
  },
});

export const logicalDisk = inventoryClass({
  name: 'LOGICAL_DISK',
  groupId: 8,
  title: 'Logical Disk',
  source: 'device',
  isGauge: true,
  instances: (facts) => (facts.deviceCapacity === null ? [] : [facts]),
  properties: {
    DeviceID: text(64, () => '/'),
    FileSystem: text(16, () => 'APFS'),
    // Win32_LogicalDisk.DriveType: 3 is a local disk.
    DriveType: integer(() => 3),
    Size: integer(({ deviceCapacity }) => megabytes(deviceCapacity)),
    FreeSpace: integer(({ availableCapacity }) => megabytes(availableCapacity)),
  },
});

interface Adapter {
  readonly mac: string;
  readonly name: string;
  readonly hostName: string | null;
}

function adapters({ wifiMac, bluetoothMac, ethernetMacs, hostName }: DeviceFacts): readonly Adapter[] {
  const adapter = (mac: string, name: string): Adapter => ({ mac: mac.toUpperCase(), name, hostName });
  return [
    ...(wifiMac === null ? [] : [adapter(wifiMac, 'Wi-Fi')]),
    ...ethernetMacs.map((mac) => adapter(mac, 'Ethernet')),
    ...(bluetoothMac === null ? [] : [adapter(bluetoothMac, 'Bluetooth')]),
  ];
}

export const networkAdapter = inventoryClass<'device', Adapter>({
  name: 'NETWORK_ADAPTER',
  groupId: 9,
  title: 'Network Adapter',
  source: 'device',
  instances: adapters,
  key: ({ mac }) => mac,
  properties: {
    Name: text(64, ({ name }) => name),
    AdapterType: text(64, ({ name }) => name),
    MACAddress: text(32, ({ mac }) => mac),
  },
});

export const networkAdapterConfiguration = inventoryClass<'device', Adapter>({
  name: 'NETWORK_ADAPTER_CONFIGURATION',
  groupId: 10,
  title: 'Network Adapter Configuration',
  source: 'device',
  instances: adapters,
  key: ({ mac }) => mac,
  properties: {
    MACAddress: text(32, ({ mac }) => mac),
    DNSHostName: text(255, ({ hostName }) => hostName),
  },
});

export const portableBattery = inventoryClass({
  name: 'PORTABLE_BATTERY',
  groupId: 11,
  title: 'Portable Battery',
  source: 'device',
  isGauge: true,
  instances: (facts) => (facts.batteryPercent === null || facts.batteryPercent < 0 ? [] : [facts]),
  properties: {
    Name: text(64, () => 'Internal battery'),
    /** Percent. */
    EstimatedChargeRemaining: integer(({ batteryPercent }) => batteryPercent),
  },
});

export const mdmDevice = inventoryClass({
  name: 'MDM_DEVICE',
  groupId: 100,
  title: 'MDM Device',
  source: 'device',
  instances: always,
  properties: {
    IsSupervised: flag(({ isSupervised }) => isSupervised),
    IsAppleSilicon: flag(({ isAppleSilicon }) => isAppleSilicon),
    ActivationLockEnabled: flag(({ activationLockEnabled }) => activationLockEnabled),
    LostModeEnabled: flag(({ lostModeEnabled }) => lostModeEnabled),
    IMEI: text(32, ({ imei }) => imei),
    PhoneNumber: text(32, ({ phoneNumber }) => phoneNumber),
    LastCloudBackup: time(({ lastCloudBackupAt }) => lastCloudBackupAt),
  },
});

function architecture(isAppleSilicon: boolean | null): string | null {
  if (isAppleSilicon === null) return null;
  return isAppleSilicon ? 'ARM64-based' : 'X64-based';
}

function domainOf(hostName: string | null): string | null {
  const dot = hostName?.indexOf('.') ?? -1;
  return hostName === null || dot < 0 ? null : hostName.slice(dot + 1);
}

/** Win32_SystemEnclosure.ChassisTypes: 3 desktop, 9 laptop, 11 hand-held, 30 tablet. */
function chassisType({ platform, modelName, productName, model }: DeviceFacts): string | null {
  if (platform === 'iphone' || platform === 'watch') return '11';
  if (platform === 'ipad') return '30';
  if (platform !== 'mac') return null;
  return [modelName, productName, model].some((name) => name?.startsWith('MacBook') === true) ? '9' : '3';
}
