import { z } from 'zod';

/** What can be asked of a device: DeviceInformation, SecurityInfo, ProfileList, InstalledApplicationList. */
export const inventoryKindSchema = z.enum(['device', 'security', 'profiles', 'applications']);
export type InventoryKind = z.output<typeof inventoryKindSchema>;

const text = z.string().nullable();
const count = z.number().int().nullable();
const flag = z.boolean().nullable();

/** DeviceInformation, as far as the device answered; null where it did not. */
export const deviceFactsSchema = z.object({
  udid: text,
  /** The Mac's hardware UUID, or what else ties the device to other records of it. */
  hardwareUuid: text,
  serialNumber: text,
  deviceName: text,
  hostName: text,
  localHostName: text,
  model: text,
  modelName: text,
  modelNumber: text,
  productName: text,
  platform: z.enum(['mac', 'iphone', 'ipad', 'appletv', 'vision', 'watch', 'unknown']),
  osVersion: text,
  buildVersion: text,
  supplementalBuildVersion: text,
  isAppleSilicon: flag,
  isSupervised: flag,
  /** IANA name, as in `Europe/Berlin`. */
  timeZone: text,
  /** Bytes. */
  deviceCapacity: count,
  availableCapacity: count,
  /** 0 to 100. */
  batteryPercent: count,
  wifiMac: text,
  bluetoothMac: text,
  ethernetMacs: z.array(z.string()).max(32),
  imei: text,
  phoneNumber: text,
  lastCloudBackupAt: count,
  activationLockEnabled: flag,
  lostModeEnabled: flag,
});
export type DeviceFacts = z.output<typeof deviceFactsSchema>;

/** SecurityInfo, as far as the device answered. */
export const securityFactsSchema = z.object({
  fileVaultEnabled: flag,
  hasPersonalRecoveryKey: flag,
  hasInstitutionalRecoveryKey: flag,
  firewallEnabled: flag,
  systemIntegrityProtection: flag,
  secureBootLevel: text,
  recoveryLockEnabled: flag,
  remoteDesktopEnabled: flag,
  passcodePresent: flag,
  passcodeCompliant: flag,
  userApprovedEnrollment: flag,
  enrolledViaDep: flag,
});
export type SecurityFacts = z.output<typeof securityFactsSchema>;

export const installedProfileSchema = z.object({
  identifier: z.string(),
  uuid: z.string(),
  displayName: text,
  organization: text,
  /** Installed by MDM; null where the device does not say: Macs, and supervised devices, never do. */
  managed: flag,
  payloadTypes: z.array(z.string()).max(200),
});
export type InstalledProfile = z.output<typeof installedProfileSchema>;

export const installedApplicationSchema = z.object({
  identifier: text,
  name: text,
  version: text,
  shortVersion: text,
  /** Bytes. */
  bundleSize: count,
  managed: flag,
});
export type InstalledApplication = z.output<typeof installedApplicationSchema>;
