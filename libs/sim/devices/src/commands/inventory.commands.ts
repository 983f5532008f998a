import { formatName, nameValue, parseCertificate, decodePem } from '@espalier/x509';
import type { PlistInputDict } from '@espalier/plist';
import { modelOf } from '../identity/device-identity.js';
import type { CommandHandler } from './command-outcome.js';

/** FileVault off, defaults elsewhere: a device as it comes out of its box. */
export const securityInfo: CommandHandler = (_command, { identity, folder }) => {
  const { appleSilicon } = modelOf(identity);
  const management = { EnrolledViaDEP: false, IsUserEnrollment: false };
  const info: PlistInputDict =
    identity.platform === 'mac'
      ? {
          AuthenticatedRootVolumeEnabled: true,
          FDE_Enabled: false,
          FDE_HasInstitutionalRecoveryKey: false,
          FDE_HasPersonalRecoveryKey: false,
          FirewallSettings: {
            FirewallEnabled: false,
            BlockAllIncoming: false,
            StealthMode: false,
            Applications: [],
          },
          // Firmware passwords are for Intel, recovery locks for Apple chips.
          FirmwarePasswordStatus: appleSilicon
            ? undefined
            : { PasswordExists: false, ChangePending: false, AllowOroms: true },
          IsRecoveryLockEnabled: appleSilicon ? false : undefined,
          RemoteDesktopEnabled: false,
          SystemIntegrityProtectionEnabled: true,
          SecureBoot: { SecureBootLevel: 'full', ExternalBootLevel: 'allowed' },
          ManagementStatus: {
            ...management,
            UserApprovedEnrollment: true,
            IsActivationLockManageable: false,
          },
        }
      : {
          HardwareEncryptionCaps: 3,
          PasscodePresent: folder.state.locked,
          PasscodeCompliant: true,
          PasscodeCompliantWithProfiles: true,
          PasscodeLockGracePeriod: 0,
          PasscodeLockGracePeriodEnforced: 0,
          ManagementStatus: management,
        };
  return { status: 'Acknowledged', result: { SecurityInfo: info } };
};

const macApplications = [
  'Safari',
  'Mail',
  'Calendar',
  'Contacts',
  'Maps',
  'Messages',
  'Notes',
  'Photos',
  'Preview',
];
const mobileApplications = ['Pages', 'Numbers', 'Keynote', 'iMovie', 'GarageBand'];
const MEGABYTE = 1_000_000;

/** Apple's own on a Mac (devices of the other platforms do not list them), then made-up ones. */
export const installedApplicationList: CommandHandler = (command, { identity, applications }) => {
  const wanted = new Set(command.strings('Identifiers'));
  const managedOnly = command.optionalBoolean('ManagedAppsOnly') ?? false;
  const { osVersion } = modelOf(identity);
  const apple = identity.platform === 'mac' ? macApplications : mobileApplications;
  const all = [
    ...apple.map((name) => application(name, `com.apple.${name}`, osVersion, 40)),
    ...Array.from({ length: applications }, (_, index) => {
      const number = String(index + 1).padStart(3, '0');
      return application(
        `Application ${number}`,
        `com.example.application${number}`,
        `${1 + (index % 9)}.0.${index}`,
        5 + (index % 90),
      );
    }),
  ];
  // Nothing is managed: InstallApplication is not simulated.
  const listed = managedOnly
    ? []
    : all.filter(({ Identifier }) => wanted.size === 0 || wanted.has(Identifier));
  return { status: 'Acknowledged', result: { InstalledApplicationList: listed } };
};

function application(Name: string, Identifier: string, version: string, megabytes: number) {
  return {
    Identifier,
    Name,
    ShortVersion: version,
    Version: version,
    BundleSize: megabytes * MEGABYTE,
    IsValidated: true,
    Installing: false,
  };
}

/** The identity, and the roots that the enrolment profile brought. */
export const certificateList: CommandHandler = (_command, { certificate, plan }) => {
  const roots = plan.roots.flatMap((pem) => decodePem(pem, 'CERTIFICATE').map(({ der }) => der));
  const entry = (der: Buffer, isIdentity: boolean): PlistInputDict => {
    const { subject } = parseCertificate(der);
    return { CommonName: nameValue(subject, 'CN') ?? formatName(subject), Data: der, IsIdentity: isIdentity };
  };
  return {
    status: 'Acknowledged',
    result: { CertificateList: [entry(certificate, true), ...roots.map((der) => entry(der, false))] },
  };
};
