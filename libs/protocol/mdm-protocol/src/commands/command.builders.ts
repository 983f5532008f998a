import { MdmProtocolError } from '../mdm-protocol.error.js';
import type {
  ApplePlatform,
  CommandArguments,
  EraseDeviceArguments,
  KnownRequestType,
  MdmCommand,
} from './command.types.js';
import { defaultDeviceQueries } from './device-queries.js';

type Builders = { readonly [T in KnownRequestType]: (args: CommandArguments[T]) => MdmCommand };

const obliterationBehaviors: readonly string[] = [
  'Default',
  'DoNotObliterate',
  'ObliterateWithWarning',
  'Always',
];

const builders: Builders = {
  DeviceInformation: ({ platform, queries = defaultDeviceQueries[platform] }) => {
    if (queries.length === 0) throw new MdmProtocolError('is empty', 'Queries');
    queries.forEach((query, index) => requireText(`Queries[${index}]`, query));
    return { RequestType: 'DeviceInformation', Queries: [...new Set(queries)] };
  },

  ProfileList: ({ managedOnly }) => ({ RequestType: 'ProfileList', ManagedOnly: managedOnly }),

  InstallProfile: ({ payload }) => {
    requireProfile('Payload', payload);
    return { RequestType: 'InstallProfile', Payload: payload };
  },

  RemoveProfile: ({ identifier }) => {
    requireText('Identifier', identifier);
    return { RequestType: 'RemoveProfile', Identifier: identifier };
  },

  DeviceLock: ({ platform, pin, message, phoneNumber }) => {
    if (platform === 'macOS' && pin === undefined) throw new MdmProtocolError('is required on macOS', 'PIN');
    checkPin(platform, pin);
    return { RequestType: 'DeviceLock', PIN: pin, Message: message, PhoneNumber: phoneNumber };
  },

  EraseDevice: (args) => {
    checkErase(args);
    const { pin, obliterationBehavior, preserveDataPlan, disallowProximitySetup, returnToService } = args;
    return {
      RequestType: 'EraseDevice',
      PIN: pin,
      ObliterationBehavior: obliterationBehavior,
      PreserveDataPlan: preserveDataPlan,
      DisallowProximitySetup: disallowProximitySetup,
      ReturnToService: returnToService && {
        Enabled: returnToService.enabled,
        WiFiProfileData: returnToService.wifiProfile,
        MDMProfileData: returnToService.mdmProfile,
      },
    };
  },
};

/** True for the request types whose arguments {@link buildCommand} checks. */
export function isKnownRequestType(requestType: string): requestType is KnownRequestType {
  return Object.hasOwn(builders, requestType);
}

/**
 * Builds a command from checked arguments: `buildCommand('DeviceLock', { platform: 'macOS', pin: '123456' })`.
 *
 * @throws MdmProtocolError naming Apple's key if an argument is missing, malformed, or means nothing on the platform
 */
export function buildCommand<T extends KnownRequestType>(
  requestType: T,
  args: CommandArguments[T],
): MdmCommand {
  const command = builders[requestType](args);
  return Object.fromEntries(Object.entries(command).filter(([, value]) => value !== undefined)) as MdmCommand;
}

function checkErase(args: EraseDeviceArguments): void {
  const { platform, obliterationBehavior, returnToService } = args;
  checkPin(platform, args.pin);
  allowOn('ObliterationBehavior', obliterationBehavior, platform, ['macOS']);
  allowOn('PreserveDataPlan', args.preserveDataPlan, platform, ['iOS', 'iPadOS', 'watchOS']);
  allowOn('DisallowProximitySetup', args.disallowProximitySetup, platform, ['iOS', 'iPadOS']);
  allowOn('ReturnToService', returnToService, platform, ['iOS', 'iPadOS', 'tvOS']);
  if (obliterationBehavior !== undefined && !obliterationBehaviors.includes(obliterationBehavior)) {
    throw new MdmProtocolError(`must be one of ${obliterationBehaviors.join(', ')}`, 'ObliterationBehavior');
  }
  if (returnToService?.wifiProfile)
    requireProfile('ReturnToService.WiFiProfileData', returnToService.wifiProfile);
  if (returnToService?.mdmProfile)
    requireProfile('ReturnToService.MDMProfileData', returnToService.mdmProfile);
}

function checkPin(platform: ApplePlatform, pin: string | undefined): void {
  allowOn('PIN', pin, platform, ['macOS']);
  if (pin !== undefined && !/^\d{6}$/.test(pin)) throw new MdmProtocolError('must be six digits', 'PIN');
}

function allowOn(
  key: string,
  value: unknown,
  platform: ApplePlatform,
  platforms: readonly ApplePlatform[],
): void {
  if (value === undefined || platforms.includes(platform)) return;
  throw new MdmProtocolError(`applies to ${platforms.join(', ')} only, not to ${platform}`, key);
}

function requireText(key: string, value: string): void {
  if (typeof value !== 'string' || value.trim() === '') throw new MdmProtocolError('must not be empty', key);
}

/** A glance, not a check: XML (with or without byte order mark) or the SEQUENCE that begins a CMS message. */
function requireProfile(key: string, profile: Uint8Array): void {
  const start = Buffer.from(profile.subarray(0, 64)).toString('latin1');
  if (!/^(?:\xef\xbb\xbf)?\s*<|^0[\x80-\x84]/.test(start)) {
    throw new MdmProtocolError('is not a configuration profile (neither XML nor CMS)', key);
  }
}
