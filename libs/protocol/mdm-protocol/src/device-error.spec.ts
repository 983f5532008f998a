import { buildDeviceError } from './device-error.js';
import { mdmMessageKind } from './message-kind.js';

describe('buildDeviceError', () => {
  it('answers 403 with JSON and its content type, never 401', () => {
    const reply = buildDeviceError({ code: 'com.apple.unrecognized.device', message: 'Frag die IT – bitte' });
    expect(reply).toMatchObject({ status: 403, contentType: 'application/json' });
    expect(JSON.parse(reply.body.toString('utf8'))).toEqual({
      code: 'com.apple.unrecognized.device',
      message: 'Frag die IT – bitte',
    });
  });

  it('demands the version where a device must update first', () => {
    expect(() => buildDeviceError({ code: 'com.apple.softwareupdate.required' })).toThrow(
      'details.OSVersion is required',
    );
    const reply = buildDeviceError({
      code: 'com.apple.softwareupdate.required',
      details: { OSVersion: '18.1' },
    });
    expect(JSON.parse(reply.body.toString())).toMatchObject({ details: { OSVersion: '18.1' } });
  });
});

describe('mdmMessageKind', () => {
  it.each([
    ['application/x-apple-aspen-mdm-checkin', 'checkin'],
    ['application/x-apple-aspen-mdm-checkin; charset=UTF-8', 'checkin'],
    ['Application/X-Apple-Aspen-MDM-Checkin', 'checkin'],
    ['application/x-apple-aspen-mdm', 'command'],
    ['application/x-apple-aspen-mdm; charset=UTF-8', 'command'],
    ['text/plain', 'command'],
    [undefined, 'command'],
  ])('%p is %s', (contentType, kind) => {
    expect(mdmMessageKind(contentType)).toBe(kind);
  });
});
