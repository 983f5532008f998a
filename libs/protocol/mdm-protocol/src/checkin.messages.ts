import type { EnrollmentIds } from './enrollment.js';

interface CheckinBase<T extends string> {
  readonly messageType: T;
  readonly enrollment: EnrollmentIds;
}

/** Begins an enrolment, or begins it anew; device channel only. */
export interface AuthenticateMessage extends CheckinBase<'Authenticate'> {
  readonly topic: string;
  readonly deviceName?: string;
  readonly model?: string;
  readonly modelName?: string;
  readonly osVersion?: string;
  readonly buildVersion?: string;
  readonly productName?: string;
  readonly serialNumber?: string;
  readonly imei?: string;
  readonly meid?: string;
}

/** Tells how to push to the enrolment; the first one completes it, later ones come at any time. */
export interface TokenUpdateMessage extends CheckinBase<'TokenUpdate'> {
  readonly topic: string;
  readonly pushMagic: string;
  /** APNs device token, raw. */
  readonly token: Buffer;
  /** Absent does not mean that a stored one is void. */
  readonly unlockToken?: Buffer;
  /** Setup Assistant waits for `DeviceConfigured`. Absent does not mean that a stored value is void. */
  readonly awaitingConfiguration?: boolean;
  readonly notOnConsole?: boolean;
}

/** The management profile was removed; best effort of the device. */
export interface CheckOutMessage extends CheckinBase<'CheckOut'> {
  readonly topic?: string;
}

/** A network user logs in on a Mac; the second message carries the answer to the challenge. */
export interface UserAuthenticateMessage extends CheckinBase<'UserAuthenticate'> {
  readonly digestResponse?: string;
}

export interface SetBootstrapTokenMessage extends CheckinBase<'SetBootstrapToken'> {
  /** Absent (also where the device sent an empty one): the stored token is to be deleted. */
  readonly bootstrapToken?: Buffer;
  readonly awaitingConfiguration?: boolean;
}

export interface GetBootstrapTokenMessage extends CheckinBase<'GetBootstrapToken'> {
  readonly awaitingConfiguration?: boolean;
}

export interface GetTokenMessage extends CheckinBase<'GetToken'> {
  /** `com.apple.maid`, `com.apple.watch.pairing`, or a service yet unknown. */
  readonly tokenServiceType: string;
  readonly tokenParameters?: {
    readonly securityToken?: string;
    readonly phoneUdid?: string;
    readonly watchUdid?: string;
  };
}

export interface DeclarativeManagementMessage extends CheckinBase<'DeclarativeManagement'> {
  /** `tokens`, `declaration-items`, `status` or `declaration/<kind>/<identifier>`. */
  readonly endpoint: string;
  /** JSON as sent. */
  readonly data?: Buffer;
}

/** A check-in message by its `messageType` (Apple's `MessageType`). */
export type CheckinMessage =
  | AuthenticateMessage
  | TokenUpdateMessage
  | CheckOutMessage
  | UserAuthenticateMessage
  | SetBootstrapTokenMessage
  | GetBootstrapTokenMessage
  | GetTokenMessage
  | DeclarativeManagementMessage;

export type CheckinMessageType = CheckinMessage['messageType'];
