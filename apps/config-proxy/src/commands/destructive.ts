/** What only asks, stops something, or helps somebody in: nothing is lost, changed or brought by it. */
const harmless: ReadonlySet<string> = new Set([
  'ActivationLockBypassCode',
  'ActiveNSExtensions',
  'AvailableOSUpdates',
  'CertificateList',
  'ContentCachingInformation',
  'DeclarativeManagement',
  'DeviceInformation',
  'DeviceLocation',
  'InstalledApplicationList',
  'LOMSetupRequest',
  'ManagedApplicationAttributes',
  'ManagedApplicationConfiguration',
  'ManagedApplicationFeedback',
  'ManagedApplicationList',
  'ManagedMediaList',
  'NSExtensionMappings',
  'OSUpdateStatus',
  'PlayLostModeSound',
  'ProfileList',
  'ProvisioningProfileList',
  'RequestUnlockToken',
  'Restrictions',
  'ScheduleOSUpdateScan',
  'SecurityInfo',
  'StopMirroring',
  'UnlockUserAccount',
  'UserList',
  'ValidateApplications',
]);

/**
 * True where a command needs the scope `commands:destructive`, and counts: everything that is not known to be harmless.
 * What Apple adds, and what nobody knows, might do anything.
 */
export const isDestructive = (requestType: string): boolean => !harmless.has(requestType);
