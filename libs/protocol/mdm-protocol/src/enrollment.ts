import type { DictReader, PlistInputDict } from '@espalier/plist';
import { MdmProtocolError } from './mdm-protocol.error.js';
import { present } from './message.reader.js';

/** The identifiers that every message carries, as sent. */
export interface EnrollmentIds {
  /** `UDID`: the device, unless it is in user enrolment. */
  readonly udid?: string;
  /** `EnrollmentID`: stands for the device in user enrolment. */
  readonly enrollmentId?: string;
  /** `UserID`: present on the user channel. */
  readonly userId?: string;
  /** `EnrollmentUserID`: present on the user channel of a user enrolment. */
  readonly enrollmentUserId?: string;
  readonly userShortName?: string;
  readonly userLongName?: string;
}

/** What kind of channel an enrolment is; the first and third are device channels. */
export type EnrollmentType =
  'device' | 'user' | 'user-enrollment-device' | 'user-enrollment-user' | 'shared-ipad-user';

/** An enrolment under the one identifier that the server keeps it by. */
export interface ResolvedEnrollment {
  /** `<device>` for a device channel, `<device>:<user>` for a user channel. */
  readonly id: string;
  readonly type: EnrollmentType;
  /** Identifier of the device channel: equals `id` unless this is a user channel. */
  readonly deviceId: string;
  /** The user part; absent on a device channel. */
  readonly userId?: string;
}

/** The plist keys of {@link EnrollmentIds}. */
export const enrollmentKeys = [
  'UDID',
  'EnrollmentID',
  'UserID',
  'EnrollmentUserID',
  'UserShortName',
  'UserLongName',
] as const;

/** `UserID` of every user of a Shared iPad: the short name tells them apart. */
const sharedIpadUserId = 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF';

const longestDeviceId = 128;
const longestUserId = 255;

/** @throws MdmProtocolError if an identifier is not a string, or neither `UDID` nor `EnrollmentID` is there */
export function readEnrollmentIds(message: DictReader): EnrollmentIds {
  const ids = present<EnrollmentIds>({
    udid: message.optionalString('UDID'),
    enrollmentId: message.optionalString('EnrollmentID'),
    userId: message.optionalString('UserID'),
    enrollmentUserId: message.optionalString('EnrollmentUserID'),
    userShortName: message.optionalString('UserShortName'),
    userLongName: message.optionalString('UserLongName'),
  });
  if (!ids.udid && !ids.enrollmentId) throw new MdmProtocolError('or EnrollmentID is missing', 'UDID');
  return ids;
}

/** The identifiers under their plist keys; the inverse of {@link readEnrollmentIds}. */
export function writeEnrollmentIds(ids: EnrollmentIds): PlistInputDict {
  return {
    UDID: ids.udid,
    EnrollmentID: ids.enrollmentId,
    UserID: ids.userId,
    EnrollmentUserID: ids.enrollmentUserId,
    UserShortName: ids.userShortName,
    UserLongName: ids.userLongName,
  };
}

/**
 * Gives an enrolment its one identifier. The device is `UDID`, or `EnrollmentID` in user enrolment; a user channel
 * adds the user: `UserID`, on a Shared iPad `UserShortName`, in user enrolment `EnrollmentUserID`.
 *
 * @throws MdmProtocolError if a part is missing, too long, or holds a character that would make two enrolments one
 */
export function resolveEnrollment(ids: EnrollmentIds): ResolvedEnrollment {
  if (ids.udid) {
    const deviceId = checkDeviceId('UDID', ids.udid);
    if (!ids.userId) return { id: deviceId, type: 'device', deviceId };
    if (ids.userId === sharedIpadUserId) {
      return userChannel('shared-ipad-user', deviceId, 'UserShortName', ids.userShortName);
    }
    return userChannel('user', deviceId, 'UserID', ids.userId);
  }
  if (!ids.enrollmentId) throw new MdmProtocolError('or EnrollmentID is missing', 'UDID');
  const deviceId = checkDeviceId('EnrollmentID', ids.enrollmentId);
  if (!ids.enrollmentUserId) return { id: deviceId, type: 'user-enrollment-device', deviceId };
  return userChannel('user-enrollment-user', deviceId, 'EnrollmentUserID', ids.enrollmentUserId);
}

/** True for the types whose messages come from a user channel. */
export function isUserChannel(type: EnrollmentType): boolean {
  return type !== 'device' && type !== 'user-enrollment-device';
}

function userChannel(
  type: EnrollmentType,
  deviceId: string,
  key: string,
  user: string | undefined,
): ResolvedEnrollment {
  if (!user) throw new MdmProtocolError('is missing on a user channel', key);
  if (user.length > longestUserId)
    throw new MdmProtocolError(`is longer than ${longestUserId} characters`, key);
  if (/\p{Cc}/u.test(user)) throw new MdmProtocolError('holds a control character', key);
  // SQL Server compares without blanks at the end.
  if (user !== user.trim()) throw new MdmProtocolError('begins or ends with a blank', key);
  return { id: `${deviceId}:${user}`, type, deviceId, userId: user };
}

/** A colon in the device part would let one device name itself as a user of another. */
function checkDeviceId(key: string, id: string): string {
  if (id.length > longestDeviceId)
    throw new MdmProtocolError(`is longer than ${longestDeviceId} characters`, key);
  if (!/^[\w.+/=-]+$/.test(id)) throw new MdmProtocolError('holds a character that is not allowed', key);
  return id;
}
