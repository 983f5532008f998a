import { formatName, nameValue, parseCertificate, decodePem } from '@espalier/x509';
import type { PlistInputDict } from '@espalier/plist';
import { applicationsOf, type DeviceApplication } from '../identity/device-applications.js';
import { factsOf } from '../identity/device-facts.js';
import { modelOf } from '../identity/device-identity.js';
import type { CommandHandler } from './command-outcome.js';

/** FileVault, firewall and passcode as the device's facts say; defaults elsewhere. */
export const securityInfo: CommandHandler = (_command, { identity, device }) => {
  const { appleSilicon } = modelOf(identity);
  const { fileVault, firewall, passcode } = factsOf(device.state);
  const management = { EnrolledViaDEP: false, IsUserEnrollment: false };
  const info: PlistInputDict =
    identity.platform === 'mac'
      ? {
          AuthenticatedRootVolumeEnabled: true,
          FDE_Enabled: fileVault,
          FDE_HasInstitutionalRecoveryKey: false,
          FDE_HasPersonalRecoveryKey: fileVault,
          FirewallSettings: {
            FirewallEnabled: firewall,
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
          PasscodePresent: passcode,
          PasscodeCompliant: true,
          PasscodeCompliantWithProfiles: true,
          PasscodeLockGracePeriod: 0,
          PasscodeLockGracePeriodEnforced: 0,
          ManagementStatus: management,
        };
  return { status: 'Acknowledged', result: { SecurityInfo: info } };
};

const MEGABYTE = 1_000_000;

export const installedApplicationList: CommandHandler = (command, { device, applications }) => {
  const wanted = new Set(command.strings('Identifiers'));
  const keys = new Set(command.strings('Items'));
  const managedOnly = command.optionalBoolean('ManagedAppsOnly') ?? false;
  // Nothing is managed: InstallApplication is not simulated.
  const listed = managedOnly
    ? []
    : applicationsOf(device.state, applications).filter(
        ({ identifier }) => wanted.size === 0 || wanted.has(identifier),
      );
  return {
    status: 'Acknowledged',
    result: { InstalledApplicationList: listed.map((application) => only(keys, describe(application))) },
  };
};

function describe({ identifier, name, version, megabytes }: DeviceApplication): PlistInputDict {
  return {
    Identifier: identifier,
    Name: name,
    ShortVersion: version,
    Version: version,
    BundleSize: megabytes * MEGABYTE,
    IsValidated: true,
    Installing: false,
  };
}

/** What `Items` asks for; everything where it asks for nothing. */
function only(keys: ReadonlySet<string>, entry: PlistInputDict): PlistInputDict {
  return keys.size === 0 ? entry : Object.fromEntries(Object.entries(entry).filter(([key]) => keys.has(key)));
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
