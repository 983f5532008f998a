/**
 * Commands that need the scope `commands:destructive` although they lose no data: they interrupt people at work or
 * take management, apps or access away. What loses data or locks people out is known by mdm-protocol.
 */
export const disruptiveRequestTypes: readonly string[] = [
  'ClearActivationLockBypassCode',
  'ClearPasscode',
  'ClearRestrictionsPassword',
  'DeleteUser',
  'DeviceLock',
  'EnableLostMode',
  'EraseDevice',
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
