import type { SecurityFacts } from '@espalier/contracts';
import { isPlistDict, type PlistDict } from '@espalier/plist';
import { FactReader } from './fact-reader.js';

/** What a SecurityInfo answer tells (no recovery key, which is a secret); undefined where it has none. */
export function readSecurityFacts(result: PlistDict): SecurityFacts | undefined {
  const info = new FactReader(result).value('SecurityInfo');
  if (!isPlistDict(info)) return undefined;
  const told = new FactReader(info);
  const management = told.dict('ManagementStatus');
  return {
    fileVaultEnabled: told.flag('FDE_Enabled'),
    hasPersonalRecoveryKey: told.flag('FDE_HasPersonalRecoveryKey'),
    hasInstitutionalRecoveryKey: told.flag('FDE_HasInstitutionalRecoveryKey'),
    firewallEnabled: told.dict('FirewallSettings').flag('FirewallEnabled'),
    systemIntegrityProtection: told.flag('SystemIntegrityProtectionEnabled'),
    secureBootLevel: told.dict('SecureBoot').text('SecureBootLevel', 64),
    recoveryLockEnabled: told.flag('IsRecoveryLockEnabled'),
    remoteDesktopEnabled: told.flag('RemoteDesktopEnabled'),
    passcodePresent: told.flag('PasscodePresent'),
    passcodeCompliant: told.flag('PasscodeCompliant'),
    userApprovedEnrollment: management.flag('UserApprovedEnrollment'),
    enrolledViaDep: management.flag('EnrolledViaDEP'),
  };
}
