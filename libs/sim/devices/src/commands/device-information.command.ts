import type { PlistInput, PlistInputDict } from '@espalier/plist';
import type { DeviceFacts } from '../identity/device-facts.js';
import { factsOf } from '../identity/device-facts.js';
import { modelOf, type DeviceIdentity } from '../identity/device-identity.js';
import type { DeviceModel } from '../identity/device-models.js';
import { formatProblem, type CommandContext, type CommandHandler } from './command-outcome.js';

type Answers = Readonly<Record<string, () => PlistInput | undefined>>;

/**
 * The answers that this device has, by query (information.device.yaml). Queries that mean nothing on a platform, or
 * to a device that is no Shared iPad, are left out, as devices do.
 */
function answers(context: CommandContext): Answers {
  const { identity, folder, device } = context;
  const facts = factsOf(device.state);
  const model = modelOf(identity);
  const forPlatform = identity.platform === 'mac' ? macAnswers : mobileAnswers;
  return {
    UDID: () => identity.udid,
    DeviceName: () => facts.name,
    OSVersion: () => facts.osVersion,
    BuildVersion: () => facts.buildVersion,
    SupplementalBuildVersion: () => facts.buildVersion,
    SupplementalOSVersionExtra: () => '',
    ModelName: () => model.modelName,
    ModelNumber: () => model.modelNumber,
    ProductName: () => model.identifier,
    SerialNumber: () => identity.serial,
    SoftwareUpdateDeviceID: () => model.boardId,
    IsSupervised: () => facts.isSupervised,
    IsActivationLockEnabled: () => false,
    AwaitingConfiguration: () => false,
    MDMOptions: () => ({ ActivationLockAllowedWhileSupervised: false }),
    iTunesStoreAccountIsActive: () => false,
    PushToken: () => Buffer.from(folder.state.pushToken ?? '', 'hex'),
    WiFiMAC: () => identity.wifiMac,
    BluetoothMAC: () => identity.bluetoothMac,
    DeviceCapacity: () => model.capacityGb,
    AvailableDeviceCapacity: () => facts.availableGb,
    BatteryLevel: () => (model.hasBattery ? facts.batteryLevel : -1),
    ...forPlatform(identity, model, facts),
  };
}

function macAnswers(identity: DeviceIdentity, model: DeviceModel, facts: DeviceFacts): Answers {
  return {
    ProvisioningUDID: () => identity.udid,
    Model: () => model.identifier,
    EthernetMAC: () => identity.ethernetMac,
    HasBattery: () => model.hasBattery,
    IsAppleSilicon: () => model.appleSilicon,
    HostName: () => facts.hostName,
    LocalHostName: () => facts.localHostName,
    IsActivationLockSupported: () => true,
    SystemIntegrityProtectionEnabled: () => true,
    SupportsiOSAppInstalls: () => model.appleSilicon,
    SupportsLOMDevice: () => model.modelName === 'Mac mini' || model.modelName === 'Mac Studio',
    PINRequiredForEraseDevice: () => !model.appleSilicon,
    PINRequiredForDeviceLock: () => true,
    ActiveManagedUsers: () => [],
    AutoSetupAdminAccounts: () => [],
    EACSPreflight: () => (model.appleSilicon ? 'success' : 'not supported'),
    OSUpdateSettings: () => updateSettings,
  };
}

function mobileAnswers(identity: DeviceIdentity, model: DeviceModel, facts: DeviceFacts): Answers {
  const onCellular = <T>(value: T): T | undefined => (model.cellular ? value : undefined);
  return {
    Model: () => model.modelNumber.slice(0, 5),
    TimeZone: () => facts.timeZone,
    CellularTechnology: () => (model.cellular ? 3 : 0),
    ModemFirmwareVersion: () => (model.cellular ? '3.20.02' : ''),
    IMEI: () => identity.imei,
    PhoneNumber: () => onCellular(facts.phoneNumber),
    CurrentCarrierNetwork: () => onCellular(facts.carrier),
    SubscriberCarrierNetwork: () => onCellular(facts.carrier),
    CarrierSettingsVersion: () => onCellular('60.0'),
    // 001 01 is the test network (ITU-T E.212).
    CurrentMCC: () => onCellular('001'),
    CurrentMNC: () => onCellular('01'),
    SubscriberMCC: () => onCellular('001'),
    SubscriberMNC: () => onCellular('01'),
    ServiceSubscriptions: () => (model.cellular ? [subscription(identity.imei, facts)] : []),
    DataRoamingEnabled: () => false,
    VoiceRoamingEnabled: () => onCellular(false),
    IsRoaming: () => false,
    IsNetworkTethered: () => false,
    PersonalHotspotEnabled: () => false,
    EASDeviceIdentifier: () => identity.serial.padEnd(26, '0'),
    IsCloudBackupEnabled: () => true,
    IsDeviceLocatorServiceEnabled: () => false,
    IsDoNotDisturbInEffect: () => false,
    IsMDMLostModeEnabled: () => false,
    IsMultiUser: () => false,
    SoftwareUpdateSettings: () => ({ RecommendationsCadence: 0 }),
    AccessibilitySettings: () => accessibility,
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

const accessibility: PlistInputDict = {
  BoldTextEnabled: false,
  IncreaseContrastEnabled: false,
  ReduceMotionEnabled: false,
  ReduceTransparencyEnabled: false,
  TextSize: 4,
  TouchAccommodationsEnabled: false,
  VoiceOverEnabled: false,
  ZoomEnabled: false,
};

function subscription(imei: string | undefined, { carrier, phoneNumber }: DeviceFacts): PlistInputDict {
  return {
    Slot: 'CTSubscriptionSlotOne',
    IMEI: imei,
    CurrentCarrierNetwork: carrier,
    IsDataPreferred: true,
    IsRoaming: false,
    IsVoicePreferred: true,
    Label: 'Primary',
    PhoneNumber: phoneNumber,
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
