import { randomInt } from 'node:crypto';
import type { PlistInput, PlistInputDict } from '@espalier/plist';
import { modelOf } from '../identity/device-identity.js';
import { formatProblem, type CommandContext, type CommandHandler } from './command-outcome.js';

/** The answers that this device has, by query. Queries that mean nothing on a platform are left out, as devices do. */
function answers({ identity }: CommandContext): Readonly<Record<string, () => PlistInput | undefined>> {
  const model = modelOf(identity);
  const mac = identity.platform === 'mac';
  const onMac = (value: PlistInput): PlistInput | undefined => (mac ? value : undefined);
  const onMobile = (value: PlistInput): PlistInput | undefined => (mac ? undefined : value);
  const hostName = identity.name.replaceAll(/[^A-Za-z0-9]+/g, '-');
  return {
    UDID: () => identity.udid,
    ProvisioningUDID: () => onMac(identity.udid),
    DeviceName: () => identity.name,
    OSVersion: () => model.osVersion,
    BuildVersion: () => model.buildVersion,
    SupplementalBuildVersion: () => model.buildVersion,
    SupplementalOSVersionExtra: () => '',
    ModelName: () => model.modelName,
    ModelNumber: () => model.modelNumber,
    Model: () => (mac ? model.identifier : model.modelNumber.slice(0, 5)),
    ProductName: () => model.identifier,
    SerialNumber: () => identity.serial,
    SoftwareUpdateDeviceID: () => model.boardId,
    IsSupervised: () => false,
    AwaitingConfiguration: () => false,
    WiFiMAC: () => identity.wifiMac,
    BluetoothMAC: () => identity.bluetoothMac,
    EthernetMAC: () => onMac(identity.ethernetMac),
    DeviceCapacity: () => model.capacityGb,
    AvailableDeviceCapacity: () => Math.round(model.capacityGb * 4) / 10,
    HasBattery: () => onMac(model.hasBattery),
    BatteryLevel: () => (model.hasBattery ? (20 + randomInt(80)) / 100 : -1),
    IsAppleSilicon: () => onMac(model.appleSilicon),
    HostName: () => onMac(`${hostName}.local`),
    LocalHostName: () => onMac(hostName),
    IsActivationLockSupported: () => onMac(true),
    SystemIntegrityProtectionEnabled: () => onMac(true),
    SupportsiOSAppInstalls: () => onMac(model.appleSilicon),
    PINRequiredForEraseDevice: () => onMac(!model.appleSilicon),
    PINRequiredForDeviceLock: () => onMac(true),
    OSUpdateSettings: () => onMac(updateSettings),
    TimeZone: () => 'Europe/Berlin',
    CellularTechnology: () => onMobile(model.cellular ? 3 : 0),
    ModemFirmwareVersion: () => onMobile(model.cellular ? '3.20.02' : ''),
    IMEI: () => identity.imei,
    ServiceSubscriptions: () => onMobile(model.cellular ? [subscription(identity.imei)] : []),
    DataRoamingEnabled: () => onMobile(false),
    PersonalHotspotEnabled: () => onMobile(false),
    EASDeviceIdentifier: () => onMobile(identity.serial.padEnd(26, '0')),
    IsCloudBackupEnabled: () => onMobile(true),
    IsDeviceLocatorServiceEnabled: () => onMobile(false),
    IsMDMLostModeEnabled: () => onMobile(false),
    IsMultiUser: () => onMobile(false),
  };
}

const updateSettings: PlistInputDict = {
  AutoCheckEnabled: true,
  AutomaticAppInstallationEnabled: true,
  AutomaticOSInstallationEnabled: false,
  AutomaticSecurityUpdatesEnabled: true,
  BackgroundDownloadEnabled: true,
  CatalogURL: '',
  IsDefaultCatalog: true,
  PerformPeriodicCheck: true,
};

function subscription(imei: string | undefined): PlistInputDict {
  return {
    Slot: 'CTSubscriptionSlotOne',
    IMEI: imei,
    IsDataPreferred: true,
    IsRoaming: false,
    IsVoicePreferred: true,
    Label: 'Primary',
    PhoneNumber: '',
  };
}

/** Fails where it does not say what to tell. */
export const deviceInformation: CommandHandler = (command, context) => {
  const queries = command.strings('Queries');
  if (queries.length === 0) throw formatProblem('DeviceInformation has no Queries.');
  const known = answers(context);
  const told = queries.map(
    (query) => [query, Object.hasOwn(known, query) ? known[query]?.() : undefined] as const,
  );
  return { status: 'Acknowledged', result: { QueryResponses: Object.fromEntries(told) } };
};
