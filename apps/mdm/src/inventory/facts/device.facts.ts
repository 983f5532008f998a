import type { DeviceFacts } from '@espalier/contracts';
import { isPlistDict, type PlistDict } from '@espalier/plist';
import { platformOfModel } from '../../enrollment/platform.js';
import { cleanText, FactReader, wholeNumber } from './fact-reader.js';

const GIGABYTE = 1_000_000_000;
const GIBIBYTE = 1024 ** 3;
/** macOS 11 and earlier count capacities in GiB (Apple, "DeviceInformation"). */
const LAST_MACOS_IN_GIBIBYTES = 11;
const MOST_MACS = 32;

/** What a DeviceInformation answer tells; undefined where it has no QueryResponses. */
export function readDeviceFacts(result: PlistDict): DeviceFacts | undefined {
  const responses = new FactReader(result).value('QueryResponses');
  if (!isPlistDict(responses)) return undefined;
  const told = new FactReader(responses);
  const platform = platformOfModel(told.text('ProductName') ?? told.text('Model'));
  const [subscription] = told.dicts('ServiceSubscriptions');
  const osVersion = told.text('OSVersion', 64);
  const unit =
    platform === 'mac' && Number.parseInt(osVersion ?? '', 10) <= LAST_MACOS_IN_GIBIBYTES
      ? GIBIBYTE
      : GIGABYTE;
  const bytes = (key: string): number | null => {
    const value = told.number(key);
    return wholeNumber(value === null ? null : value * unit);
  };
  const udid = told.text('UDID', 128);
  return {
    udid,
    // The UDID of a Mac in MDM is its hardware UUID; the provisioning UDID is another one.
    hardwareUuid: udid,
    serialNumber: told.text('SerialNumber', 64),
    deviceName: told.text('DeviceName'),
    hostName: told.text('HostName'),
    localHostName: told.text('LocalHostName'),
    model: told.text('Model', 128),
    modelName: told.text('ModelName', 128),
    modelNumber: told.text('ModelNumber', 128),
    productName: told.text('ProductName', 128),
    platform,
    osVersion,
    buildVersion: told.text('BuildVersion', 64),
    supplementalBuildVersion: told.text('SupplementalBuildVersion', 64),
    isAppleSilicon: told.flag('IsAppleSilicon'),
    isSupervised: told.flag('IsSupervised'),
    timeZone: told.text('TimeZone', 64),
    deviceCapacity: bytes('DeviceCapacity'),
    availableCapacity: bytes('AvailableDeviceCapacity'),
    batteryPercent: percent(told.number('BatteryLevel')),
    wifiMac: told.text('WiFiMAC', 64),
    bluetoothMac: told.text('BluetoothMAC', 64),
    ethernetMacs: macsOf(told),
    imei: told.text('IMEI', 64) ?? subscription?.text('IMEI', 64) ?? null,
    phoneNumber: told.text('PhoneNumber', 64) ?? subscription?.text('PhoneNumber', 64) ?? null,
    lastCloudBackupAt: told.time('LastCloudBackupDate'),
    activationLockEnabled: told.flag('IsActivationLockEnabled'),
    lostModeEnabled: told.flag('IsMDMLostModeEnabled'),
  };
}

/** 0.0 to 1.0, or -1.0 where the device cannot tell. */
function percent(level: number | null): number | null {
  return level === null || level < 0 || level > 1 ? null : Math.round(level * 100);
}

/** One address as text; several by older systems as a list. */
function macsOf(told: FactReader): string[] {
  const value = told.value('EthernetMAC');
  const all = Array.isArray(value) ? value : [value];
  return all
    .slice(0, MOST_MACS)
    .map((mac) => cleanText(mac, 64))
    .filter((mac) => mac !== null);
}
