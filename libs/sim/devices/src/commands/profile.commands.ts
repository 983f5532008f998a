import { ConfigProfileError, readProfile, type ProfileSummary } from '@espalier/config-profile';
import type { PlistInputDict } from '@espalier/plist';
import { holdsEnrollment } from '../profile/enrollment-plan.js';
import {
  chainItem,
  CommandProblem,
  mdmError,
  mdmErrorCodes,
  type CommandHandler,
} from './command-outcome.js';

/** What is installed, the enrolment profile first: it was not installed by a command, so it is not managed. */
export const profileList: CommandHandler = (command, { folder }) => {
  const managedOnly = command.optionalBoolean('ManagedOnly') ?? false;
  const enrollment = folder.enrollmentProfile;
  const listed = folder.state.profiles.map(({ file }) =>
    describeProfile(readProfile(folder.readProfile(file)), true),
  );
  if (!managedOnly && enrollment !== undefined)
    listed.unshift(describeProfile(readProfile(enrollment), false));
  return { status: 'Acknowledged', result: { ProfileList: listed } };
};

function describeProfile(profile: ProfileSummary, managed: boolean): PlistInputDict {
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
export const installProfile: CommandHandler = (command, { folder, plan }) => {
  const bytes = command.data('Payload');
  const profile = openProfile(bytes);
  if (holdsEnrollment(profile) || profile.identifier === plan.identifier)
    throw mdmError('multipleEnrollments', 'The device is managed already.');
  const installed = { identifier: profile.identifier, uuid: profile.uuid, file: folder.saveProfile(bytes) };
  const others = folder.state.profiles.filter(({ identifier }) => identifier !== profile.identifier);
  return { status: 'Acknowledged', changes: { profiles: [...others, installed] } };
};

function openProfile(bytes: Buffer): ProfileSummary {
  try {
    return readProfile(bytes);
  } catch (error) {
    if (!(error instanceof ConfigProfileError)) throw error;
    throw new CommandProblem('Error', [
      chainItem(mdmErrorCodes.malformedRequest, 'MCMDMErrorDomain', 'The profile could not be installed.'),
      chainItem(4000, 'MCInstallationErrorDomain', 'The profile could not be read.'),
      chainItem(1000, 'MCProfileErrorDomain', error.message),
    ]);
  }
}

/** Removing the enrolment profile ends the management, once the server has the answer. */
export const removeProfile: CommandHandler = (command, { folder, plan }) => {
  const identifier = command.string('Identifier');
  if (identifier === plan.identifier) return { status: 'Acknowledged', after: 'remove-enrollment' };
  const { profiles } = folder.state;
  const others = profiles.filter((profile) => profile.identifier !== identifier);
  if (others.length === profiles.length)
    throw mdmError('profileNotManaged', `The profile “${identifier}” is not installed.`);
  return { status: 'Acknowledged', changes: { profiles: others } };
};
