import { factsOf } from '../identity/device-facts.js';
import { ConfigProfileError, readProfile, type ProfileSummary } from '@espalier/config-profile';
import type { PlistInputDict } from '@espalier/plist';
import { holdsEnrollment } from '../profile/enrollment-plan.js';
import type { DeviceFolder } from '../state/device-folder.js';
import type { DeviceState } from '../state/device-state.js';
import {
  chainItem,
  CommandProblem,
  mdmError,
  mdmErrorCodes,
  type CommandContext,
  type CommandHandler,
} from './command-outcome.js';

/**
 * What is installed, the enrolment profile first: it was not installed by a command, so it is not managed. A user
 * channel lists what is the user's.
 */
export const profileList: CommandHandler = (command, { folder, identity, device }) => {
  // Macs and supervised devices do not say which profiles MDM installed (Apple, "ProfileListResponse").
  const tells = identity.platform !== 'mac' && !factsOf(device.state).isSupervised;
  const managedOnly = command.optionalBoolean('ManagedOnly') ?? false;
  const enrollment = folder.enrollmentProfile;
  const listed = folder.state.profiles
    .filter(({ managed }) => managed || !managedOnly)
    .map(({ file, managed }) =>
      describeProfile(readProfile(folder.readProfile(file)), tells ? managed : undefined),
    );
  if (!managedOnly && enrollment !== undefined)
    listed.unshift(describeProfile(readProfile(enrollment), tells ? false : undefined));
  return { status: 'Acknowledged', result: { ProfileList: listed } };
};

function describeProfile(profile: ProfileSummary, managed: boolean | undefined): PlistInputDict {
  return {
    PayloadIdentifier: profile.identifier,
    PayloadUUID: profile.uuid,
    PayloadVersion: 1,
    PayloadDisplayName: profile.displayName,
    PayloadDescription: profile.description,
    PayloadOrganization: profile.organization,
    PayloadRemovalDisallowed: profile.removalDisallowed,
    HasRemovalPasscode: false,
    IsEncrypted: profile.encrypted,
    IsManaged: managed,
    SignerCertificates: profile.signature === undefined ? [] : [...profile.signature.certificates],
    PayloadContent: profile.payloads.map(({ type, identifier, uuid, displayName }) => ({
      PayloadType: type,
      PayloadIdentifier: identifier,
      PayloadUUID: uuid,
      PayloadVersion: 1,
      PayloadDisplayName: displayName,
    })),
  };
}

/** Installs or replaces a profile. What its payloads mean is not carried out. */
export const installProfile: CommandHandler = (command, context) => {
  const { folder, plan, failsProfile } = context;
  const bytes = command.data('Payload');
  const profile = openProfile(bytes, context);
  if (holdsEnrollment(profile) || profile.identifier === plan.identifier)
    throw mdmError('multipleEnrollments', 'The device is managed already.');
  if (failsProfile(profile.identifier)) throw refusedByPlugin(profile, context);
  return { status: 'Acknowledged', changes: withProfile(folder, bytes, profile, true) };
};

/** Keeps the profile's bytes; the change of the state that lists it in place of one with the same identifier. */
export function withProfile(
  folder: DeviceFolder,
  bytes: Uint8Array,
  { identifier, uuid }: Pick<ProfileSummary, 'identifier' | 'uuid'>,
  managed: boolean,
): Pick<DeviceState, 'profiles'> {
  const installed = { identifier, uuid, file: folder.saveProfile(bytes), managed };
  const others = folder.state.profiles.filter((other) => other.identifier !== identifier);
  return { profiles: [...others, installed] };
}

function openProfile(bytes: Buffer, context: CommandContext): ProfileSummary {
  try {
    const profile = readProfile(bytes);
    const identifiers = profile.payloads.map(({ identifier }) => identifier);
    if (isMac(context) && new Set(identifiers).size < identifiers.length)
      throw pluginError(-107, 'The PayloadIdentifier is used more than once in the profile.');
    return profile;
  } catch (error) {
    if (!(error instanceof ConfigProfileError)) throw error;
    throw new CommandProblem('Error', [
      chainItem(mdmErrorCodes.malformedRequest, 'MCMDMErrorDomain', 'The profile could not be installed.'),
      chainItem(4000, 'MCInstallationErrorDomain', 'The profile could not be read.'),
      chainItem(1000, 'MCProfileErrorDomain', error.message),
    ]);
  }
}

/** A payload that the system does not take: on a Mac one item of its plug-ins, elsewhere a chain of three. */
function refusedByPlugin({ displayName, identifier, payloads }: ProfileSummary, context: CommandContext) {
  const title = displayName ?? identifier;
  const payload = payloads[0]?.displayName ?? payloads[0]?.type ?? title;
  if (isMac(context))
    return pluginError(-319, `The ‘${payload}’ payload could not be installed. The settings were refused.`);
  return new CommandProblem('Error', [
    chainItem(4001, 'MCInstallationErrorDomain', `The profile “${title}” could not be installed.`),
    chainItem(4001, 'MCInstallationErrorDomain', `The payload “${payload}” could not be installed.`),
    chainItem(1009, 'MCProfileErrorDomain', `The profile “${title}” is invalid.`),
  ]);
}

function pluginError(code: number, description: string): CommandProblem {
  return new CommandProblem('Error', [chainItem(code, 'ConfigProfilePluginDomain', description)]);
}

function isMac({ identity }: CommandContext): boolean {
  return identity.platform === 'mac';
}

/** Only what the server installed; removing the enrolment profile ends the management, once the server has the answer. */
export const removeProfile: CommandHandler = (command, { folder, plan }) => {
  const identifier = command.string('Identifier');
  const { profiles, user } = folder.state;
  if (identifier === plan.identifier && user === undefined)
    return { status: 'Acknowledged', after: 'remove-enrollment' };
  const others = profiles.filter((profile) => !(profile.managed && profile.identifier === identifier));
  if (others.length === profiles.length)
    throw mdmError('profileNotManaged', `The profile “${identifier}” is not managed.`);
  return { status: 'Acknowledged', changes: { profiles: others } };
};
