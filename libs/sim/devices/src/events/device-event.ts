import type { DeclarationKind, ResultStatus } from '@espalier/mdm-protocol';
import type { DevicePlatform } from '../identity/device-identity.js';

/** Which device an event is about. */
export interface DeviceLabel {
  readonly serial: string;
  readonly udid: string;
  readonly name: string;
  readonly platform: DevicePlatform;
  /** Short name of the user whose channel it is about; absent for the device itself. */
  readonly user?: string;
}

/** Why an enrolment ended. */
export type RemovalReason =
  /** The enrolment profile was removed at the device; CheckOut was sent where the profile asks for it. */
  | 'checked-out'
  /** `RemoveProfile` named the enrolment profile. */
  | 'profile-removed'
  /** `EraseDevice`. */
  | 'erased'
  /** The server answered 401. */
  | 'unauthorized'
  /** The server answered 403 with `com.apple.unrecognized.device`. */
  | 'unrecognized';

/** Who removed or installed a profile. */
export type ProfileActor = 'server' | 'user';

interface DeclarationDetails {
  readonly declarationKind: DeclarationKind;
  readonly identifier: string;
  readonly serverToken: string;
  /** Empty where the document could not be read. */
  readonly type: string;
}

interface Trouble {
  /** `ESP_SIM_…`. */
  readonly code: string;
  readonly message: string;
}

/** What each kind of event says beside its device and time. */
export interface DeviceEventDetails {
  /** The enrolment begins, or goes on after a restart. */
  readonly enrolling: object;
  /** SCEP gave the device its identity. */
  readonly certified: { readonly fingerprint: string; readonly notAfter: string };
  /** The server took the first TokenUpdate. */
  readonly enrolled: { readonly topic: string; readonly ms: number };
  /** Apple did not know the device token any more: the device has a new one, and the server knows it. */
  readonly 'token-updated': object;
  /** A push with the right magic arrived. */
  readonly pushed: { readonly apnsId: string };
  /** A command was carried out; its result is on disk and not yet sent. `execution` counts from 1 per device. */
  readonly command: {
    readonly commandUuid: string;
    readonly requestType: string;
    readonly status: ResultStatus;
    readonly execution: number;
  };
  /** The server took the result of a command. */
  readonly result: {
    readonly commandUuid: string;
    readonly requestType: string;
    readonly status: ResultStatus;
  };
  readonly 'profile-installed': {
    readonly identifier: string;
    readonly uuid: string;
    readonly by: ProfileActor;
  };
  readonly 'profile-removed': { readonly identifier: string; readonly by: ProfileActor };
  /** A declaration, or a new version of it, is in force. */
  readonly 'declaration-applied': DeclarationDetails;
  /** The device cannot do what a declaration says; `codes` are Apple's, such as `Error.UnknownDeclarationType`. */
  readonly 'declaration-refused': DeclarationDetails & { readonly codes: readonly string[] };
  /** The server does not list a declaration any more. */
  readonly 'declaration-removed': DeclarationDetails;
  /** The server took a status report that names so many declarations. */
  readonly 'status-reported': { readonly full: boolean; readonly declarations: number };
  /** The server took the first TokenUpdate of a user channel. */
  readonly 'user-enrolled': { readonly userId: string };
  /** A person changed something at the device: name, OS version, applications, other facts. */
  readonly changed: { readonly what: string };
  /** The server has nothing more; `commands` were done in this session. */
  readonly idle: { readonly commands: number };
  /** A request failed and is sent again after `waitMs`. */
  readonly retry: Trouble & { readonly attempt: number; readonly waitMs: number };
  readonly warning: Trouble;
  readonly error: Trouble;
  /** The device is not managed any more. */
  readonly removed: { readonly reason: RemovalReason };
}

export type DeviceEventKind = keyof DeviceEventDetails;

/** One event, told apart by `kind`. All of it is JSON. */
export type DeviceEvent<K extends DeviceEventKind = DeviceEventKind> = {
  [Kind in K]: {
    readonly kind: Kind;
    readonly at: string;
    readonly device: DeviceLabel;
  } & DeviceEventDetails[Kind];
}[K];
