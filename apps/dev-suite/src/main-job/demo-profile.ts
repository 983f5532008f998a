import { encodeProfile, stableUuid } from '@espalier/config-profile';

/** A harmless profile: it sets the text of the login window. */
export function demoProfile(identifier: string, text: string): Buffer {
  return encodeProfile({
    PayloadType: 'Configuration',
    PayloadVersion: 1,
    PayloadIdentifier: identifier,
    PayloadUUID: stableUuid(identifier),
    PayloadDisplayName: text,
    PayloadScope: 'System',
    PayloadContent: [
      {
        PayloadType: 'com.apple.loginwindow',
        PayloadVersion: 1,
        PayloadIdentifier: `${identifier}.loginwindow`,
        PayloadUUID: stableUuid(`${identifier}.loginwindow`),
        LoginwindowText: text,
      },
    ],
  });
}
