/**
 * Commands that need the scope `commands:destructive` although they lose no data: they interrupt people at work, take
 * management, apps or access away, or bring profiles and software that could do all of it. What loses data or locks
 * people out is known by mdm-protocol. Deployments are the road for profiles and software: they have rules of their own.
 */
export const disruptiveRequestTypes: readonly string[] = [
  'ClearActivationLockBypassCode',
  'ClearPasscode',
  'ClearRestrictionsPassword',
  'DeleteUser',
  'DeviceLock',
  'EnableLostMode',
  'EraseDevice',
  'InstallApplication',
  'InstallEnterpriseApplication',
  'InstallProfile',
  'LogOutUser',
  'RemoveApplication',
  'RemoveProfile',
  'RemoveProvisioningProfile',
  'RestartDevice',
  'RotateFileVaultKey',
  'SetAutoAdminPassword',
  'SetFirmwarePassword',
  'SetRecoveryLock',
  'ShutDownDevice',
];
