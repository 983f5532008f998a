import { parseCheckin } from './checkin.reader.js';
import {
  isUserChannel,
  resolveEnrollment,
  type EnrollmentIds,
  type ResolvedEnrollment,
} from './enrollment.js';
import { deviceMessages } from './fixtures/device-messages.fixture.js';
import { MdmProtocolError } from './mdm-protocol.error.js';

const sharedIpad = 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF';

describe('resolveEnrollment', () => {
  it.each<[EnrollmentIds, ResolvedEnrollment]>([
    [{ udid: 'D1' }, { id: 'D1', type: 'device', deviceId: 'D1' }],
    [
      { udid: 'D1', enrollmentId: 'E1' },
      { id: 'D1', type: 'device', deviceId: 'D1' },
    ],
    [
      { udid: 'D1', userId: 'U1', userShortName: 'u' },
      { id: 'D1:U1', type: 'user', deviceId: 'D1', userId: 'U1' },
    ],
    [
      { udid: 'D1', userId: sharedIpad, userShortName: 'a@b.example' },
      { id: 'D1:a@b.example', type: 'shared-ipad-user', deviceId: 'D1', userId: 'a@b.example' },
    ],
    [{ enrollmentId: 'E1' }, { id: 'E1', type: 'user-enrollment-device', deviceId: 'E1' }],
    [
      { enrollmentId: 'E1', enrollmentUserId: 'EU1' },
      { id: 'E1:EU1', type: 'user-enrollment-user', deviceId: 'E1', userId: 'EU1' },
    ],
    [
      { udid: '', enrollmentId: 'E1', userId: '' },
      { id: 'E1', type: 'user-enrollment-device', deviceId: 'E1' },
    ],
  ])('%p', (ids, resolved) => {
    expect(resolveEnrollment(ids)).toStrictEqual(resolved);
    expect(isUserChannel(resolved.type)).toBe(resolved.userId !== undefined);
  });

  it('tells the users of a Shared iPad apart by their short names', () => {
    const { enrollment } = parseCheckin(deviceMessages.tokenUpdateSharedIpadUser);
    expect(resolveEnrollment(enrollment).id).toBe('00008030-001A2B3C4D5E6F70:ada@school.example');
  });

  it.each<[string, EnrollmentIds, string]>([
    ['no device', { userId: 'U1' }, 'UDID or EnrollmentID is missing'],
    ['a device that names itself as a user of another', { udid: 'D1:U1' }, 'UDID holds a character'],
    ['the same in user enrolment', { enrollmentId: 'D1:U1' }, 'EnrollmentID holds a character'],
    ['white space', { udid: 'D 1' }, 'UDID holds a character'],
    ['an endless identifier', { udid: 'D'.repeat(129) }, 'UDID is longer than 128'],
    ['an endless user', { udid: 'D', userId: 'U'.repeat(256) }, 'UserID is longer than 255'],
    ['control characters', { udid: 'D', userId: 'U\n' }, 'UserID holds a control character'],
    ['a blank at the end', { udid: 'D', userId: 'U ' }, 'UserID begins or ends with a blank'],
    [
      'a Shared iPad user without a name',
      { udid: 'D', userId: sharedIpad },
      'UserShortName is missing on a user channel',
    ],
  ])('refuses %s', (_name, ids, problem) => {
    expect(() => resolveEnrollment(ids)).toThrow(MdmProtocolError);
    expect(() => resolveEnrollment(ids)).toThrow(problem);
  });
});
