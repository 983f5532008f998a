import { declarationKinds, type DeclarationKind } from '@espalier/mdm-protocol';
import type { DevicePlatform } from '../identity/device-identity.js';
import { isAtLeast } from '../identity/os-releases.js';

/** A type of declaration and the first versions that know it; none for a platform that does not have it. */
interface KnownType {
  readonly macOS: string | undefined;
  readonly iOS: string | undefined;
  /** Keys of the payload that must be there. */
  readonly required: readonly string[];
}

type Row = readonly [name: string, macOS: string, iOS: string, ...required: string[]];

/** From declarative/declarations of Apple's schema, without what came after the newest release simulated here. */
const rows: Readonly<Record<DeclarationKind, readonly Row[]>> = {
  activation: [['simple', '13.0', '15.0', 'StandardConfigurations']],
  asset: [
    ['credential.acme', '14.0', '17.0', 'Reference'],
    ['credential.certificate', '14.0', '17.0', 'Reference'],
    ['credential.identity', '14.0', '17.0', 'Reference'],
    ['credential.scep', '14.0', '17.0', 'Reference'],
    ['credential.userpassword', '13.0', '15.0', 'Reference'],
    ['data', '14.0', '17.0', 'Reference'],
    ['useridentity', '13.0', '15.0'],
  ],
  configuration: [
    ['account.caldav', '13.0', '15.0', 'HostName'],
    ['account.carddav', '13.0', '15.0', 'HostName'],
    ['account.exchange', '13.0', '15.0', 'EnabledProtocolTypes'],
    ['account.google', '13.0', '15.0', 'UserIdentityAssetReference'],
    ['account.ldap', '13.0', '15.0', 'HostName'],
    ['account.mail', '13.0', '15.0', 'IncomingServer', 'OutgoingServer'],
    ['account.subscribed-calendar', '14.0', '15.0', 'CalendarURL'],
    ['app.managed', '26.0', '17.2'],
    ['audio-accessory.settings', '', '26.0'],
    ['diskmanagement.settings', '15.0', ''],
    ['legacy', '13.0', '15.0'],
    ['legacy.interactive', '13.0', '15.0', 'VisibleName'],
    ['management.status-subscriptions', '13.0', '15.0', 'StatusItems'],
    ['management.test', '13.0', '15.0', 'Echo'],
    ['math.settings', '15.0', '18.0'],
    ['package', '26.0', '', 'ManifestURL'],
    ['passcode.settings', '13.0', '15.0'],
    ['safari.bookmarks', '26.0', '26.0'],
    ['safari.extensions.settings', '15.0', '18.0'],
    ['safari.settings', '26.0', '26.0'],
    [
      'screensharing.connection',
      '14.0',
      '',
      'ConnectionUUID',
      'DisplayName',
      'HostName',
      'DisplayConfiguration',
    ],
    ['screensharing.connection.group', '14.0', '', 'ConnectionGroupUUID', 'GroupName', 'Members'],
    ['screensharing.host.settings', '14.0', ''],
    ['security.certificate', '14.0', '17.0', 'CredentialAssetReference'],
    ['security.identity', '14.0', '17.0', 'CredentialAssetReference'],
    ['security.passkey.attestation', '14.0', '17.0', 'AttestationIdentityAssetReference', 'RelyingParties'],
    ['services.background-tasks', '15.0', '', 'TaskType'],
    ['services.configuration-files', '14.0', '', 'ServiceType', 'DataAssetReference'],
    ['softwareupdate.enforcement.specific', '14.0', '17.0', 'TargetOSVersion', 'TargetLocalDateTime'],
    ['softwareupdate.settings', '15.0', '18.0'],
    ['watch.enrollment', '', '17.0', 'EnrollmentProfileURL'],
  ],
  management: [
    ['organization-info', '13.0', '15.0', 'Name'],
    ['properties', '13.0', '16.0'],
    ['server-capabilities', '13.0', '15.0', 'Version', 'SupportedFeatures'],
  ],
};

const knownTypes: ReadonlyMap<string, KnownType> = new Map(
  declarationKinds.flatMap((kind) =>
    rows[kind].map(
      ([name, macOS, iOS, ...required]) =>
        [
          `com.apple.${kind}.${name}`,
          { macOS: macOS || undefined, iOS: iOS || undefined, required },
        ] as const,
    ),
  ),
);

/** What an OS makes of a type: not known to that version, not for that platform, or these keys are needed. */
export type TypeSupport = 'unknown' | 'not-supported' | { readonly required: readonly string[] };

export function supportOf(type: string, platform: DevicePlatform, osVersion: string): TypeSupport {
  const known = knownTypes.get(type);
  if (known === undefined) return 'unknown';
  const since = platform === 'mac' ? known.macOS : known.iOS;
  if (since === undefined) return 'not-supported';
  return isAtLeast(osVersion, since) ? { required: known.required } : 'unknown';
}

/** All types of a kind that an OS knows: what it tells as its capabilities. */
export function typesOf(kind: DeclarationKind, platform: DevicePlatform, osVersion: string): string[] {
  return [...knownTypes.keys()].filter(
    (type) =>
      type.startsWith(`com.apple.${kind}.`) && typeof supportOf(type, platform, osVersion) === 'object',
  );
}
