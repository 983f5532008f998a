import type { InstalledProfile } from '@espalier/contracts';
import { inventoryClass } from '../inventory.class.js';
import { flag, text } from '../inventory.property.js';

export const mdmSecurity = inventoryClass({
  name: 'MDM_SECURITY',
  groupId: 101,
  title: 'MDM Security',
  source: 'security',
  instances: (facts) => [facts],
  properties: {
    FileVaultEnabled: flag(({ fileVaultEnabled }) => fileVaultEnabled),
    HasPersonalRecoveryKey: flag(({ hasPersonalRecoveryKey }) => hasPersonalRecoveryKey),
    HasInstitutionalRecoveryKey: flag(({ hasInstitutionalRecoveryKey }) => hasInstitutionalRecoveryKey),
    FirewallEnabled: flag(({ firewallEnabled }) => firewallEnabled),
    SystemIntegrityProtection: flag(({ systemIntegrityProtection }) => systemIntegrityProtection),
    SecureBootLevel: text(32, ({ secureBootLevel }) => secureBootLevel),
    RecoveryLockEnabled: flag(({ recoveryLockEnabled }) => recoveryLockEnabled),
    RemoteDesktopEnabled: flag(({ remoteDesktopEnabled }) => remoteDesktopEnabled),
    PasscodePresent: flag(({ passcodePresent }) => passcodePresent),
    PasscodeCompliant: flag(({ passcodeCompliant }) => passcodeCompliant),
    UserApprovedEnrollment: flag(({ userApprovedEnrollment }) => userApprovedEnrollment),
    EnrolledViaDEP: flag(({ enrolledViaDep }) => enrolledViaDep),
  },
});

export const mdmProfile = inventoryClass<'profiles', InstalledProfile>({
  name: 'MDM_PROFILE',
  groupId: 102,
  title: 'MDM Profile',
  source: 'profiles',
  instances: (profiles) => profiles,
  key: ({ identifier }) => identifier,
  properties: {
    Identifier: text(255, ({ identifier }) => identifier),
    UUID: text(64, ({ uuid }) => uuid),
    DisplayName: text(255, ({ displayName }) => displayName),
    Organization: text(255, ({ organization }) => organization),
    IsManaged: flag(({ managed }) => managed),
    PayloadTypes: text(400, ({ payloadTypes }) => payloadTypes.join(' ')),
  },
});
