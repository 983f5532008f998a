import type { PlistInputDict } from '@espalier/plist';

/** The dictionary under `Command`: `RequestType` and the arguments under Apple's names. */
export interface MdmCommand extends PlistInputDict {
  readonly RequestType: string;
}

/** Apple's platforms, as `DeviceInformation` tells them apart. */
export type ApplePlatform = 'macOS' | 'iOS' | 'iPadOS' | 'tvOS' | 'watchOS' | 'visionOS';

/** What a Mac does where Erase All Content and Settings cannot run (Apple's EraseDevice page). */
export type ObliterationBehavior = 'Default' | 'DoNotObliterate' | 'ObliterateWithWarning' | 'Always';

export interface DeviceInformationArguments {
  readonly platform: ApplePlatform;
  /** Names of the queries; by default those in {@link defaultDeviceQueries}. */
  readonly queries?: readonly string[];
}

export interface ProfileListArguments {
  /** Only profiles that device management has installed. */
  readonly managedOnly?: boolean;
}

export interface InstallProfileArguments {
  /** A .mobileconfig, plain or signed. */
  readonly payload: Uint8Array;
}

export interface RemoveProfileArguments {
  /** `PayloadIdentifier` of the profile. */
  readonly identifier: string;
}

export interface DeviceLockArguments {
  readonly platform: ApplePlatform;
  /** Six digits that unlock the Mac again: required on macOS, not allowed elsewhere. */
  readonly pin?: string;
  /** For the lock screen. */
  readonly message?: string;
  /** For the lock screen. */
  readonly phoneNumber?: string;
}

export interface EraseDeviceArguments {
  readonly platform: ApplePlatform;
  /** macOS: six digits for Find My; Macs without a T2 or Apple chip need it. */
  readonly pin?: string;
  /** macOS 12 and later. */
  readonly obliterationBehavior?: ObliterationBehavior;
  /** iOS and iPadOS, watchOS: keep the eSIM's data plan. */
  readonly preserveDataPlan?: boolean;
  /** iOS and iPadOS. */
  readonly disallowProximitySetup?: boolean;
  /** iOS and iPadOS 17, tvOS 18 and later: enrol again by itself. */
  readonly returnToService?: {
    readonly enabled: boolean;
    readonly wifiProfile?: Uint8Array;
    readonly mdmProfile?: Uint8Array;
  };
}

/** The arguments of each command that {@link buildCommand} knows. */
export interface CommandArguments {
  readonly DeviceInformation: DeviceInformationArguments;
  readonly ProfileList: ProfileListArguments;
  readonly InstallProfile: InstallProfileArguments;
  readonly RemoveProfile: RemoveProfileArguments;
  readonly DeviceLock: DeviceLockArguments;
  readonly EraseDevice: EraseDeviceArguments;
}

/** Request types with checked arguments; all others go through {@link rawCommand}. */
export type KnownRequestType = keyof CommandArguments;
